// SPDX-License-Identifier: MIT
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "audio/sound_card.hpp"
#include "core/messages.hpp"
#include "core/result.hpp"
#include "live/commands.hpp"

namespace glowvox::live {

namespace {

nlohmann::json to_json(const audio::Device& d, const std::vector<int>& rates) {
  return {{"index", d.index},
          {"name", d.name},
          {"host_api", d.host_api},
          {"inputs", d.inputs},
          {"outputs", d.outputs},
          {"default_input", d.default_input},
          {"default_output", d.default_output},
          {"rate_hz", d.rate_hz},
          {"rates_hz", rates},
          {"low_input_ms", d.low_input_ms},
          {"high_input_ms", d.high_input_ms},
          {"low_output_ms", d.low_output_ms},
          {"high_output_ms", d.high_output_ms}};
}

std::string to_text(const audio::Device& d, const std::vector<int>& rates) {
  const bool plays = d.outputs > 0;
  return fmt::format(
      "{:>3} {}{} {}: {}\n       {} out, {} in; latency {:.1f} to {:.1f} ms; {:.0f} Hz of {}\n",
      d.index, d.default_output ? '*' : ' ', d.default_input ? '+' : ' ', d.host_api, d.name,
      d.outputs, d.inputs, plays ? d.low_output_ms : d.low_input_ms,
      plays ? d.high_output_ms : d.high_input_ms, d.rate_hz, fmt::join(rates, " "));
}

}  // namespace

int list_devices(bool json) {
  const QuietLibraries quiet;
  const audio::SoundSystem system;
  nlohmann::json list = nlohmann::json::array();
  std::string text;
  for (const audio::Device& d : system.devices()) {
    const std::vector<int> rates = system.rates_hz(d);
    list.push_back(to_json(d, rates));
    text += to_text(d, rates);
  }
  print_result(
      json, list,
      text.empty() ? "no sound devices found" : text + "*: default output, +: default input");
  return 0;
}

bool has_output() {
  const QuietLibraries quiet;
  const audio::SoundSystem system;
  const std::vector<audio::Device> devices = system.devices();
  return std::any_of(devices.begin(), devices.end(),
                     [](const audio::Device& d) { return d.default_output; });
}

}  // namespace glowvox::live
