// SPDX-License-Identifier: MIT
#include <algorithm>
#include <cmath>

#include "core/atomic_file.hpp"
#include "model/flow_vocoder.hpp"
#include "train/batch_loader.hpp"
#include "train/segment_sampler.hpp"
#include "train/training.hpp"
#include "train/validation.hpp"

using namespace glowvox;

TEST_CASE("a batch is a function of seed and step, whatever the number of threads") {
  const test::SpeechFolder speech;
  const config::ModelConfig config = test::tiny();
  const train::Corpus corpus(speech.folder(), 22050, test::ignore);
  const train::SegmentSampler sampler(corpus, config, 32, 1, test::ignore);
  const train::SegmentSampler other(corpus, config, 32, 2, test::ignore);
  CHECK(!torch::equal(sampler.batch(3).audio, other.batch(3).audio));
  CHECK(!torch::equal(sampler.batch(3).audio, sampler.batch(4).audio));
  for (const int threads : {1, 3}) {
    train::BatchLoader loader(sampler, {0, config.train.batch, 1}, 3, threads);
    for (int step = 3; step < 12; ++step) {
      const train::Batch got = loader.next(), expected = sampler.batch(step);
      CHECK(torch::equal(got.audio, expected.audio));
      CHECK(torch::equal(got.mel, expected.mel));
    }
    // The second of two ranks, in two passes.
    train::BatchLoader share(sampler, {4, 2, 2}, 3, threads);
    for (int step = 3; step < 6; ++step)
      for (const int first : {4, 6}) {
        const train::Batch got = share.next();
        CHECK(torch::equal(got.audio, sampler.batch(step).audio.narrow(0, first, 2)));
        CHECK(torch::equal(got.mel, sampler.batch(step).mel.narrow(0, first, 2)));
      }
  }
}

// Finds every segment in its clip and compares its mel with the whole file's at that place.
TEST_CASE("a segment's mel is the one that the whole file has there, in every alignment") {
  const test::TemporaryDirectory folder;
  const std::vector<float> all = test::speech();
  audio::write_audio(folder.file("a.wav"), all, 22050);
  const train::Corpus corpus(folder.file(""), 22050, test::ignore);
  for (const auto alignment : {config::MelAlignment::kAsIs, config::MelAlignment::kHopCenter}) {
    for (const auto padding : {MelPadding::kReflect, MelPadding::kHop}) {
      config::ModelConfig config = test::tiny();
      config.alignment = alignment;
      config.mel.padding = padding;
      const std::int64_t margin = 32, hop = config.mel.hop_samples;
      const train::SegmentSampler sampler(corpus, config, margin, 1, test::ignore);
      const train::Batch batch = sampler.batch(0);
      const std::vector<float> clip = corpus.load(0);
      const float* segment = batch.audio[0].data_ptr<float>() + margin;
      // The place is where the samples agree to within the dequantisation noise.
      std::int64_t place = -1;
      for (std::int64_t p = 0; p + 2000 < static_cast<std::int64_t>(clip.size()) && place < 0;
           ++p) {
        bool same = true;
        for (int i = 0; i < 2000 && same; ++i)
          same = std::abs(segment[i] - clip[p + i]) <= 0.5001f / 32768.0f;
        if (same) place = p;
      }
      REQUIRE(place >= margin);
      // A file that starts at the segment, moved by whole hops into its inside.
      const std::int64_t before = 4 * hop;
      const std::vector<float> from(clip.begin() + (place - before), clip.end());
      const Mel whole = log_mel(from.data(), static_cast<std::int64_t>(from.size()), config.mel,
                                config::alignment_shift_samples(config));
      double worst = 0.0;
      for (std::int64_t t = 0; t < config.train.segment_frames; ++t)
        for (std::int64_t b = 0; b < config.mel.bands; ++b)
          worst = std::max<double>(worst, std::abs(batch.mel[0][t][b].item<float>() -
                                                   whole.values[(t + 4) * config.mel.bands + b]));
      CHECK(worst < 0.2);  // the noise of dequantisation in quiet bands
    }
  }
}

TEST_CASE("clips shorter than a segment are left out, silent ones are drawn again") {
  const test::TemporaryDirectory folder;
  const std::vector<float> all = test::speech();
  audio::write_audio(folder.file("short.wav"), {all.begin(), all.begin() + 1000}, 22050);
  std::string notices;
  const auto note = [&](const std::string& n) { notices += n; };
  {
    const train::Corpus corpus(folder.file(""), 22050, test::ignore);
    CHECK(test::contains(
        test::error_of([&] { train::SegmentSampler(corpus, test::tiny(), 32, 1, note); }),
        "training data: expected clips of"));
  }
  audio::write_audio(folder.file("speech.wav"), all, 22050);
  audio::write_audio(folder.file("silence.wav"), std::vector<float>(40000, 0.0f), 22050);
  const train::Corpus corpus(folder.file(""), 22050, test::ignore);
  const train::SegmentSampler sampler(corpus, test::tiny(), 32, 1, note);
  CHECK(test::contains(notices, "1 of 3 clips are shorter than a training segment"));
  for (int step = 0; step < 4; ++step)
    CHECK(sampler.batch(step).audio.square().mean(1).sqrt().min().item<float>() > 2e-4f);
}

TEST_CASE("dequantisation is uniform over one 16-bit step") {
  std::vector<float> x(40000, 0.0f);
  train::dequantise(x, 1, 0, 0);
  double sum = 0.0, square = 0.0;
  for (const float v : x) {
    CHECK(std::abs(v) <= 0.5f / 32768.0f);
    sum += v;
    square += static_cast<double>(v) * v;
  }
  CHECK(sum / x.size() * 32768.0 == doctest::Approx(0.0).epsilon(0.01));
  CHECK(square / x.size() * 32768.0 * 32768.0 == doctest::Approx(1.0 / 12.0).epsilon(0.02));
}

TEST_CASE("a clip that cannot be read any more is left out and told once") {
  const test::SpeechFolder speech;
  const config::ModelConfig config = test::tiny();
  const train::Corpus corpus(speech.folder(), 22050, test::ignore);
  const train::SegmentSampler sampler(corpus, config, 32, 1, test::ignore);
  write_file(speech.file("a.wav"), "gone");
  for (int draw = 0; draw < 4; ++draw)
    CHECK(sampler.files(draw) == std::vector<std::string>{speech.file("b.flac")});
  const auto told = sampler.take_unreadable();
  REQUIRE(told.size() == 1);
  CHECK(test::contains(told[0], "a.wav"));
  CHECK(sampler.take_unreadable().empty());
  write_file(speech.file("b.flac"), "gone");
  const train::Corpus empty(test::SpeechFolder().folder(), 22050, test::ignore);
  const train::SegmentSampler nothing(empty, config, 32, 1, test::ignore);  // its folder is gone
  CHECK(test::contains(test::error_of([&] { nothing.batch(0); }), "cannot be read"));
}
