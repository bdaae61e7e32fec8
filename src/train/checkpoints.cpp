// SPDX-License-Identifier: MIT
#include "train/checkpoints.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <functional>

#include "core/checksum.hpp"
#include "glowvox/error.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr const char* kChecksum = "checksum";

// Of every name and value in order; lengths too, so that nothing moves between neighbours.
std::string checksum_of(const safetensors::Safetensors& file) {
  std::uint32_t sum = 0;
  const auto add = [&](const std::string& bytes) {
    const std::uint64_t size = bytes.size();
    sum = crc32c(&size, sizeof size, sum);
    sum = crc32c(bytes.data(), bytes.size(), sum);
  };
  for (const auto& [key, value] : file.metadata) {
    if (key == kChecksum) continue;
    add(key);
    add(value);
  }
  for (const auto& [name, tensor] : file.tensors) {
    add(name);
    add(tensor.dtype);
    sum = crc32c(tensor.shape.data(), tensor.shape.size() * sizeof tensor.shape[0], sum);
    add(tensor.bytes);
  }
  return fmt::format("{:08x}", sum);
}

}  // namespace

void write_checked(const std::string& path, safetensors::Safetensors file) {
  file.metadata[kChecksum] = checksum_of(file);
  safetensors::write_safetensors(path, file);
}

safetensors::Safetensors read_checked(const std::string& path) {
  safetensors::Safetensors file = safetensors::read_safetensors(path);
  const auto found = file.metadata.find(kChecksum);
  if (found == file.metadata.end())
    throw Error(path, "is not a checkpoint: it has no checksum",
                "to start from a model's weights use --init-from");
  const std::string sum = checksum_of(file);
  if (found->second != sum)
    throw Error(path, "is damaged: expected checksum " + found->second + ", got " + sum);
  return file;
}

std::string Checkpoints::path(std::int64_t step) const {
  return fmt::format("{}/step-{:09}.safetensors", folder_, step);
}

std::vector<std::int64_t> Checkpoints::newest_first() const {
  std::vector<std::int64_t> steps;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator(folder_, none)) {
    long long step = 0;
    const std::string name = entry.path().filename().string();
    if (std::sscanf(name.c_str(), "step-%lld.safetensors", &step) == 1 &&
        entry.path().string() == path(step))
      steps.push_back(step);
  }
  std::sort(steps.begin(), steps.end(), std::greater<>());
  return steps;
}

void Checkpoints::write(std::int64_t step, safetensors::Safetensors file, std::int64_t best) const {
  std::error_code error;
  fs::create_directories(folder_, error);
  if (error) throw Error(folder_, "cannot make the folder: " + error.message());
  write_checked(path(step), std::move(file));
  const auto steps = newest_first();
  int kept = 0;
  for (const std::int64_t s : steps) {
    // What lies beyond this step was left behind when the run went back.
    if (s <= step && (kept++ < keep_ || s == best)) continue;
    fs::remove(path(s), error);
  }
}

std::optional<Checkpoints::Found> Checkpoints::newest_good(const Notify& notify) const {
  const auto steps = newest_first();
  for (const std::int64_t step : steps) {
    try {
      return Found{path(step), read_checked(path(step))};
    } catch (const Error& e) {
      notify(fmt::format("warning: {}; going back to the one before", e.what()));
    }
  }
  if (steps.empty()) return std::nullopt;
  throw Error(folder_, fmt::format("none of its {} checkpoints can be read", steps.size()),
              "start anew with another --out");
}

}  // namespace glowvox::train
