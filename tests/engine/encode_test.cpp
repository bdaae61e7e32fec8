// SPDX-License-Identifier: MIT
// Encoding without LibTorch: other people's latents, the way back, threads, bad input.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <limits>
#include <thread>

#include "emulated.hpp"
#include "engine/signals.hpp"
#include "glowvox/error.hpp"
#include "glowvox/vocoder.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

#ifdef _WIN32
constexpr bool kWindows = true;
#else
constexpr bool kWindows = false;
#endif

std::vector<std::string> models() {
  return {kShippedModel, golden_model("waveglow"), golden_model("squeezewave")};
}

std::vector<float> noisy_tone(std::int64_t samples) {
  std::vector<float> audio;
  for (std::int64_t i = 0; i < samples; ++i)
    audio.push_back(
        static_cast<float>(0.2 * std::sin(0.05 * static_cast<double>(i)) +
                           0.02 * (uniform_at(5, 1, static_cast<std::uint64_t>(i)) - 0.5)));
  return audio;
}

// Clip `clip` of an array [clips][rows][columns], rows and columns exchanged.
std::vector<float> transposed(const arrays::Array& array, std::int64_t clip) {
  const std::int64_t rows = array.shape[1], columns = array.shape[2];
  std::vector<float> values;
  for (std::int64_t c = 0; c < columns; ++c)
    for (std::int64_t r = 0; r < rows; ++r)
      values.push_back(array.values[static_cast<std::size_t>((clip * rows + r) * columns + c)]);
  return values;
}

}  // namespace

TEST_CASE("latents and log-dets of WaveGlow and SqueezeWave are those of their own code") {
  for (const char* name : {"waveglow", "squeezewave"}) {
    CAPTURE(name);
    const Vocoder vocoder = Vocoder::load(golden_model(name));
    const arrays::Array audio = golden_array(name, "audio"), mel = golden_array(name, "mel"),
                        z = golden_array(name, "z");
    const std::int64_t samples = audio.shape[1];
    double loss = 0.0;  // theirs: (sum z^2 / 2 - log-dets) / numel
    for (std::int64_t clip = 0; clip < audio.shape[0]; ++clip) {
      const Mel given{mel.shape[2], mel.shape[1], transposed(mel, clip)};
      const Encoding e = vocoder.encode(given, audio.values.data() + clip * samples, samples);
      const std::vector<float> expected = transposed(z, clip);
      REQUIRE(e.latents.size() == expected.size());
      CHECK(eval::largest_difference(expected, e.latents) < 1e-4 * largest(expected));
      for (const float value : e.latents) loss += 0.5 * static_cast<double>(value) * value;
      loss -= e.log_det;
    }
    CHECK(loss / static_cast<double>(z.values.size()) ==
          doctest::Approx(golden_array(name, "loss_sigma1").values.front()).epsilon(1e-4));
  }
}

TEST_CASE("decoding what was encoded gives the samples back") {
  for (const std::string& path : models()) {
    CAPTURE(path);
    const Vocoder vocoder = Vocoder::load(path, Precision::kFloat32);
    const int hop = vocoder.mel().hop_samples;
    std::vector<float> audio = noisy_tone(40 * hop + 17);
    const auto samples = static_cast<std::int64_t>(audio.size());
    const Mel mel = vocoder.mel_of(audio.data(), samples);
    CHECK(mel.frames == 40);
    const Encoding e = vocoder.encode(audio.data(), samples);
    CHECK(e.samples == 40 * hop);
    CHECK(e.latents.size() == static_cast<std::size_t>(e.samples));
    CHECK(vocoder.encode(mel, audio.data(), samples).latents == e.latents);
    audio.resize(static_cast<std::size_t>(e.samples));
    CHECK(eval::largest_difference(audio, vocoder.decode(mel, e.latents)) < 1e-4);

    double sum = 0.0;
    for (const double nats : e.frame_log_likelihoods) sum += nats;
    CHECK(e.frame_log_likelihoods.size() == 40);
    CHECK(sum == doctest::Approx(e.log_likelihood).epsilon(1e-12));
  }
}

TEST_CASE("any number of threads and any precision of synthesis encodes to the same bits") {
  for (const std::string& path : models()) {
    CAPTURE(path);
    const Vocoder vocoder = Vocoder::load(path, Precision::kFloat32);
    const int frames = emulated_or(20, 60, "frames");
    const std::vector<float> audio = noisy_tone(frames * vocoder.mel().hop_samples);
    const auto samples = static_cast<std::int64_t>(audio.size());
    const Encoding one = vocoder.encode(audio.data(), samples, 1);
    const auto check = [&](const Encoding& other) {
      CHECK(other.latents == one.latents);
      CHECK(other.frame_log_likelihoods == one.frame_log_likelihoods);
      CHECK(other.log_likelihood == one.log_likelihood);
      CHECK(other.log_det == one.log_det);
    };
    for (const int threads : {2, 3, 0}) check(vocoder.encode(audio.data(), samples, threads));
    for (const Precision precision : precisions_here())
      check(Vocoder::load(path, precision).encode(audio.data(), samples, 2));
  }
}

TEST_CASE("a model may be asked for its first encoding by several threads at once") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  const std::vector<float> audio = noisy_tone(30 * vocoder.mel().hop_samples);
  std::vector<Encoding> results(3);
  std::vector<std::thread> threads;
  for (Encoding& result : results)
    threads.emplace_back([&result, &audio, copy = vocoder] {
      result = copy.encode(audio.data(), static_cast<std::int64_t>(audio.size()), 1);
    });
  for (std::thread& thread : threads) thread.join();
  CHECK(results[1].latents == results[0].latents);
  CHECK(results[2].log_likelihood == results[0].log_likelihood);
}

// Not on Windows, which lets nobody remove a file that is mapped.
TEST_CASE("a model file may be gone or replaced before the first encoding, not overwritten" *
          doctest::skip(kWindows)) {
  const TemporaryDirectory folder;
  const std::string path = folder.file("m.safetensors"), other = golden_model("squeezewave");
  const auto copied = [&] {
    std::filesystem::copy_file(golden_model("waveglow"), path,
                               std::filesystem::copy_options::overwrite_existing);
    return Vocoder::load(path);
  };
  const Vocoder first = copied();
  const std::vector<float> audio = noisy_tone(12 * first.mel().hop_samples);
  const auto encode = [&audio](const Vocoder& vocoder) {
    return vocoder.encode(audio.data(), static_cast<std::int64_t>(audio.size()), 1).latents;
  };
  const std::vector<float> expected = encode(first);
  CHECK(encode(first) == expected);  // and no longer looks at the file

  const Vocoder gone = copied();
  std::filesystem::remove(path);
  CHECK(encode(gone) == expected);

  const Vocoder replaced = copied();
  std::filesystem::copy_file(other, folder.file("new"));
  std::filesystem::rename(folder.file("new"), path);
  CHECK(encode(replaced) == expected);

  const Vocoder overwritten = copied();
  std::ofstream(path, std::ios::trunc) << "something else";
  CHECK(contains(error_of([&] { encode(overwritten); }),
                 path + ": was overwritten after the model was loaded"));
}

TEST_CASE("sound and mels that cannot be encoded") {
  const Vocoder vocoder = Vocoder::load(golden_model("waveglow"));
  const int hop = vocoder.mel().hop_samples, bands = vocoder.mel().bands;
  std::vector<float> audio = noisy_tone(20 * hop);
  const auto samples = static_cast<std::int64_t>(audio.size());
  const Mel good = vocoder.mel_of(audio.data(), samples);
  const auto refused = [&](const Mel& mel, std::int64_t count, int threads = 1) {
    return error_of([&] { vocoder.encode(mel, audio.data(), count, threads); });
  };
  CHECK(refused(good, samples).empty());
  CHECK(refused(good, samples - 1) == "audio: expected " + std::to_string(samples) +
                                          " samples for 20 mel frames, got " +
                                          std::to_string(samples - 1));
  Mel longer = good;
  longer.frames = 21;
  longer.values.resize(static_cast<std::size_t>(21 * bands));
  CHECK(contains(refused(longer, samples), "samples for 21 mel frames, got"));
  CHECK(contains(refused(good, hop - 1), "audio: expected " + std::to_string(hop) +
                                             " samples or more, got " + std::to_string(hop - 1)));
  CHECK(contains(refused(good, -5), "samples or more, got -5"));
  CHECK(contains(refused({20, bands + 1, std::vector<float>(20u * (bands + 1))}, samples),
                 "mel: expected " + std::to_string(bands) + " bands"));
  CHECK(contains(refused({0, bands, {}}, samples), "mel: expected one frame or more"));
  CHECK(contains(refused({20, bands, {1.0F}}, samples), "values for 20 frames, got 1"));
  CHECK(contains(refused(good, samples, -1), "threads: expected a number"));
  Mel bad = good;
  bad.values[static_cast<std::size_t>(bands + 3)] = std::numeric_limits<float>::infinity();
  CHECK(contains(refused(bad, samples), "mel: value 3 of frame 1 is not finite"));
  audio[77] = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(refused(good, samples), "audio: sample 77 is not finite"));
  CHECK(contains(error_of([&] { vocoder.encode(audio.data(), samples); }), "audio: sample 77"));
  CHECK(contains(error_of([&] { vocoder.encode(audio.data(), 1); }), "samples or more, got 1"));
  audio.assign(audio.size(), 3e38F);  // products overflow
  CHECK(contains(refused(good, samples), "no finite number"));
}
