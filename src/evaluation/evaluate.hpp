// SPDX-License-Identifier: MIT
// glowvox eval: objective metrics of copy synthesis, or of anybody's sounds.
#pragma once

#include <string>
#include <vector>

#include "engine/engine_options.hpp"

namespace glowvox::evaluation {

struct JudgingOptions {
  std::string python;  // the program; empty: GLOWVOX_JUDGES_PYTHON, or python3
  std::string nisqa;   // NISQA's weights; empty: GLOWVOX_NISQA, or none
};

struct EvaluationOptions {
  EngineOptions engine;                // with a model, `list` is copied
  std::string list, ref;               // one of them; ref: recordings that are synthesized already
  std::vector<std::string> outs;       // of ref: folders of sounds
  std::vector<std::string> baselines;  // griffin-lim, noise, latents
  std::vector<double> sigmas;          // none: the engine's
  std::string report, write;           // HTML page; folder for the sounds
  JudgingOptions judging;
  int limit = 0;  // files; 0: all
  int clips = 3;  // that the page plays
  bool as_if_predicted = false, judges = false, skip_unreadable = false;
  bool json = false, markdown = false;
};

// Measures every file and prints the table; what each metric is stands in src/eval. Exit status:
// 130 after Ctrl-C. Throws UsageError for options that do not belong together.
int evaluate(const EvaluationOptions& options);

}  // namespace glowvox::evaluation
