// SPDX-License-Identifier: MIT
#include "onnx/export.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::onnx {

namespace {

// "voice.onnx" -> "voice-streaming.onnx".
std::string streaming_name(const std::string& out) {
  const std::filesystem::path path(out);
  return (path.parent_path() / (path.stem().string() + "-streaming.onnx")).string();
}

void check(const ExportOptions& o) {
  if (std::filesystem::path(o.out).extension() != ".onnx")
    throw UsageError(o.out, "expected a name that ends in .onnx");
  if (o.seed && !o.mel_only)
    throw UsageError("--seed", "is of --mel-only, elsewhere noise is an input");
}

// What a graph is called in print.
std::string line(const std::string& path, const Graph& graph) {
  std::string text = fmt::format("{}: {} graph, {} operators, opset {}", path,
                                 graph.metadata.at("graph"), graph.nodes.size(), kOpset);
  if (graph.metadata.count("state_size") > 0)
    text += fmt::format(", a state of {} floats", graph.metadata.at("state_size"));
  return text;
}

}  // namespace

void export_onnx(const ExportOptions& o) {
  check(o);
  std::vector<std::string> paths = {o.out, streaming_name(o.out)};
  const safetensors::MappedSafetensors model(o.model);
  const config::ModelConfig config = safetensors::model_config(model.metadata(), o.model);
  std::vector<Form> forms = {o.mel_only ? Form::kMelOnly : Form::kOffline};
  if (!o.mel_only && can_stream(config)) forms.push_back(Form::kStreaming);
  nlohmann::json figures = nlohmann::json::array();
  std::string text;
  for (std::size_t i = 0; i < forms.size(); ++i) {
    refuse_overwriting(o.model, paths[i]);
    const engine::Weights weights(model.tensors(), o.model);
    Options options{forms[i], o.half ? Stored::kHalf : Stored::kFloat, o.sigma, o.seed};
    Graph graph = vocoder_graph(config, weights, options);
    figures.push_back({{"out", paths[i]},
                       {"graph", graph.metadata.at("graph")},
                       {"operators", graph.nodes.size()},
                       {"opset", kOpset}});
    text += (i > 0 ? "\n" : "") + line(paths[i], graph);
    write_graph(paths[i], std::move(graph));
  }
  if (!o.mel_only && forms.size() == 1) text += "\nno streaming graph: this model looks ahead";
  print_result(o.json, figures, text);
}

}  // namespace glowvox::onnx
