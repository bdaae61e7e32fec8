// SPDX-License-Identifier: MIT
// Models whose weights stay half precision in memory.
#include <doctest/doctest.h>

#include <cmath>
#include <fstream>
#include <string>

#include "emulated.hpp"
#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

// kB that the process holds; -1 where the system does not say.
long resident_kb() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind("VmRSS:", 0) == 0) return std::stol(line.substr(6));
  return -1;
}

}  // namespace

TEST_CASE("in small memory the next utterance has the memory of the one before") {
  if (resident_kb() < 0) {
    MESSAGE("skipped: this system does not say what a process holds");
    return;
  }
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32, Memory::kSmall);
  const Mel mel = speech_like_mel(vocoder.mel(), 40, 1);
  const SynthesisOptions options{0.7, 1, 1};
  const auto first = vocoder.synthesize(mel, options);
  const long before = resident_kb();
  const int times = emulated_or(2, 5, "times");
  for (int i = 0; i < times; ++i) CHECK(vocoder.synthesize(mel, options) == first);
  // One utterance's buffers are 6 MB, and heaps are not tidy.
  CHECK(resident_kb() - before < 6000);
}

TEST_CASE("a model in small memory sounds as in fast memory, but for rounding") {
  for (const std::string& path : {kShippedModel, golden_model("waveglow")}) {
    CAPTURE(path);
    const Vocoder fast = Vocoder::load(path, Precision::kFloat32);
    const Vocoder small = Vocoder::load(path, Precision::kFloat32, Memory::kSmall);
    const Mel mel = speech_like_mel(fast.mel(), 40, 1);
    const auto expected = fast.synthesize(mel), got = small.synthesize(mel);
    REQUIRE(got.size() == expected.size());
    CHECK(largest(expected) > 1e-3);
    float worst = 0.0F;
    for (std::size_t i = 0; i < got.size(); ++i)
      worst = std::max(worst, std::fabs(got[i] - expected[i]));
    CHECK(worst < 1e-4F * largest(expected));
  }
}

TEST_CASE("a stream in small memory gives what the whole utterance gives, bit for bit") {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32, Memory::kSmall);
  const Mel mel = speech_like_mel(vocoder.mel(), 30, 2);
  Stream stream(vocoder);
  std::vector<float> all;
  const auto take = [&all](const Samples& s) { all.insert(all.end(), s.data, s.data + s.count); };
  for (std::int64_t t = 0; t < mel.frames; ++t) take(stream.push(&mel.values[t * mel.bands], 1));
  take(stream.finish());
  CHECK(all == vocoder.synthesize(mel));
}

TEST_CASE("a model in small memory encodes what it decodes") {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32, Memory::kSmall);
  const Mel mel = speech_like_mel(vocoder.mel(), 20, 3);
  const auto sound = vocoder.synthesize(mel, {0.7, 1, 0, 0.0, 0});
  const Encoding encoding =
      vocoder.encode(mel, sound.data(), static_cast<std::int64_t>(sound.size()));
  const auto again = vocoder.decode(mel, encoding.latents, {0.7, 1, 0, 0.0, 0});
  REQUIRE(again.size() == sound.size());
  float worst = 0.0F;
  for (std::size_t i = 0; i < sound.size(); ++i)
    worst = std::max(worst, std::fabs(again[i] - sound[i]));
  CHECK(worst < 1e-4F);
}
