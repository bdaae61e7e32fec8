// Copy synthesis of recordings: intelligibility (STOI), level and speed, at several temperatures.
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
#include "eval/stoi.hpp"
#include "model/model_file.hpp"
#include "torch_threads.hpp"
#include "train/corpus.hpp"

using namespace glowvox;

namespace {

double rms(const std::vector<float>& x) {
  double sum = 0.0;
  for (const float v : x) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

void measure(model::FlowVocoder& model, const std::vector<std::string>& paths, double sigma) {
  const MelSpec& spec = model.config().mel;
  double stoi = 0.0, lowest = 1.0, level_db = 0.0;
  std::vector<double> factors;
  for (const std::string& path : paths) {
    const std::vector<float> audio = audio::load_mono(path, spec.sample_rate_hz, nullptr);
    const Mel mel = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
    const auto start = std::chrono::steady_clock::now();
    const std::vector<float> copy = model.synthesize(mel, sigma, 1);
    const double elapsed =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
    factors.push_back(static_cast<double>(copy.size()) / spec.sample_rate_hz / elapsed);
    const double value = eval::stoi(audio, copy, spec.sample_rate_hz);
    stoi += value / static_cast<double>(paths.size());
    lowest = std::min(lowest, value);
    level_db += 20.0 * std::log10(rms(copy) / rms(audio)) / static_cast<double>(paths.size());
  }
  std::nth_element(factors.begin(), factors.begin() + factors.size() / 2, factors.end());
  fmt::print(
      "sigma {:.2f}: STOI {:.3f} (lowest {:.3f}), level {:+.1f} dB, {:.0f} times real time "
      "(median)\n",
      sigma, stoi, lowest, level_db, factors[factors.size() / 2]);
}

}  // namespace

int main(int argc, char** argv) {
  return tools::guarded("bench_copy_synthesis", [&] {
    if (argc < 3) {
      tools::say("usage: bench_copy_synthesis MODEL LIST [SIGMA...]");
      return 2;
    }
    tools::use_threads(0);
    const auto model = model::load_model(argv[1]);
    const std::vector<std::string> paths = train::list_recordings(argv[2]);
    std::vector<double> sigmas = {1.0, 0.7};
    if (argc > 3) sigmas.clear();
    for (int i = 3; i < argc; ++i) sigmas.push_back(std::atof(argv[i]));
    for (const double sigma : sigmas) measure(*model, paths, sigma);
    return 0;
  });
}
