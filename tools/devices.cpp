// SPDX-License-Identifier: MIT
// glowvox devices: the sound cards there are.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "audio/sound_card.hpp"
#include "commands.hpp"
#include "core/messages.hpp"
#include "core/printable.hpp"

namespace glowvox::tools {

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

void print(const audio::Device& d, const std::vector<int>& rates) {
  const bool plays = d.outputs > 0;
  fmt::print("{:>3} {}{} {}: {}\n", d.index, d.default_output ? '*' : ' ',
             d.default_input ? '+' : ' ', printable(d.host_api), printable(d.name));
  fmt::print("       {} out, {} in; latency {:.1f} to {:.1f} ms; {:.0f} Hz of", d.outputs, d.inputs,
             plays ? d.low_output_ms : d.low_input_ms, plays ? d.high_output_ms : d.high_input_ms,
             d.rate_hz);
  for (const int rate : rates) fmt::print(" {}", rate);
  fmt::print("\n");
}

int run(bool json) {
  const QuietLibraries quiet;
  const audio::SoundSystem system;
  nlohmann::json list = nlohmann::json::array();
  const std::vector<audio::Device> devices = system.devices();
  for (const audio::Device& d : devices) {
    const std::vector<int> rates = system.rates_hz(d);
    if (json)
      list.push_back(to_json(d, rates));
    else
      print(d, rates);
  }
  if (json)
    fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else if (devices.empty())
    fmt::print("no sound devices found\n");
  else
    fmt::print("*: default output, +: default input\n");
  return 0;
}

}  // namespace

std::function<int()> setup_devices(CLI::App& app) {
  auto json = std::make_shared<bool>(false);
  app.add_flag("--json", *json, "Print as JSON");
  return [json] { return run(*json); };
}

}  // namespace glowvox::tools
