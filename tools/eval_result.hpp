// What glowvox eval found, for people, machines and browsers.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "eval/distances.hpp"
#include "train/validation.hpp"

namespace glowvox::tools {

// One way of making the sounds: a temperature, a baseline, somebody's folder.
struct EvaluatedSystem {
  std::string name;
  std::vector<std::vector<double>> values;  // [file][metric], see eval::metrics
  eval::SilenceSpectrum silence;
  std::vector<std::vector<float>> clips;  // of the first files, for the page
};

struct Evaluation {
  std::string title;  // what was evaluated
  int rate_hz = 0;    // of the clips
  std::vector<std::string> files;
  std::vector<std::vector<float>> references;  // of the first files
  std::vector<EvaluatedSystem> systems;
  std::vector<train::Likelihood> likelihoods;  // of every file; empty without a model
};

void print(const Evaluation& e);
nlohmann::json to_json(const Evaluation& e);
std::string page_of(const Evaluation& e);  // HTML

}  // namespace glowvox::tools
