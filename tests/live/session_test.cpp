// SPDX-License-Identifier: MIT
// The way from a source to a file, without a sound card.
#include "live/session.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "engine/signals.hpp"
#include "live/limiter.hpp"
#include "temporary.hpp"

using namespace glowvox;
using live::Got;
using test::contains;

namespace {

// A mel as a source.
class Frames : public live::FrameSource {
 public:
  explicit Frames(Mel mel) : mel_(std::move(mel)) {}
  Got next(float* frame, std::chrono::milliseconds /*wait*/) override {
    if (at_ == mel_.frames) return Got::kEnd;
    if (interrupt != nullptr && at_ == interrupt_at) *interrupt = true;
    std::copy_n(mel_.values.begin() + at_++ * mel_.bands, mel_.bands, frame);
    return Got::kFrame;
  }
  std::int64_t waiting() override { return mel_.frames - at_; }
  std::atomic<bool>* interrupt = nullptr;
  std::int64_t interrupt_at = 0;

 private:
  Mel mel_;
  std::int64_t at_ = 0;
};

struct Ran {
  live::Report report;
  std::vector<float> samples;
  std::vector<std::string> notices;
};

Ran play(const Vocoder& vocoder, Frames* source, std::atomic<bool>* interrupted) {
  const test::TemporaryDirectory folder;
  Ran ran;
  live::Outputs outputs;
  outputs.file = std::make_unique<audio::AudioWriter>(folder.file("out.wav"), 22050);
  live::SessionHooks hooks;
  hooks.notice = [&ran](const std::string& text) { ran.notices.push_back(text); };
  ran.report = live::run_session(vocoder, source, &outputs, {test::uncorrected(0.7, 3, 1), false},
                                 hooks, *interrupted);
  ran.samples = audio::read_audio(folder.file("out.wav")).samples;
  return ran;
}

std::vector<float> offline(const Vocoder& vocoder, const Mel& mel) {
  const test::TemporaryDirectory folder;
  audio::write_audio(folder.file("out.wav"), vocoder.synthesize(mel, test::uncorrected(0.7, 3, 1)),
                     22050);
  return audio::read_audio(folder.file("out.wav")).samples;
}

}  // namespace

TEST_CASE("a session makes what the whole utterance gives") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const Mel mel = test::speech_like_mel(vocoder.mel(), 60, 1);
  Frames source(mel);
  std::atomic<bool> interrupted{false};
  const Ran ran = play(vocoder, &source, &interrupted);
  CHECK(ran.samples == offline(vocoder, mel));
  CHECK(ran.report.frames == 60);
  CHECK(ran.report.malformed == 0);
  CHECK(ran.report.seconds == doctest::Approx(60 * 256 / 22050.0));
  CHECK(ran.report.real_time_factor > 0.0);
}

TEST_CASE("malformed frames are replaced by the one before, said once and counted") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  Mel mel = test::speech_like_mel(vocoder.mel(), 20, 1);
  Mel expected = mel;
  for (const std::int64_t bad : {7, 12}) {
    std::copy_n(mel.values.begin() + (bad - 1) * 80, 80, expected.values.begin() + bad * 80);
    mel.values[static_cast<std::size_t>(bad * 80 + 5)] = bad == 7 ? std::nanf("") : 99.0F;
  }
  Frames source(mel);
  std::atomic<bool> interrupted{false};
  const Ran ran = play(vocoder, &source, &interrupted);
  CHECK(ran.samples == offline(vocoder, expected));
  CHECK(ran.report.malformed == 2);
  REQUIRE(ran.notices.size() == 1);
  CHECK(ran.notices[0] == "frame 7: band 5 is not finite");
}

TEST_CASE("the limiter leaves speech alone, and turns down what its mel does not say") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const auto hop = static_cast<std::size_t>(vocoder.mel().hop_samples);
  for (const std::string name : {"kerstin", "lj", "nathalie", "vctk-p345", "cml-it-4712"}) {
    CAPTURE(name);
    std::vector<float> x = audio::load_mono(std::string(GLOWVOX_SAMPLES) + "/" + name + ".flac",
                                            vocoder.mel().sample_rate_hz, nullptr);
    const Mel mel = vocoder.mel_of(x.data(), static_cast<std::int64_t>(x.size()));
    live::Limiter limiter(vocoder.mel());
    std::int64_t limited = 0;
    const std::vector<float> before = x;
    for (std::size_t t = 0; (t + 1) * hop <= x.size(); ++t) {
      limiter.push_mel(&mel.values[t * 80]);
      limited += limiter.apply(&x[t * hop], hop);
    }
    CHECK(limited == 0);
    CHECK(x == before);
  }
  live::Limiter limiter(vocoder.mel());
  const std::vector<float> silence(80, static_cast<float>(mel_floor(vocoder.mel())));
  double most = 0.0;
  for (int t = 0; t < 40; ++t) {
    std::vector<float> noise(hop);
    for (std::size_t i = 0; i < hop; ++i) noise[i] = i % 2 == 0 ? 0.8F : -0.8F;
    limiter.push_mel(silence.data());
    CHECK(limiter.apply(noise.data(), hop) == static_cast<std::int64_t>(hop));
    if (t > 2) most = std::max(most, test::largest(noise));
  }
  CHECK(most < 0.004);  // -50 dB, which is the least that it turns down to
}

TEST_CASE("an interruption keeps what was made") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const Mel mel = test::speech_like_mel(vocoder.mel(), 60, 1);
  Frames source(mel);
  std::atomic<bool> interrupted{false};
  source.interrupt = &interrupted;
  source.interrupt_at = 30;
  const Ran ran = play(vocoder, &source, &interrupted);
  CHECK(ran.report.interrupted);
  const std::vector<float> whole = offline(vocoder, mel);
  CHECK(ran.samples.size() == 30 * 256);
  CHECK(std::equal(ran.samples.begin(), ran.samples.end(), whole.begin()));
}

TEST_CASE("algorithmic latency: a frame is heard in what its own push returns, an overlap late") {
  const Vocoder vocoder = Vocoder::load(test::kShippedModel);
  const std::int64_t hop = vocoder.mel().hop_samples;
  const Mel mel = test::speech_like_mel(vocoder.mel(), 40, 1);
  Mel changed = mel;
  constexpr std::int64_t kImpulse = 20;
  for (int band = 0; band < 80; ++band) changed.values[kImpulse * 80 + band] += 2.0F;
  Stream before(vocoder, test::uncorrected(0.7, 1, 1)),
      after(vocoder, test::uncorrected(0.7, 1, 1));
  std::int64_t given = 0, heard = -1, heard_at_frame = -1;
  for (std::int64_t t = 0; t < 40; ++t) {
    const Samples a = before.push(&mel.values[static_cast<std::size_t>(t * 80)], 1);
    const Samples b = after.push(&changed.values[static_cast<std::size_t>(t * 80)], 1);
    REQUIRE(a.count == b.count);
    for (std::size_t i = 0; i < a.count && heard < 0; ++i) {
      if (a.data[i] == b.data[i]) continue;
      heard = given + static_cast<std::int64_t>(i);
      heard_at_frame = t;
    }
    given += static_cast<std::int64_t>(a.count);
    // Every push: all samples up to the frame's own hop, less what `glowvox info` calls the
    // latency.
    CHECK(given == (t + 1) * hop - vocoder.look_ahead_samples() - vocoder.overlap_samples());
  }
  CHECK(heard_at_frame == kImpulse);  // no look-ahead
  // Where the lapped transform's block of that frame begins, a hop before the frame's own.
  CHECK(heard >= kImpulse * hop - vocoder.overlap_samples());
  CHECK(heard < kImpulse * hop - vocoder.overlap_samples() + 32);
}
