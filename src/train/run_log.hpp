// SPDX-License-Identifier: MIT
// What a run writes down for people and programs to look at.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "train/csv_log.hpp"
#include "train/trainer.hpp"

namespace glowvox::report {
class EventFile;
}  // namespace glowvox::report

namespace glowvox::train {

// The tables metrics.csv, skipped.csv and mixing.csv of a run's folder and, where asked for, the
// same as TensorBoard event files. None of it is worth a run: what cannot be written is said once
// and left out.
class RunLog {
 public:
  // Continues after `progress`, or starts anew when it is at step 0.
  RunLog(const std::string& folder, bool tensorboard, const Progress& progress,
         const Notify& notify);
  ~RunLog();

  void step(const Progress& progress, const StepResult& step, double audio_seconds_per_second,
            const std::optional<Validation>& validation);
  void skipped(const Progress& progress, const StepResult& step,
               const std::vector<std::string>& files);
  void mixing(const Progress& progress, const std::vector<model::MixingState>& states);
  // A held-out clip as it was recorded and as the model says it: for TensorBoard alone.
  struct Clip {
    std::string name;
    std::vector<float> recording, synthesis;
  };
  void sounds(const Progress& progress, const std::vector<Clip>& clips, int sample_rate_hz);

 private:
  template <typename Body>
  void attempt(const Body& body);

  Notify notify_;
  bool said_ = false;
  std::unique_ptr<CsvLog> metrics_, skipped_, mixing_;
  std::unique_ptr<report::EventFile> events_;
};

}  // namespace glowvox::train
