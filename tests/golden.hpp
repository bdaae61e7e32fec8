// SPDX-License-Identifier: MIT
// What other people's programs computed (data/README.md).
#pragma once

#include <doctest/doctest.h>

#include <map>
#include <string>

#include "arrays/npy.hpp"
#include "exchange/waveglow_import.hpp"
#include "temporary.hpp"

namespace glowvox::test {

inline std::string data_file(const std::string& name) {
  return std::string(GLOWVOX_TEST_DATA) + "/" + name;
}

// An array of <name>/tiny_io.npz.
inline arrays::Array golden_array(const std::string& name, const std::string& array) {
  return arrays::read_array(data_file(name + "/tiny_io.npz"), array);
}

// A checkpoint as a model file.
inline void import_checkpoint(const std::string& checkpoint, const std::string& to,
                              const exchange::ImportOptions& options = {}) {
  const pytorch::StateDict source(checkpoint);
  safetensors::write_safetensors(to, exchange::import_waveglow(source, options).file);
}

// The golden "waveglow" or "squeezewave", imported once for every test program.
inline std::string golden_model(const std::string& name) {
  static const TemporaryDirectory folder;
  static std::map<std::string, std::string> made;
  std::string& path = made[name];
  if (path.empty()) {
    path = folder.file(name + ".safetensors");
    import_checkpoint(data_file(name + "/tiny_state_dict.pt"), path);
  }
  return path;
}

}  // namespace glowvox::test
