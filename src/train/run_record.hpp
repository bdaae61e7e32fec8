// SPDX-License-Identifier: MIT
// What rank 0 writes down of a run on its way: checkpoints, tables, report, models.
#pragma once

#include <chrono>
#include <memory>
#include <optional>

#include "train/checkpoints.hpp"
#include "train/mixing_watch.hpp"
#include "train/run.hpp"
#include "train/run_log.hpp"

namespace glowvox::train {

// Nothing that is written on the way is worth the run: what cannot be is said, and left out. All
// figures are those of the trainer's present position.
class RunRecord {
 public:
  // Continues the tables where the trainer is, or begins them. valid: null without held-out
  // recordings. All references outlive it.
  RunRecord(const RunOptions& options, const Checkpoints& checkpoints, Trainer& trainer,
            const Corpus* valid, const Notify& notify);

  // The first row and the first checkpoint of a run that has not made a step.
  void begin(const std::optional<Validation>& before);
  // A row of metrics.csv; audio_seconds_per_second: how fast training is.
  void step(const StepResult& step, double audio_seconds_per_second,
            const std::optional<Validation>& validation = std::nullopt);
  void skipped(const StepResult& step, const std::vector<std::string>& files);
  // After a row with a validation: the best model where it is the best, mixing matrices and report.
  void validated(const std::optional<Validation>& validation, const char* state);

  bool save_checkpoint();  // false when it is not written
  double minutes_since_checkpoint() const;
  // The run's result; unlike what is written on the way, throws Error when it or the last
  // checkpoint cannot be written.
  void save_model(const std::string& path, bool checkpoint_kept);
  // Goes on from where the trainer has gone back to, in the tables as well.
  void restart();

 private:
  template <typename Body>
  bool attempt(const char* what, const Body& body);
  void note_best(const Validation& validation);
  // Makes the run's folder again where somebody has deleted it, and says so.
  void keep_folder();

  const RunOptions& options_;
  const Checkpoints& checkpoints_;
  Trainer& trainer_;
  const Corpus* valid_;
  Notify notify_;
  std::unique_ptr<RunLog> log_;
  MixingWatch watch_;
  bool said_gone_ = false;
  std::chrono::steady_clock::time_point last_checkpoint_ = std::chrono::steady_clock::now();
};

}  // namespace glowvox::train
