// SPDX-License-Identifier: MIT
// glowvox score: exact log-likelihood.
#pragma once

#include <string>
#include <vector>

namespace glowvox::train {

struct ScoreOptions {
  std::string model, list, plot;  // list: in place of wavs; plot: a picture of an only recording
  std::vector<std::string> wavs;
  int threads = 0;
  bool exact_samples = false;  // without dequantisation noise
  bool skip_unreadable = false, json = false;
};

// Prints the nats of every recording and of all: in total, per second and per sample.
void score(ScoreOptions options);

// A recording of a list, [samples] at sample_rate_hz; an error says that --skip-unreadable is
// there.
std::vector<float> read_listed(const std::string& path, int sample_rate_hz);

}  // namespace glowvox::train
