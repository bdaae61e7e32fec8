// SPDX-License-Identifier: MIT
// glowvox synth: files of mels and recordings become files of sound.
#pragma once

#include <string>
#include <vector>

#include "arrays/mel_input.hpp"
#include "engine/engine_options.hpp"

namespace glowvox::batch {

struct Request {
  EngineOptions engine;
  arrays::MelInput mel;
  std::vector<std::string> mels, wavs;  // a wav's mel is computed first
  std::string out, format;              // see Target
  std::string picture;                  // PNG of an only sound's spectrogram
  bool json = false;                    // of the figures that are printed
  bool force = false;                   // also what cannot be speech
  bool skip_existing = false;
};

// Makes every utterance of every input, each thread whole ones by itself, and prints what was made
// in the order of the inputs, with a progress bar where it takes long. Exit status: 1 where an
// input failed, 130 after Ctrl-C. Throws UsageError for options that do not belong together, Error
// where nothing can be made.
int synthesize_files(const Request& request);

}  // namespace glowvox::batch
