// SPDX-License-Identifier: MIT
// Sounds, mels and latents in files, and as a model takes them.
#include "latents/clips.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "golden.hpp"

using namespace glowvox;
using namespace glowvox::latents;
using test::contains;

namespace {

// An npy of this shape that counts from 0.
std::string counting(const test::TemporaryDirectory& folder,
                     const std::vector<std::int64_t>& shape) {
  arrays::Array array{shape, {}};
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  for (std::int64_t i = 0; i < count; ++i) array.values.push_back(static_cast<float>(i));
  arrays::write_npy(folder.file("counting.npy"), array);
  return folder.file("counting.npy");
}

}  // namespace

TEST_CASE("arrays become clips of rows, with or without an axis of clips") {
  const test::TemporaryDirectory folder;
  const Clips audio = read_audio_clips(counting(folder, {5}));
  CHECK(audio.clips == 1);
  CHECK(audio.rows == 5);
  CHECK(read_audio_clips(counting(folder, {2, 3})).values[1] == std::vector<float>{3, 4, 5});

  // [bands, frames] and [frames, bands] are told apart by the number of bands.
  CHECK(read_mel_clips(counting(folder, {2, 3}), 2).values[0] ==
        std::vector<float>{0, 3, 1, 4, 2, 5});
  const Clips frames_first = read_mel_clips(counting(folder, {1, 2, 3}), 3);
  CHECK(frames_first.rows == 2);
  CHECK(frames_first.values[0] == std::vector<float>{0, 1, 2, 3, 4, 5});

  const std::string latents = counting(folder, {2, 3, 4});
  const Clips z = read_latent_clips(latents);
  CHECK(z.columns == 3);
  CHECK(z.rows == 4);
  CHECK(z.values[1][1] == 16.0F);  // channel 1 of row 0
  write_latent_clips(folder.file("again.npy"), z);
  CHECK(read_file(folder.file("again.npy")) == read_file(latents));
}

TEST_CASE("arrays of another shape, and values that are none, are refused") {
  const test::TemporaryDirectory folder;
  const auto refused = [&](const std::vector<std::int64_t>& shape, auto read) {
    const std::string path = counting(folder, shape);
    return test::error_of([&] { read(path); });
  };
  const auto mel = [](const std::string& path) { read_mel_clips(path, 80); };
  CHECK(contains(refused({1, 2, 3}, read_audio_clips),
                 "[samples] or [batch, samples], got [1, 2, 3]"));
  CHECK(contains(refused({79, 10}, mel), "expected a mel of 80 bands, got shape [1, 79, 10]"));
  CHECK(contains(refused({4}, read_latent_clips), "got [4]"));
  CHECK(contains(refused({0, 4}, read_latent_clips), "holds no values"));
  arrays::write_npy(folder.file("nan.npy"), {{2}, {0.0F, std::nanf("")}});
  CHECK(contains(test::error_of([&] { read_audio_clips(folder.file("nan.npy")); }),
                 "nan.npy: holds values that are not finite"));
}

TEST_CASE("a mel may have a frame more or less than its sound, and no more") {
  const Mel mel{2, 2, {1, 2, 3, 4}};
  CHECK(fitted(mel, 3, "m").values == std::vector<float>{1, 2, 3, 4, 3, 4});
  CHECK(fitted(mel, 2, "m").values == mel.values);
  CHECK(fitted(mel, 1, "m").values == std::vector<float>{1, 2});
  CHECK(test::error_of([&] { fitted(mel, 4, "m"); }) == "m: expected 4 mel frames, got 2");
  CHECK(test::error_of([] { fitted({0, 2, {}}, 1, "m"); }) == "m: expected 1 mel frames, got 0");
}

TEST_CASE("a recording is filled up to whole hops, and knows its own length") {
  const Vocoder vocoder = Vocoder::load(test::golden_model("waveglow"));
  const int hop = vocoder.mel().hop_samples;
  const auto samples = static_cast<std::size_t>(20 * hop + 1);
  const Recording r = as_recording(std::vector<float>(samples, 0.1F), vocoder, "r.wav");
  CHECK(r.samples == static_cast<std::int64_t>(samples));
  CHECK(r.mel.frames == 21);
  REQUIRE(r.audio.size() == static_cast<std::size_t>(21 * hop));
  CHECK(r.audio[samples - 1] == 0.1F);
  CHECK(r.audio[samples] == 0.0F);
  CHECK(contains(test::error_of([&] { as_recording({}, vocoder, "r.wav"); }), "r.wav: "));
}

TEST_CASE("signals: several clips in an npy, one in a sound file, which clips them") {
  const test::TemporaryDirectory folder;
  const std::string npy = folder.file("s.npy"), wav = folder.file("s.wav");
  CHECK(write_signal(npy, {{1, 2}, {3, 4}}, 22050, "") == 0);
  CHECK(arrays::read_array(npy).shape == std::vector<std::int64_t>{2, 2});
  CHECK(write_signal(npy, {{1, 2}}, 22050, "") == 0);
  CHECK(arrays::read_array(npy).shape == std::vector<std::int64_t>{2});
  CHECK(write_signal(wav, {{0.5F, 2.0F, -2.0F}}, 22050, "") == 2);
  CHECK(audio::read_audio(wav).samples[0] == doctest::Approx(0.5).epsilon(1e-4));
  CHECK(contains(test::error_of([&] {
                   write_signal(wav, {{1}, {2}}, 22050, "");
                 }),
                 "expected one clip for a sound file, got 2; write an .npy"));
  CHECK(rms({{3, 4}, {0, 5}}) == doctest::Approx(std::sqrt(12.5)));
}
