// SPDX-License-Identifier: MIT
// What glowvox eval found, for people, machines and browsers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/distances.hpp"
#include "eval/evaluation.hpp"
#include "eval/statistics.hpp"
#include "train/validation.hpp"

namespace glowvox::evaluation {

// One way of making the sounds: a temperature, a baseline, somebody's folder.
struct EvaluatedSystem {
  std::string name;
  std::vector<std::vector<double>> values;  // [file][metric]
  eval::SilenceSpectrum silence;
  std::vector<std::vector<float>> clips;  // of the files that are shown
};

struct Evaluation {
  std::string title;                                    // what was evaluated
  int rate_hz = 0;                                      // of the clips
  std::vector<eval::Metric> metrics = eval::metrics();  // the judges, where asked, before our own
  std::vector<std::string> files;
  std::vector<std::size_t> shown;              // files that the page plays
  std::vector<std::vector<float>> references;  // of these
  std::vector<EvaluatedSystem> systems;
  std::vector<train::Likelihood> likelihoods;  // of every file; empty without a model
  // Where judges were asked.
  std::vector<std::string> speakers;      // of every file
  std::vector<eval::Summary> recordings;  // what a judge says of these; of the first metrics
  std::vector<std::string> notes;         // what was left out
};

std::string number(double value, int digits, bool sign = false);  // "-" for none

std::string to_text(const Evaluation& e, bool markdown);
nlohmann::json to_json(const Evaluation& e);
std::string page_of(const Evaluation& e);  // HTML

}  // namespace glowvox::evaluation
