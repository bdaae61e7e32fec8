// SPDX-License-Identifier: MIT
#include "train/estimate.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace glowvox::train {

namespace {

constexpr double kCopiesToCome = 3.0;  // gradient and two moments
constexpr int kTries = 3;
constexpr std::int64_t kMostTried = 8;  // segments

double available_bytes() {
  std::ifstream info("/proc/meminfo");
  for (std::string key; info >> key;) {
    double kilobytes = 0.0;
    if (key == "MemAvailable:" && info >> kilobytes) return 1024.0 * kilobytes;
    info.ignore(256, '\n');
  }
  return 0.0;
}

double present_bytes() {
  std::ifstream statm("/proc/self/statm");  // in pages: size, resident
  double size = 0.0, resident = 0.0;
  statm >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE));
}

Trainer::Cost fastest(Trainer& trainer, std::int64_t segments) {
  Trainer::Cost best = trainer.measure_pass(segments);
  for (int i = 1; i < kTries; ++i)
    best.seconds = std::min(best.seconds, trainer.measure_pass(segments).seconds);
  return best;
}

}  // namespace

Estimate estimate(Trainer& trainer) {
  Estimate e;
  e.present_bytes = present_bytes();
  const std::int64_t segments = trainer.share().per_pass;
  trainer.measure_pass(1);  // the first pass sets libraries up
  // Two sizes that are already bound by their activations, and the line through both.
  const auto more = std::min<std::int64_t>(segments, kMostTried), less = (more + 1) / 2;
  const Trainer::Cost at_more = fastest(trainer, more);
  const Trainer::Cost at_less = less < more ? fastest(trainer, less) : at_more;
  const auto extend = [&](double little, double much) {
    const double slope = less < more ? (much - little) / static_cast<double>(more - less) : 0.0;
    return much + std::max(slope, 0.0) * static_cast<double>(segments - more);
  };
  e.seconds_per_step = trainer.share().passes * extend(at_less.seconds, at_more.seconds);
  e.state_bytes = kCopiesToCome * trainer.parameter_bytes();
  // Gradients are part of what a pass leaves, and of the state.
  e.pass_bytes =
      std::max(0.0, extend(at_less.peak_bytes, at_more.peak_bytes) - trainer.parameter_bytes());
  e.corpus_bytes = static_cast<double>(trainer.corpus().bytes_to_come());
  e.available_bytes = available_bytes();
  return e;
}

std::string readable_bytes(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes * 1e-6)
                     : fmt::format("{:.1f} GB", bytes * 1e-9);
}

}  // namespace glowvox::train
