// SPDX-License-Identifier: MIT
// What the correction takes of a processor for a second of sound, in pieces of a hop as a stream of
// a lapped transform has them, a hop ahead being half known, and for one frame alone the next row
// drawn: the best of several runs over noise and a mel that is not its own. Usage: bench_correction
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <ctime>
#include <stdexcept>
#include <vector>

#include "core/random.hpp"
#include "engine/instruction_set.hpp"
#include "engine/mel_correction.hpp"

namespace {

using namespace glowvox;

constexpr int kSeconds = 5, kRuns = 9;

// Seconds of the processor that the whole takes.
double run(const MelSpec& spec, const Mel& mel, const std::vector<float>& x, int together) {
  const auto hop = static_cast<std::size_t>(spec.hop_samples);
  const std::size_t ahead = (together == 1 ? 2 : 1) * hop;
  engine::MelCorrection correction(spec, together, static_cast<std::int64_t>(ahead), mel.frames,
                                   hop);
  correction.push_mel(mel.values.data(), mel.frames);
  std::vector<float> out;
  out.reserve(x.size());
  engine::FlowOutput made;
  made.ends = {hop};
  made.ahead.assign(ahead, 0.0F);
  const std::clock_t start = std::clock();
  for (std::size_t at = 0; at < x.size(); at += hop) {
    const float* first = &x[at];
    made.samples.assign(first, first + hop);
    for (std::size_t i = 0; at + hop + i < x.size() && i < ahead; ++i)
      made.ahead[i] = 0.5F * first[hop + i];
    correction.push(made, &out);
  }
  correction.finish(&out);
  const std::clock_t end = std::clock();
  if (out.size() != x.size()) throw std::runtime_error("samples are missing");
  return static_cast<double>(end - start) / CLOCKS_PER_SEC;
}

}  // namespace

int main() try {
  const MelSpec spec = mel_preset("hifigan");
  const int hops = kSeconds * spec.sample_rate_hz / spec.hop_samples;
  std::vector<float> x(static_cast<std::size_t>(hops) * spec.hop_samples);
  fill_normal(1, 0, 0, 0, static_cast<std::int64_t>(x.size()), x.data());
  for (float& v : x) v *= 0.05F;
  Mel mel = log_mel(x.data(), static_cast<std::int64_t>(x.size()), spec);
  for (std::size_t i = 0; i < mel.values.size(); ++i)
    mel.values[i] += static_cast<float>(uniform_at(2, 0, i) - 0.5);
  std::printf("%s: ms for a second of sound\n", engine::name_of(engine::instruction_set()));
  for (const int together : {1, 2, 4, 8}) {
    double best = run(spec, mel, x, together);
    for (int i = 1; i < kRuns; ++i) best = std::min(best, run(spec, mel, x, together));
    std::printf("%d frames together: %.2f\n", together, 1e3 * best / kSeconds);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_correction: %s\n", error.what());
  return 1;
}
