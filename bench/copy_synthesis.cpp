// Copy synthesis of recordings: intelligibility (STOI), mel error, level and speed, at several
// temperatures and in every precision that the processor has.
// Usage: bench_copy_synthesis MODEL LIST [SIGMA...]
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <string>
#include <vector>

#include "audio/wav.hpp"
#include "command.hpp"
#include "engine_options.hpp"
#include "eval/stoi.hpp"
#include "glowvox/vocoder.hpp"
#include "train/corpus.hpp"

using namespace glowvox;

namespace {

double rms(const std::vector<float>& x) {
  double sum = 0.0;
  for (const float v : x) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

// Mean absolute difference of natural log-mels.
double mel_error(const Mel& a, const std::vector<float>& copy, const MelSpec& spec) {
  const Mel b = log_mel(copy.data(), static_cast<std::int64_t>(copy.size()), spec);
  const std::size_t count = std::min(a.values.size(), b.values.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i)
    sum += std::fabs(static_cast<double>(a.values[i]) - b.values[i]);
  return sum / static_cast<double>(count);
}

void measure(const Vocoder& vocoder, const std::vector<std::string>& paths, double sigma) {
  const MelSpec& spec = vocoder.mel();
  const auto clips = static_cast<double>(paths.size());
  double stoi = 0.0, lowest = 1.0, level_db = 0.0, error = 0.0;
  std::vector<double> factors;
  for (const std::string& path : paths) {
    const std::vector<float> audio = audio::load_mono(path, spec.sample_rate_hz, nullptr);
    const Mel mel = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<float> copy = vocoder.synthesize(mel, {sigma, 1, 0});
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    factors.push_back(static_cast<double>(copy.size()) / spec.sample_rate_hz / elapsed);
    const double value = eval::stoi(audio, copy, spec.sample_rate_hz);
    stoi += value / clips;
    lowest = std::min(lowest, value);
    error += mel_error(mel, copy, spec) / clips;
    level_db += 20.0 * std::log10(rms(copy) / rms(audio)) / clips;
  }
  std::nth_element(factors.begin(), factors.begin() + factors.size() / 2, factors.end());
  fmt::print(
      "{} sigma {:.2f}: STOI {:.4f} (lowest {:.4f}), mel error {:.4f}, level {:+.3f} dB, {:.0f} "
      "times real time (median)\n",
      tools::name_of(vocoder.precision()), sigma, stoi, lowest, error, level_db,
      factors[factors.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  return tools::guarded("bench_copy_synthesis", [&] {
    if (argc < 3) {
      tools::say("usage: bench_copy_synthesis MODEL LIST [SIGMA...]");
      return 2;
    }
    const std::vector<std::string> paths = train::list_recordings(argv[2]);
    std::vector<double> sigmas = {1.0, 0.7};
    if (argc > 3) sigmas.clear();
    for (int i = 3; i < argc; ++i) sigmas.push_back(std::atof(argv[i]));
    std::vector<Precision> precisions = {Precision::kFloat32};
    if (has_bfloat16()) precisions.push_back(Precision::kBfloat16);
    for (const Precision precision : precisions) {
      const Vocoder vocoder = Vocoder::load(argv[1], precision);
      for (const double sigma : sigmas) measure(vocoder, paths, sigma);
    }
    return 0;
  });
}
