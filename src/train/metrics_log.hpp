#pragma once

#include <cstdio>
#include <optional>
#include <string>

#include "train/trainer.hpp"

namespace glowvox::train {

// metrics.csv: one row for each interval of steps, held-out figures where there are any.
class MetricsLog {
 public:
  // Continues after step `kept` (rows beyond it are dropped), or starts anew with kept = 0.
  MetricsLog(const std::string& path, std::int64_t kept);
  ~MetricsLog();
  MetricsLog(const MetricsLog&) = delete;
  MetricsLog& operator=(const MetricsLog&) = delete;
  void write(const Progress& progress, const StepResult& step, double audio_seconds_per_second,
             const std::optional<Validation>& validation);

 private:
  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace glowvox::train
