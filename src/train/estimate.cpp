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
  const Trainer::Cost one = fastest(trainer, 1);
  const auto few = std::min<std::int64_t>(segments, 4);
  const Trainer::Cost more = few > 1 ? fastest(trainer, few) : one;
  const auto extend = [&](double at_one, double at_few) {
    const double slope = few > 1 ? (at_few - at_one) / static_cast<double>(few - 1) : 0.0;
    return at_one + std::max(slope, 0.0) * static_cast<double>(segments - 1);
  };
  e.seconds_per_step = trainer.share().passes * extend(one.seconds, more.seconds);
  e.state_bytes = kCopiesToCome * trainer.parameter_bytes();
  // Gradients are part of what a pass leaves, and of the state.
  e.pass_bytes = std::max(0.0, extend(one.peak_bytes, more.peak_bytes) - trainer.parameter_bytes());
  e.corpus_bytes = static_cast<double>(trainer.corpus().bytes_to_come());
  e.available_bytes = available_bytes();
  return e;
}

std::string readable_bytes(double bytes) {
  return bytes < 1e9 ? fmt::format("{:.0f} MB", bytes * 1e-6)
                     : fmt::format("{:.1f} GB", bytes * 1e-9);
}

}  // namespace glowvox::train
