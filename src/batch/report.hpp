// SPDX-License-Identifier: MIT
// What synth says while several threads make utterances.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "batch/jobs.hpp"
#include "core/progress_bar.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::batch {

// What became of a job.
struct Outcome {
  double seconds = 0.0, elapsed = 0.0;  // of sound; of work
  std::int64_t clipped = 0;             // samples
  bool skipped = false;                 // its file was there
  std::string failure;                  // why there is none
};

// Results on standard output in the order of the jobs, messages on standard error at once, and one
// bar for all of them where it takes long. May be called from several threads at once.
class Report {
 public:
  // precision: that all of them are made in.
  Report(const std::vector<Job>& jobs, bool json, const PrecisionChoice& precision = {});

  void say(const std::string& text);
  void advance(double seconds);  // of sound that has been made
  void finish(std::size_t job, const Outcome& outcome);
  // What was finished and is not printed yet, and the sums. All threads are done.
  void end();
  std::size_t made() const { return made_; }
  std::size_t failed() const { return failed_; }
  bool complete() const { return finished() == jobs_.size(); }

 private:
  using Clock = std::chrono::steady_clock;
  std::size_t finished() const { return made_ + skipped_ + failed_; }
  std::string state() const;  // for the bar
  void print(std::size_t job);
  void print_sums();

  const std::vector<Job>& jobs_;
  const bool json_;
  const PrecisionChoice precision_;
  const Clock::time_point start_ = Clock::now();
  std::mutex mutex_;
  ProgressBar bar_;
  bool shown_ = false;
  std::vector<std::optional<Outcome>> outcomes_;
  std::size_t printed_ = 0, made_ = 0, skipped_ = 0, failed_ = 0;
  double whole_ = 0.0, done_ = 0.0, seconds_ = 0.0;  // of sound: planned, worked on, in files
  nlohmann::json list_ = nlohmann::json::array();
};

}  // namespace glowvox::batch
