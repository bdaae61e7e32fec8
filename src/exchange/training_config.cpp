// SPDX-License-Identifier: MIT
#include "exchange/training_config.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "glowvox/error.hpp"

namespace glowvox::exchange {

namespace {

using Json = nlohmann::json;

constexpr const char* kNetworks[] = {"waveglow_config", "squeezewave_config"};

class Reader {
 public:
  Reader(const Json& object, const std::string& where) : object_(object), where_(where) {}

  void operator()(const char* key, int& value) const {
    if (const Json* item = number(key)) {
      const double given = item->get<double>();
      if (given != std::floor(given) || !(given >= 0.0) || given > std::numeric_limits<int>::max())
        throw Error(where_, fmt::format("{} is {}, expected a whole number", key, item->dump()));
      value = static_cast<int>(given);
    }
  }
  void operator()(const char* key, double& value) const {
    if (const Json* item = number(key)) value = item->get<double>();
  }

 private:
  const Json* number(const char* key) const {
    const auto found = object_.find(key);
    if (found == object_.end() || found->is_null()) return nullptr;
    if (!found->is_number())
      throw Error(where_, fmt::format("{} is {}, expected a number", key, found->dump()));
    return &*found;
  }

  const Json& object_;
  const std::string& where_;
};

const Json& inner(const Json& object, const char* key) {
  static const Json nothing = Json::object();
  const auto found = object.find(key);
  return found != object.end() && found->is_object() ? *found : nothing;
}

const Json& network(const Json& all) {
  for (const char* key : kNetworks)
    if (!inner(all, key).empty()) return inner(all, key);
  return all;
}

}  // namespace

bool is_training_config(const std::string& text) {
  const Json json = Json::parse(text, nullptr, false);
  if (!json.is_object()) return false;
  for (const char* key : {kNetworks[0], kNetworks[1], "data_config", "n_flows", "WN_config"})
    if (json.contains(key)) return true;
  return false;
}

TrainingConfig parse_training_config(const std::string& text, const std::string& where) {
  const Json all = Json::parse(text, nullptr, false);
  TrainingConfig c;
  const Reader data(inner(all, "data_config"), where);
  data("sampling_rate", c.sample_rate_hz);
  data("filter_length", c.n_fft);
  data("hop_length", c.hop_samples);
  data("win_length", c.win_samples);
  data("mel_fmin", c.f_min_hz);
  data("mel_fmax", c.f_max_hz);
  const Json& said = inner(all, "data_config");
  if (said.contains("mel_fmax") && said["mel_fmax"].is_null())
    c.f_max_hz = 0.5 * c.sample_rate_hz;  // as librosa takes it
  const Json& model = network(all);
  const Reader own(model, where);
  own("n_mel_channels", c.bands);
  own("n_flows", c.steps);
  own("n_group", c.group);          // WaveGlow's name
  own("n_audio_channel", c.group);  // SqueezeWave's
  own("n_early_every", c.early_every);
  own("n_early_size", c.early_channels);
  const Reader net(inner(model, "WN_config"), where);
  net("n_layers", c.layers);
  net("n_channels", c.channels);
  net("kernel_size", c.kernel);
  return c;
}

MelSpec mel_spec(const TrainingConfig& theirs, MelSpec spec) {
  const auto set = [](int given, int& value) {
    if (given > 0) value = given;
  };
  set(theirs.sample_rate_hz, spec.sample_rate_hz);
  set(theirs.n_fft, spec.n_fft);
  set(theirs.hop_samples, spec.hop_samples);
  set(theirs.win_samples, spec.win_samples);
  if (theirs.f_min_hz >= 0.0) spec.f_min_hz = theirs.f_min_hz;
  if (theirs.f_max_hz > 0.0) spec.f_max_hz = theirs.f_max_hz;
  return spec;
}

void check_agreement(const TrainingConfig& theirs, const config::ModelConfig& config,
                     const std::string& where) {
  const auto agree = [&](const char* key, int said, int found) {
    if (said > 0 && said != found)
      throw Error(where,
                  fmt::format("says {} {}, the checkpoint's tensors have {}", key, said, found),
                  "it belongs to another checkpoint");
  };
  agree("n_mel_channels", theirs.bands, config.mel.bands);
  agree("n_flows", theirs.steps, config.steps);
  agree("n_group", theirs.group, config.lift.channels);
  if (config.early.every > 0) {
    agree("n_early_every", theirs.early_every, config.early.every);
    agree("n_early_size", theirs.early_channels, config.early.channels);
  }
  agree("n_layers", theirs.layers, config.net.layers);
  agree("n_channels", theirs.channels, config.net.channels);
  agree("kernel_size", theirs.kernel, config.net.kernel);
}

}  // namespace glowvox::exchange
