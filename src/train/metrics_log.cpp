#include "train/metrics_log.hpp"

#include <fmt/format.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::train {

namespace {

constexpr const char* kHeader =
    "step,seconds,train_nats_per_sample,gradient_norm,rate,audio_seconds_per_second,skipped,"
    "valid_nats_per_sample,valid_swapped_mel_loss,feature_variation\n";

std::string rows_up_to(const std::string& path, std::int64_t kept) {
  if (kept == 0 || !std::filesystem::exists(path)) return kHeader;
  std::istringstream lines(read_file(path));
  std::string out = kHeader, line;
  std::getline(lines, line);
  while (std::getline(lines, line)) {
    char* end = nullptr;
    if (std::strtoll(line.c_str(), &end, 10) <= kept && end != line.c_str()) out += line + "\n";
  }
  return out;
}

}  // namespace

MetricsLog::MetricsLog(const std::string& path, std::int64_t kept) : path_(path) {
  write_file(path, rows_up_to(path, kept));
  file_ = std::fopen(path.c_str(), "a");
  if (!file_) throw Error(path, std::string("cannot write: ") + std::strerror(errno));
}

MetricsLog::~MetricsLog() { std::fclose(file_); }

void MetricsLog::write(const Progress& progress, const StepResult& step,
                       double audio_seconds_per_second,
                       const std::optional<Validation>& validation) {
  std::string row = fmt::format("{},{:.2f},{:.5f},{:.5g},{:.5g},{:.3f},{},", progress.step,
                                progress.seconds, step.nats_per_sample, step.gradient_norm,
                                step.rate, audio_seconds_per_second, progress.skipped);
  row += validation ? fmt::format("{:.5f},{:.5f},{:.4f}\n", validation->nats_per_sample,
                                  validation->swapped_mel_loss, validation->feature_variation)
                    : ",,\n";
  if (std::fputs(row.c_str(), file_) < 0 || std::fflush(file_) != 0)
    throw Error(path_, std::string("cannot write: ") + std::strerror(errno));
}

}  // namespace glowvox::train
