// SPDX-License-Identifier: MIT
#include "config/comparison.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <sstream>

namespace glowvox::config {

namespace {

std::string trimmed(const std::string& line) {
  return line.substr(std::min(line.find_first_not_of(' '), line.size()));
}

}  // namespace

ModelConfig network_of(ModelConfig config) {
  config.name = config.purpose = "";
  config.base = {};
  config.train = {};
  config.synthesis = {};
  config.mel_statistics = {};
  config.mixing_start = MixingStart::kRotation;
  return config;
}

bool is_narrower(const ModelConfig& narrow, const ModelConfig& wide) {
  ModelConfig widened = network_of(narrow);
  const ModelConfig network = network_of(wide);
  const int features = widened.conditioner.channels, channels = widened.net.channels;
  widened.conditioner.channels = network.conditioner.channels;
  widened.net.channels = network.net.channels;
  return widened.net.kind == NetKind::kWavenet && to_yaml(widened) == to_yaml(network) &&
         features <= network.conditioner.channels && channels <= network.net.channels &&
         (features < network.conditioner.channels || channels < network.net.channels);
}

std::string first_difference(const std::string& there, const std::string& here) {
  std::istringstream a(there), b(here);
  std::string x, y;
  while (std::getline(a, x) && std::getline(b, y))
    if (x != y) return fmt::format("'{}' there, '{}' here", trimmed(x), trimmed(y));
  return "one is longer than the other";
}

}  // namespace glowvox::config
