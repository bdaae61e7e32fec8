// SPDX-License-Identifier: MIT
// glowvox eval --judges: the sounds as files, judged by a Python script.
#pragma once

#include <string>
#include <vector>

#include "eval/judges.hpp"
#include "evaluation/evaluate.hpp"

namespace glowvox::evaluation {

// Keeps the recordings and what every system made of them in a folder of its own below the
// system's temporary one until it is destroyed.
class Judging {
 public:
  // Asks at once which judges there are; throws Error where Python or the script does not run.
  explicit Judging(const JudgingOptions& options);
  ~Judging();
  Judging(const Judging&) = delete;
  Judging& operator=(const Judging&) = delete;

  const eval::Available& available() const { return available_; }
  // The next file: the recording, and each system's sound.
  void add(const std::vector<float>& recording, const std::vector<std::vector<float>>& sounds,
           int rate_hz);
  // Of all files that were added; what names one of them is worded by `paths`, their own names.
  eval::Verdicts judge(const std::vector<std::string>& paths) const;
  std::vector<float> recording(std::size_t file) const;
  std::vector<float> sound(std::size_t system, std::size_t file) const;

 private:
  std::string run(const std::vector<std::string>& arguments) const;
  std::string path_of(const std::string& folder, std::size_t file) const;

  JudgingOptions options_;
  std::string script_, folder_;
  eval::Available available_;
  std::size_t files_ = 0, systems_ = 0;
  int rate_hz_ = 0;
};

}  // namespace glowvox::evaluation
