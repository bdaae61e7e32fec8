// SPDX-License-Identifier: MIT
// What the graphs are made of, without a runtime.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "glowvox/vocoder.hpp"
#include "golden.hpp"
#include "onnx/vocoder_graph.hpp"
#include "safetensors/model_metadata.hpp"

using namespace glowvox;
using namespace glowvox::onnx;
using test::contains;
using test::error_of;

namespace {

const std::string kShipped = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";

struct Model {
  explicit Model(const std::string& path)
      : file(path),
        config(safetensors::model_config(file.metadata(), path)),
        weights(file.tensors(), path) {}
  Graph graph(const Options& options) const { return vocoder_graph(config, weights, options); }
  Graph graph(Form form) const {
    Options options;
    options.form = form;
    return graph(options);
  }

  safetensors::MappedSafetensors file;
  config::ModelConfig config;
  engine::Weights weights;
};

std::vector<std::string> names(const std::vector<Port>& ports) {
  std::vector<std::string> result;
  for (const Port& port : ports) result.push_back(port.name);
  return result;
}

std::int64_t size_of(const Port& port, std::size_t axis) {
  return std::get<std::int64_t>(port.shape.at(axis));
}

// Every value has one maker, which stands before all that take it; and every operator is one of the
// standard's.
void check_order(const Graph& graph) {
  const std::set<std::string> standard = {"Add",     "Cast",
                                          "Concat",  "ConstantOfShape",
                                          "Conv",    "Div",
                                          "Erf",     "Exp",
                                          "Expand",  "Gather",
                                          "Greater", "Identity",
                                          "Log",     "Max",
                                          "Mul",     "Neg",
                                          "Pad",     "RandomNormalLike",
                                          "Reshape", "Shape",
                                          "Sigmoid", "Slice",
                                          "Split",   "Sub",
                                          "Tanh",    "Transpose",
                                          "Where",   "Unsqueeze"};
  std::set<std::string> made;
  const auto make = [&](const std::string& name) {
    CAPTURE(name);
    CHECK(made.insert(name).second);
  };
  for (const Port& port : graph.inputs) make(port.name);
  for (const Constant& constant : graph.constants) make(constant.name);
  for (const Node& node : graph.nodes) {
    CAPTURE(node.type);
    CHECK(standard.count(node.type) == 1);
    for (const std::string& input : node.inputs) {
      CAPTURE(input);
      CHECK(made.count(input) == 1);
    }
    for (const std::string& output : node.outputs) make(output);
  }
  for (const Port& port : graph.outputs) CHECK(made.count(port.name) == 1);
}

std::int64_t values_of(const Constant& constant) {
  std::int64_t count = 1;
  for (const std::int64_t size : constant.shape) count *= size;
  return count;
}

}  // namespace

TEST_CASE("an offline graph takes mel, noise and temperature") {
  const Graph graph = Model(kShipped).graph(Form::kOffline);
  check_order(graph);
  CHECK(names(graph.inputs) == std::vector<std::string>{"mel", "noise", "temperature"});
  CHECK(names(graph.outputs) == std::vector<std::string>{"audio"});
  CHECK(size_of(graph.inputs[0], 1) == 80);
  CHECK(size_of(graph.inputs[1], 1) == 256);
  CHECK(size_of(graph.inputs[2], 0) == 1);
  for (const std::size_t axis : {0, 2})
    CHECK(std::holds_alternative<std::string>(graph.inputs[0].shape[axis]));
  CHECK(graph.metadata.at("graph") == "offline");
  CHECK(graph.metadata.at("sample_rate") == "22050");
  CHECK(graph.metadata.at("hop_length") == "256");
  CHECK(graph.metadata.at("num_mels") == "80");
  CHECK(graph.metadata.at("rows_per_frame") == "1");
  CHECK(graph.metadata.at("mel") == describe(Vocoder::load(kShipped).mel()));
  CHECK(graph.metadata.at("corrections") == "not included; the model asks for 8");
  CHECK(graph.metadata.count("model_type") == 0);
}

TEST_CASE("a streaming graph has its state as one tensor") {
  const Graph graph = Model(kShipped).graph(Form::kStreaming);
  check_order(graph);
  CHECK(names(graph.inputs) == std::vector<std::string>{"mel", "noise", "temperature", "state"});
  CHECK(names(graph.outputs) == std::vector<std::string>{"audio", "next_state"});
  // Two blocks of the conditioner, 8 nets with dilations 1, 2, 1, 2, whether it has begun, and half
  // a hop of overlap.
  const std::int64_t expected = 2 * 2 * 120 + 8 * 2 * (1 + 2 + 1 + 2) * 192 + 1 + 128;
  CHECK(size_of(graph.inputs[3], 1) == expected);
  CHECK(size_of(graph.outputs[1], 1) == expected);
  CHECK(graph.metadata.at("state_size") == std::to_string(expected));
  CHECK(graph.metadata.at("overlap_samples") == "128");
}

TEST_CASE("a model that looks ahead has no streaming graph") {
  const std::string path = test::golden_model("waveglow");
  const Model model(path);
  CHECK_FALSE(can_stream(model.config));
  CHECK(contains(error_of([&] { model.graph(Form::kStreaming); }),
                 "samples ahead, a streaming graph is of a causal model"));
  check_order(model.graph(Form::kOffline));
}

TEST_CASE("with the mel alone as input, a graph is named as sherpa-onnx wants it") {
  Options options;
  options.form = Form::kMelOnly;
  options.sigma = 0.5;
  options.seed = 3;
  const Graph graph = Model(kShipped).graph(options);
  check_order(graph);
  CHECK(names(graph.inputs) == std::vector<std::string>{"mel"});
  CHECK(names(graph.outputs) == std::vector<std::string>{"audio"});
  CHECK(graph.metadata.at("model_type") == "hifigan");
  const auto noise = std::find_if(graph.nodes.begin(), graph.nodes.end(),
                                  [](const Node& node) { return node.type == "RandomNormalLike"; });
  REQUIRE(noise != graph.nodes.end());
  REQUIRE(noise->attributes.size() == 1);
  CHECK(noise->attributes[0].name == "seed");
  CHECK(std::get<float>(noise->attributes[0].value) == 3.0F);
  const auto sigma =
      std::find_if(graph.constants.begin(), graph.constants.end(),
                   [](const Constant& constant) { return constant.name == "noise/sigma"; });
  REQUIRE(sigma != graph.constants.end());
  CHECK(std::get<std::vector<float>>(sigma->values) == std::vector<float>{0.5F});
}

TEST_CASE("half precision is of large weights") {
  const Model model(kShipped);
  Options options;
  options.stored = Stored::kHalf;
  const Graph graph = model.graph(options);
  check_order(graph);
  std::int64_t halves = 0, floats = 0;
  for (const Constant& constant : graph.constants)
    if (std::holds_alternative<std::vector<float>>(constant.values))
      (constant.half ? halves : floats) += values_of(constant);
  CHECK(halves > 100 * floats);
}

TEST_CASE("a model with a tensor too many or too few is refused") {
  const Model model(kShipped);
  engine::Weights::Tensors tensors = model.file.tensors();
  tensors["more"] = tensors.begin()->second;
  CHECK(contains(error_of([&] { vocoder_graph(model.config, engine::Weights(tensors, "x"), {}); }),
                 "tensor 'more' has no place in this configuration"));
  tensors.erase("more");
  tensors.erase("step_3_coupling.net.start.bias");
  CHECK(contains(error_of([&] { vocoder_graph(model.config, engine::Weights(tensors, "x"), {}); }),
                 "tensor 'step_3_coupling.net.start.bias' is missing"));
}
