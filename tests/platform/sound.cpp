// SPDX-License-Identifier: MIT
// A mel's sound on one thread, to be compared with what another processor made of it.
// Usage: test_sound MODEL MEL.npy FRAMES OUT.f32 [REFERENCE.f32 [bfloat16]]; of the mel, the first
// FRAMES. Fails where nothing is to be heard, and where a sample is further than 1e-4 from the
// reference's; in bfloat16, whose products round elsewhere, where the difference from a reference
// in float is louder than 30 dB below it (34 to 49 on x86-64, by the seed).
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <exception>
#include <fstream>
#include <glowvox/vocoder.hpp>
#include <iterator>
#include <string>
#include <vector>

#include "files.h"

namespace {

constexpr double kMost = 1e-4, kLeastDecibels = 30.0;

std::vector<float> read_samples(const char* path) {
  std::ifstream file(path, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  if (bytes.empty()) throw glowvox::Error(path, "no samples");
  std::vector<float> samples(bytes.size() / sizeof(float));
  std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(float));
  return samples;
}

void write_samples(const char* path, const std::vector<float>& samples) {
  std::ofstream file(path, std::ios::binary);
  file.write(reinterpret_cast<const char*>(samples.data()),
             static_cast<std::streamsize>(samples.size() * sizeof(float)));
  if (!file.flush()) throw glowvox::Error(path, "cannot write");
}

bool audible(const std::vector<float>& sound) {
  double loudest = 0.0;
  for (const float x : sound)
    if (!(std::abs(double{x}) <= loudest)) loudest = std::abs(double{x});  // a NaN stays
  std::printf("loudest sample: %.3g\n", loudest);
  return loudest > 0.1 && loudest < 2.0;
}

bool near(const std::vector<float>& sound, const std::vector<float>& reference, bool bfloat16) {
  if (sound.size() != reference.size()) {
    std::printf("%zu samples, the reference has %zu\n", sound.size(), reference.size());
    return false;
  }
  double most = 0.0, power = 0.0, noise = 0.0;
  for (std::size_t i = 0; i < sound.size(); ++i) {
    const double difference = std::abs(double{sound[i]} - reference[i]);
    most = std::max(most, difference);
    noise += difference * difference;
    power += double{reference[i]} * reference[i];
  }
  const double decibels = 10.0 * std::log10(power / noise);
  std::printf("at most %.2g from the reference, %.1f dB below it\n", most, decibels);
  return bfloat16 ? decibels >= kLeastDecibels : most <= kMost;
}

}  // namespace

int main(int argc, char** argv) try {
  const bool bfloat16 = argc == 7 && std::strcmp(argv[6], "bfloat16") == 0;
  if (argc != 5 && argc != 6 && !bfloat16)
    return std::fprintf(stderr,
                        "usage: %s MODEL MEL.npy FRAMES OUT.f32 [REFERENCE.f32 [bfloat16]]\n",
                        argv[0]),
           2;
  const auto vocoder = glowvox::Vocoder::load(
      argv[1], bfloat16 ? glowvox::Precision::kBfloat16 : glowvox::Precision::kFloat32);
  glowvox::Mel mel{0, vocoder.mel().bands, {}};
  float* values = read_mel(argv[2], mel.bands, &mel.frames);
  if (values == nullptr) throw glowvox::Error(argv[2], "no float32 mel for this model");
  mel.frames = std::min<std::int64_t>(mel.frames, std::atoi(argv[3]));
  mel.values.assign(values, values + mel.frames * mel.bands);
  std::free(values);
  glowvox::SynthesisOptions options;
  options.threads = 1;
  const std::clock_t start = std::clock();
  const std::vector<float> sound = vocoder.synthesize(mel, options);
  const double seconds = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
  const double length = static_cast<double>(sound.size()) / vocoder.mel().sample_rate_hz;
  std::printf("%.3f s of sound in %.3f s of processor time: %.2f times real time\n", length,
              seconds, length / seconds);
  write_samples(argv[4], sound);
  if (!audible(sound)) return 1;
  return argc == 5 || near(sound, read_samples(argv[5]), bfloat16) ? 0 : 1;
} catch (const std::exception& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
