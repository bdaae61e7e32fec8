// SPDX-License-Identifier: MIT
// The checkpoints of a run's folder.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "safetensors/safetensors.hpp"
#include "train/corpus.hpp"

namespace glowvox::train {

// A safetensors file whose metadata holds a checksum (CRC-32C) of all the rest; written atomically.
void write_checked(const std::string& path, safetensors::Safetensors file);
// Throws Error when it is cut short, damaged or without a checksum.
safetensors::Safetensors read_checked(const std::string& path);

// FOLDER/step-000001234.safetensors: the newest `keep`, and one more while it is the best.
class Checkpoints {
 public:
  Checkpoints(const std::string& folder, int keep) : folder_(folder), keep_(keep) {}
  std::string path(std::int64_t step) const;
  std::vector<std::int64_t> newest_first() const;  // empty when there is no folder
  // Writes one (making the folder) and removes those that are no longer kept; the best stays, -1:
  // there is none yet.
  void write(std::int64_t step, safetensors::Safetensors file, std::int64_t best) const;

  struct Found {
    std::string path;
    safetensors::Safetensors file;
  };
  // The newest that is whole; says which ones are not. Nothing when there is none at all; throws
  // Error when there are some and none is whole.
  std::optional<Found> newest_good(const Notify& notify) const;

 private:
  std::string folder_;
  int keep_;
};

}  // namespace glowvox::train
