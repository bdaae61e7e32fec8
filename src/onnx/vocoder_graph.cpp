// SPDX-License-Identifier: MIT
#include "onnx/vocoder_graph.hpp"

#include <fmt/format.h>

#include "glowvox/error.hpp"
#include "onnx/metadata.hpp"
#include "onnx/parts.hpp"

namespace glowvox::onnx {

namespace {

// Normal values of the size that the mel asks for.
Value drawn_noise(const Writing& w, const Options& o) {
  w.b.set_scope("noise");
  const auto size_of = [&](std::int64_t axis) {
    return w.b.add("Shape", {"mel"}, {{"start", axis}, {"end", axis + 1}});
  };
  const Value rows = w.b.add("Mul", {size_of(2), w.b.ints({w.rows_per_frame()})});
  const Value shape = w.b.concat({size_of(0), w.b.ints({w.config.lift.channels}), rows}, 0);
  std::vector<Attribute> attributes = {{"mean", 0.0F}, {"scale", static_cast<float>(o.sigma)}};
  if (o.seed) attributes.push_back({"seed", static_cast<float>(*o.seed)});
  return w.b.add("RandomNormalLike", {w.b.add("ConstantOfShape", {shape})}, std::move(attributes));
}

Value given_noise(const Writing& w) {
  w.b.graph().inputs.push_back({"noise", {"batch", w.config.lift.channels, "rows"}});
  w.b.graph().inputs.push_back({"temperature", {std::int64_t{1}}});
  return w.b.add("Mul", {"noise", "temperature"}, {}, "latent");
}

}  // namespace

bool can_stream(const config::ModelConfig& config) {
  return config::reach_of(config).future_samples == 0;
}

Graph vocoder_graph(const config::ModelConfig& config, const engine::Weights& weights,
                    const Options& options) {
  const bool streaming = options.form == Form::kStreaming;
  if (streaming && !can_stream(config))
    throw Error(weights.where(),
                fmt::format("looks {} samples ahead, a streaming graph is of a causal model",
                            config::reach_of(config).future_samples),
                "take the offline graph");
  Graph graph;
  Builder builder(&graph, options.stored);
  StreamState state(&builder);
  const Writing w{config, builder, streaming ? &state : nullptr};
  graph.name = "glowvox";
  graph.inputs.push_back({"mel", {"batch", config.mel.bands, "frames"}});
  const Value noise = options.form == Form::kMelOnly ? drawn_noise(w, options) : given_noise(w);
  const Conditions conditions = write_conditioner(w, weights / "conditioner", "mel");
  const Value lifted = write_steps(w, weights, conditions, noise);
  const Value samples = write_output(w, weights, conditions, lifted);
  weights.check_all_used();
  builder.set_scope("");
  graph.nodes.push_back({"Identity", {samples}, {"audio"}, {}});
  graph.outputs.push_back({"audio", {"batch", "samples"}});
  const std::int64_t state_size = streaming ? state.finish() : 0;
  graph.metadata = metadata_of(config, options, state_size);
  return graph;
}

}  // namespace glowvox::onnx
