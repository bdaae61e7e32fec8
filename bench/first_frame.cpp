// SPDX-License-Identifier: MIT
// Loads a model and pushes frames until the first samples come, and says what that took: of the
// whole process, of loading and of the frames. Usage: bench_first_frame MODEL
#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>

#include "glowvox/vocoder.hpp"

namespace {

// Since the process began, in ms, to the system's clock tick of 10 ms.
double process_age_ms() {
  std::ifstream stat("/proc/self/stat");
  std::string field;
  for (int i = 0; i < 22; ++i) stat >> field;
  timespec now{};
  ::clock_gettime(CLOCK_BOOTTIME, &now);
  return 1e3 * (static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec) -
                std::stod(field) / static_cast<double>(::sysconf(_SC_CLK_TCK)));
}

}  // namespace

int main(int argc, char** argv) try {
  if (argc != 2) return 2;
  using Clock = std::chrono::steady_clock;
  const auto ms = [](Clock::time_point from) {
    return std::chrono::duration<double, std::milli>(Clock::now() - from).count();
  };
  const auto begin = Clock::now();
  const glowvox::Vocoder vocoder = glowvox::Vocoder::load(argv[1]);
  const double load_ms = ms(begin);
  const auto loaded = Clock::now();
  glowvox::SynthesisOptions options;
  options.corrections = 0;
  glowvox::Stream stream(vocoder, options);
  const std::vector<float> frame(static_cast<std::size_t>(vocoder.mel().bands), -4.0F);
  int frames = 0;
  while (stream.push(frame.data(), 1).count == 0) ++frames;
  fmt::print("{:.1f} ms to load, {:.1f} ms for {} frames until sound, {:.0f} ms of the process\n",
             load_ms, ms(loaded), frames + 1, process_age_ms());
  return 0;
} catch (const glowvox::Error& e) {
  fmt::print(stderr, "{}\n", e.what());
  return 1;
}
