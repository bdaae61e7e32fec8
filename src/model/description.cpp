// SPDX-License-Identifier: MIT
#include "model/description.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "config/receptive_field.hpp"
#include "core/result.hpp"
#include "model/model_file.hpp"

namespace glowvox::model {

namespace {

std::shared_ptr<FlowVocoder> load(const std::string& path) {
  const auto extension = std::filesystem::path(path).extension();
  if (extension == ".yaml" || extension == ".yml")
    return std::make_shared<FlowVocoder>(config::read_config(path));
  return load_model(path);
}

nlohmann::json to_json(const FlowVocoder& model, const config::Reach& reach) {
  const config::ModelConfig& c = model.config();
  return {{"name", c.name},
          {"purpose", c.purpose},
          {"parameters", model.parameter_count()},
          {"gmac_per_second", model.gmac_per_second()},
          {"look_ahead_samples", reach.future_samples},
          {"look_back_samples", reach.past_samples},
          {"overlap_samples", reach.overlap_samples},
          {"corrections", c.synthesis.corrections},
          {"mel", glowvox::describe(c.mel)},
          {"configuration", config::to_yaml(c)}};
}

std::string to_text(const FlowVocoder& model, const config::Reach& reach) {
  const config::ModelConfig& c = model.config();
  const double ms = 1e3 / c.mel.sample_rate_hz;
  std::string text = fmt::format("{}: {}\n", c.name, c.purpose);
  text += fmt::format("parameters            {:.2f} M\n", model.parameter_count() * 1e-6);
  text += fmt::format("work                  {:.2f} GMAC per second of audio\n",
                      model.gmac_per_second());
  text += fmt::format("receptive field       {} samples back ({:.0f} ms), {} ahead ({:.0f} ms)\n",
                      reach.past_samples, reach.past_samples * ms, reach.future_samples,
                      reach.future_samples * ms);
  text += fmt::format(
      "streaming latency     {:.1f} ms: look-ahead {:.1f}, overlap of the lift {:.1f}\n",
      (reach.future_samples + reach.overlap_samples) * ms, reach.future_samples * ms,
      reach.overlap_samples * ms);
  if (c.synthesis.corrections > 0)
    text += fmt::format("corrections           {} passes, {:.1f} ms more each in a stream\n",
                        c.synthesis.corrections, (c.mel.n_fft - c.mel.hop_samples) * ms);
  return text + fmt::format("mel                   {}\n\n{}", glowvox::describe(c.mel),
                            config::to_yaml(c));
}

}  // namespace

void describe(const std::string& path, bool json) {
  const auto model = load(path);
  const config::Reach reach = config::reach_of(model->config());
  print_result(json, to_json(*model, reach), to_text(*model, reach));
}

void write_random(const InitOptions& o) {
  torch::manual_seed(o.seed);
  FlowVocoder model(config::read_config(o.config));
  model.randomize();
  save_model(o.out, model, o.half);
  print_result(
      o.json, {{"model", o.out}, {"parameters", model.parameter_count()}},
      fmt::format("{}: {:.2f} M random parameters", o.out, model.parameter_count() * 1e-6));
}

}  // namespace glowvox::model
