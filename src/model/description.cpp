// SPDX-License-Identifier: MIT
#include "model/description.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "config/receptive_field.hpp"
#include "core/cpu.hpp"
#include "core/printable.hpp"
#include "core/result.hpp"
#include "core/usage_error.hpp"
#include "engine/engine_options.hpp"
#include "engine/instruction_set.hpp"
#include "glowvox/vocoder.hpp"
#include "model/model_file.hpp"

namespace glowvox::model {

namespace {

bool is_configuration(const std::string& path) {
  const auto extension = std::filesystem::path(path).extension();
  return extension == ".yaml" || extension == ".yml";
}

std::shared_ptr<FlowVocoder> load(const std::string& path) {
  if (is_configuration(path)) return std::make_shared<FlowVocoder>(config::read_config(path));
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
    text += fmt::format("corrections           of {} frames together, {:.1f} ms more in a stream\n",
                        c.synthesis.corrections,
                        ms * config::correction_delay_samples(c.mel, c.synthesis.corrections,
                                                              reach.overlap_samples));
  return text + fmt::format("mel                   {}\n\n{}", glowvox::describe(c.mel),
                            config::to_yaml(c));
}

// What the model would run in, chosen as `glowvox synth` and `glowvox stream` do.
class Precisions {
 public:
  explicit Precisions(const std::string& path)
      : utterances_(Vocoder::load(path).precision_choice()),
        frames_(Vocoder::load(path, Precision::kAutoStream).precision_choice()) {}

  nlohmann::json to_json() const {
    return {{"processor", processor_name()},
            {"instructions", engine::name_of(engine::instruction_set())},
            {"utterances", to_json(utterances_, utterances_.utterances)},
            {"streams", to_json(frames_, frames_.frames)},
            {"cache_file", frames_.cache_file}};
  }
  std::string to_text() const {
    return fmt::format("processor             {}, {}\n", processor_name(),
                       engine::name_of(engine::instruction_set())) +
           "whole utterances      " + to_text(utterances_, utterances_.utterances) +
           "streams               " + to_text(frames_, frames_.frames) +
           (frames_.cache_file.empty()
                ? std::string()
                : fmt::format("times kept in         {}\n", printable(frames_.cache_file)));
  }

 private:
  using Source = PrecisionChoice::Source;
  static bool timed(const PrecisionChoice& choice) {
    return choice.source == Source::kMeasured || choice.source == Source::kCached;
  }
  static nlohmann::json to_json(const PrecisionChoice& choice,
                                const PrecisionChoice::Times& times) {
    nlohmann::json one = {{"precision", name_of(choice.precision)},
                          {"precision_from", name_of(choice.source)}};
    if (timed(choice)) {
      one["fp32_ms"] = 1e3 * times.float32;
      one["bf16_ms"] = 1e3 * times.bfloat16;
    }
    return one;
  }
  static std::string to_text(const PrecisionChoice& choice, const PrecisionChoice::Times& times) {
    if (timed(choice))
      return fmt::format("{} ({}): products timed in fp32 {:.3f} ms, in bf16 {:.3f} ms\n",
                         name_of(choice.precision), name_of(choice.source), 1e3 * times.float32,
                         1e3 * times.bfloat16);
    return fmt::format(
        "{}: {}, so that nothing was timed\n", name_of(choice.precision),
        has_bfloat16() ? "the model allows no bfloat16" : "this processor multiplies no bfloat16");
  }

  PrecisionChoice utterances_, frames_;
};

}  // namespace

void describe(const std::string& path, bool timing, bool json) {
  if (timing && is_configuration(path))
    throw UsageError("--timing", "is about a model file, got a configuration",
                     "glowvox init makes a model of one");
  const auto model = load(path);
  const config::Reach reach = config::reach_of(model->config());
  nlohmann::json figures = to_json(*model, reach);
  std::string text = to_text(*model, reach);
  if (timing) {
    const Precisions precisions(path);
    figures["precision"] = precisions.to_json();
    text = precisions.to_text() + "\n" + text;
  }
  print_result(json, figures, text);
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
