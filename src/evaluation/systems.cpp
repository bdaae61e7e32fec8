// SPDX-License-Identifier: MIT
#include "evaluation/systems.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <map>

#include "audio/endpoints.hpp"
#include "audio/resample.hpp"
#include "dsp/mel_smoothing.hpp"
#include "eval/griffin_lim.hpp"
#include "flow/to_vector.hpp"
#include "glowvox/error.hpp"
#include "train/validation.hpp"

namespace glowvox::evaluation {

namespace fs = std::filesystem;

namespace {

constexpr int kIterations = 60;  // of Griffin and Lim's

using Baseline = std::vector<float> (*)(const std::vector<float>& magnitudes, const MelSpec& spec,
                                        std::int64_t samples, std::uint64_t seed);

// What a baseline makes from the tacotron2 mel of a recording.
std::vector<float> from_mel(const Item& item, Baseline baseline, std::uint64_t seed) {
  const MelSpec spec = mel_preset("tacotron2");
  const std::vector<float> x =
      item.rate_hz == spec.sample_rate_hz
          ? item.samples
          : audio::resample(item.samples, item.rate_hz, spec.sample_rate_hz);
  const std::vector<float> made =
      baseline(eval::mel_to_magnitudes(audio::mel_of_sound(item.path, x, spec), spec), spec,
               static_cast<std::int64_t>(x.size()), seed);
  return item.rate_hz == spec.sample_rate_hz
             ? made
             : audio::resample(made, spec.sample_rate_hz, item.rate_hz);
}

const std::map<std::string, Baseline>& baselines() {
  static const std::map<std::string, Baseline> all = {
      {"griffin-lim",
       [](const std::vector<float>& magnitudes, const MelSpec& spec, std::int64_t samples,
          std::uint64_t seed) {
         return eval::griffin_lim(magnitudes, spec, samples, kIterations, seed);
       }},
      {"noise", eval::shaped_noise}};
  return all;
}

std::string counterpart(const std::string& path, const std::string& root,
                        const std::string& folder) {
  const fs::path stem = fs::path(folder) / fs::relative(path, root).replace_extension();
  for (const char* extension : {".wav", ".flac", ".ogg"}) {
    const std::string candidate = stem.string() + extension;
    if (fs::exists(candidate)) return candidate;
  }
  throw Error(stem.string(), "expected a .wav, .flac or .ogg of this name, for " + path);
}

}  // namespace

bool is_baseline(const std::string& name) { return baselines().count(name) > 0; }

System baseline(const std::string& name, std::uint64_t seed) {
  const Baseline make = baselines().at(name);
  return {name, [make, seed](const Item& item) { return from_mel(item, make, seed); }};
}

System latents_of(const std::shared_ptr<model::FlowVocoder>& flow) {
  return {kLatents, [flow](const Item& item) {
            const torch::NoGradGuard no_grad;
            const train::Recording r = train::as_recording(item.samples, flow->config(), item.path);
            return flow::to_vector(flow->decode(flow->encode(r.audio, r.mel).z, r.mel)[0]);
          }};
}

std::vector<System> systems_of_model(const EngineOptions& engine, const std::vector<double>& sigmas,
                                     bool as_if_predicted,
                                     const std::shared_ptr<Vocoder>& vocoder) {
  std::vector<System> systems;
  for (const double sigma : sigmas.empty() ? std::vector<double>{engine.sigma} : sigmas) {
    SynthesisOptions options = engine.synthesis();
    options.sigma = sigma;
    const auto own = [vocoder](const Item& item) {
      return audio::mel_of_sound(item.path, item.samples, vocoder->mel());
    };
    const std::string name = fmt::format("sigma {:g}", sigma);
    systems.push_back({name, [vocoder, options, own](const Item& item) {
                         return vocoder->synthesize(own(item), options);
                       }});
    if (!as_if_predicted) continue;
    systems.push_back({name + " as if predicted", [vocoder, options, own](const Item& item) {
                         return vocoder->synthesize(
                             dsp::as_if_predicted(own(item), vocoder->mel(), options.seed),
                             options);
                       }});
  }
  return systems;
}

System files_of(const std::string& folder, const std::string& root) {
  return {folder, [folder, root](const Item& item) {
            return audio::read_sound(counterpart(item.path, root, folder), item.rate_hz);
          }};
}

}  // namespace glowvox::evaluation
