// SPDX-License-Identifier: MIT
// What a Vocoder keeps so that it can encode.
#pragma once

#include <memory>
#include <mutex>
#include <string>

#include "engine/encoding.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::engine {

// Prepares encoding when it is first asked for: matrices that synthesis keeps inverted, and all
// weights once more in float32 where it has them in bfloat16. Until then it keeps the model file
// mapped, which takes no memory while nobody reads it.
class Encoder {
 public:
  Encoder(std::shared_ptr<const PreparedModel> model,
          std::unique_ptr<const safetensors::MappedSafetensors> file, std::string path);
  // From any thread. Throws Error where the file was overwritten in place in the meantime.
  std::shared_ptr<const PreparedEncoding> prepared();

 private:
  std::mutex mutex_;
  std::shared_ptr<const PreparedModel> model_;  // of synthesis; null once prepared
  std::unique_ptr<const safetensors::MappedSafetensors> file_;
  const std::string path_;
  std::shared_ptr<const PreparedEncoding> prepared_;
};

}  // namespace glowvox::engine
