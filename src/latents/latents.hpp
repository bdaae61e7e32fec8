// SPDX-License-Identifier: MIT
// glowvox encode, decode and morph: sound to latents, and back.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "engine/engine_options.hpp"

namespace glowvox::latents {

// The exact inverse wants float.
inline EngineOptions in_float() {
  EngineOptions engine;
  engine.precision = "fp32";
  return engine;
}

struct EncodeOptions {
  EngineOptions engine = in_float();
  std::string wav, audio;  // one of them: a sound file, or an npy
  std::string mel;         // npy of another than the sound's own
  std::string write_mel, out;
  bool json = false;
};

struct DecodeOptions {
  EngineOptions engine = in_float();
  std::string mel, wav;  // one of them: an npy, or the sound file that it is of
  std::string latent, out, format;
  std::optional<std::int64_t> samples;  // nothing: the sound file's, or all of the latent's
  bool json = false;
};

struct MorphOptions {
  EngineOptions engine = in_float();
  std::string from, to, out, format;
  std::vector<std::string> plus, minus;  // with and without an attribute; in place of `to`
  double amount = 0.5;
  bool json = false;
};

// Each writes its file and prints what it is. Throws UsageError for options that do not belong
// together, Error for files that do not fit.
void encode(const EncodeOptions& options);
void decode(const DecodeOptions& options);
void morph(const MorphOptions& options);

}  // namespace glowvox::latents
