// SPDX-License-Identifier: MIT
#include "train/augment.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "train/batch_loader.hpp"
#include "train/sinc.hpp"
#include "train/trainer.hpp"
#include "train/training.hpp"

using namespace glowvox;

namespace {

constexpr int kRate = 22050;
constexpr std::int64_t kLength = 16000;

train::Samples as_clip(const std::vector<float>& x) {
  const auto samples = std::make_shared<std::vector<std::int16_t>>();
  for (const float v : x) samples->push_back(static_cast<std::int16_t>(std::lrint(v * 32767.0f)));
  return {samples, samples->data()};
}

std::vector<float> sine(double hz, std::int64_t count = 40000) {
  std::vector<float> x(static_cast<std::size_t>(count));
  for (std::size_t i = 0; i < x.size(); ++i)
    x[i] = static_cast<float>(0.5 * std::sin(2.0 * M_PI * hz * static_cast<double>(i) / kRate));
  return x;
}

std::vector<float> rendered(const train::SegmentPlan& plan, const std::vector<float>& x) {
  return train::render_sound(plan, 1, as_clip(x), static_cast<std::int64_t>(x.size()), kLength,
                             kRate);
}

double power(const std::vector<float>& x) {
  return std::inner_product(x.begin(), x.end(), x.begin(), 0.0) / static_cast<double>(x.size());
}

double db(double ratio) { return 10.0 * std::log10(ratio); }

// What is left of x when the best sine of this frequency is taken away, of its power.
double residue(const std::vector<float>& x, double hz) {
  double cc = 0.0, cs = 0.0, ss = 0.0, xc = 0.0, xs = 0.0, xx = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double angle = 2.0 * M_PI * hz * static_cast<double>(i) / kRate;
    const double c = std::cos(angle), s = std::sin(angle), v = x[i];
    cc += c * c;
    cs += c * s;
    ss += s * s;
    xc += v * c;
    xs += v * s;
    xx += v * v;
  }
  const double determinant = cc * ss - cs * cs;
  const double a = (xc * ss - xs * cs) / determinant, b = (xs * cc - xc * cs) / determinant;
  return std::max(1e-12, 1.0 - (a * xc + b * xs) / xx);
}

config::AugmentConfig everything() {
  config::AugmentConfig a;
  a.gain_db = 24.0;
  a.polarity = 0.5;
  a.speed.probability = a.low_pass.probability = a.noise.probability = 0.5;
  a.mel_blur.probability = 0.5;
  return a;
}

}  // namespace

TEST_CASE("a sound at another speed is a sound at another pitch, exactly") {
  for (const double speed : {0.8, 0.93, 1.0001, 1.25}) {
    train::SegmentPlan plan;
    plan.first = 3000;
    plan.speed = speed;
    const double hz = 1234.5;
    const auto x = rendered(plan, sine(hz));
    REQUIRE(x.size() == kLength);
    CAPTURE(speed);
    CHECK(db(power(x) / 0.125) == doctest::Approx(0.0).epsilon(0.01));
    CHECK(db(residue(x, hz * speed)) < -60.0);
    CHECK(db(residue(x, hz * speed * 1.001)) > -30.0);
  }
  // What would be beyond the Nyquist frequency does not come back from there.
  train::SegmentPlan fast;
  fast.first = 1000;
  fast.speed = 1.25;
  CHECK(db(power(rendered(fast, sine(9500.0))) / 0.125) < -60.0);
  CHECK(db(power(rendered(fast, sine(8000.0))) / 0.125) == doctest::Approx(0.0).epsilon(0.05));
}

TEST_CASE("a low-pass takes what is above it, and nothing below") {
  train::SegmentPlan plan;
  plan.first = 2000;
  plan.low_pass_hz = 4000.0;
  CHECK(std::abs(db(power(rendered(plan, sine(3700.0))) / 0.125)) < 0.05);
  CHECK(db(power(rendered(plan, sine(4300.0))) / 0.125) < -60.0);
  // It delays nothing: what passes is where it was.
  const auto x = sine(500.0), y = rendered(plan, x);
  for (std::size_t i = 0; i < y.size(); i += 100)
    CHECK(y[i] == doctest::Approx(x[i + 2000]).epsilon(1e-3));
}

TEST_CASE("noise has the level and the colour that were drawn") {
  for (const bool like_speech : {false, true})
    for (const double snr : {10.0, 40.0}) {
      train::SegmentPlan plan;
      plan.index = 5;
      plan.noise = true;
      plan.noise_like_speech = like_speech;
      plan.noise_db = snr;
      const auto clean = rendered({}, sine(1000.0));
      auto noise = rendered(plan, sine(1000.0));
      std::transform(noise.begin(), noise.end(), clean.begin(), noise.begin(), std::minus<>());
      CHECK(db(power(clean) / power(noise)) == doctest::Approx(snr).epsilon(1e-3));
      std::vector<float> steps(noise.size() - 1);  // white: twice the power
      for (std::size_t i = 0; i < steps.size(); ++i) steps[i] = noise[i + 1] - noise[i];
      CHECK(power(steps) / power(noise) == doctest::Approx(like_speech ? 0.266 : 2.0).epsilon(0.1));
    }
  train::SegmentPlan one, other;
  one.noise = other.noise = true;
  other.index = 1;
  CHECK(rendered(one, sine(100.0)) != rendered(other, sine(100.0)));
}

TEST_CASE("gain and polarity scale, silence lies beyond a clip's ends") {
  train::SegmentPlan plan;
  plan.gain = -0.25;
  const auto x = sine(700.0, 10000), y = rendered(plan, x);
  for (std::size_t i = 0; i < x.size(); i += 50)
    CHECK(y[i] == doctest::Approx(-0.25 * x[i]).epsilon(1e-3));
  CHECK(y[10000] == 0.0f);
  CHECK(y.back() == 0.0f);
}

TEST_CASE("plans are drawn as the configuration says, each decision by itself") {
  const config::AugmentConfig all = everything();
  config::AugmentConfig gain_alone;
  gain_alone.gain_db = 24.0;
  int faster = 0, negative = 0, filtered = 0, noisy = 0, blurred = 0;
  double mean_db = 0.0, mean_log_speed = 0.0;
  constexpr int kPlans = 4000;
  for (int i = 0; i < kPlans; ++i) {
    const auto p = train::draw_augmentation(all, 3, static_cast<std::uint64_t>(i));
    CHECK(std::abs(p.gain) ==
          train::draw_augmentation(gain_alone, 3, static_cast<std::uint64_t>(i)).gain);
    const double gain_db = 20.0 * std::log10(std::abs(p.gain));
    CHECK(gain_db <= 0.0);
    CHECK(gain_db >= -24.0);
    mean_db += gain_db / kPlans;
    negative += p.gain < 0.0;
    CHECK(p.speed >= 0.8);
    CHECK(p.speed <= 1.25);
    faster += p.speed != 1.0;
    mean_log_speed += std::log(p.speed) / kPlans;
    filtered += p.low_pass_hz > 0.0;
    noisy += p.noise;
    blurred += p.smoothing.frames > 0.0;
    if (p.noise) CHECK(p.noise_db >= 20.0);
  }
  CHECK(mean_db == doctest::Approx(-8.0).epsilon(0.05));  // a third of 24
  CHECK(std::abs(mean_log_speed) < 0.01);
  for (const int count : {faster, negative, filtered, noisy, blurred})
    CHECK(count == doctest::Approx(kPlans / 2).epsilon(0.06));
  const auto usual = train::draw_augmentation({}, 3, 17);
  CHECK(usual.gain == 1.0);
  CHECK(usual.speed == 1.0);
  CHECK(usual.low_pass_hz == 0.0);
  CHECK(!usual.noise);
  CHECK(usual.smoothing.noise == 0.0);
}

TEST_CASE("a blurred mel is smooth over time and bands, and keeps its level") {
  const std::int64_t frames = 40, bands = 20;
  std::vector<float> mel(frames * bands, 1.0f);
  train::SegmentPlan plan;
  plan.smoothing.frames = 1.5;
  plan.smoothing.bands = 1.0;
  train::render_mel(plan, 1, frames, bands, mel.data());
  for (const float v : mel) CHECK(v == doctest::Approx(1.0f));
  std::fill(mel.begin(), mel.end(), 0.0f);
  mel[20 * bands + 10] = 1.0f;
  train::render_mel(plan, 1, frames, bands, mel.data());
  CHECK(std::accumulate(mel.begin(), mel.end(), 0.0) == doctest::Approx(1.0).epsilon(1e-3));
  // The tops of two Gaussians, and one step along either.
  CHECK(mel[20 * bands + 10] == doctest::Approx(1.0 / (2.0 * M_PI * 1.5)).epsilon(0.02));
  CHECK(mel[21 * bands + 10] / mel[20 * bands + 10] ==
        doctest::Approx(std::exp(-0.5 / 2.25)).epsilon(1e-3));
  CHECK(mel[20 * bands + 11] / mel[20 * bands + 10] ==
        doctest::Approx(std::exp(-0.5)).epsilon(1e-3));
  std::fill(mel.begin(), mel.end(), 0.0f);
  plan = {};
  plan.smoothing.noise = 0.2;
  train::render_mel(plan, 1, frames, bands, mel.data());
  CHECK(std::sqrt(power(mel)) == doctest::Approx(0.2).epsilon(0.1));
}

TEST_CASE("augmented batches are functions of seed and step, shared by ranks and resumed") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  const train::Corpus corpus(speech.folder(), kRate, test::ignore);
  const train::SegmentSampler plain(corpus, config, 32, 1, test::ignore);
  config.train.augment = everything();
  const train::SegmentSampler sampler(corpus, config, 32, 1, test::ignore);
  const train::SegmentSampler again(corpus, config, 32, 1, test::ignore);
  train::BatchLoader second(sampler, {4, 4, 1}, 0, 3);
  for (int step = 0; step < 10; ++step) {
    const train::Batch batch = sampler.batch(step), same = again.batch(step), half = second.next();
    CHECK(torch::equal(batch.audio, same.audio));
    CHECK(torch::equal(batch.mel, same.mel));
    CHECK(torch::equal(batch.audio.narrow(0, 4, 4), half.audio));
    CHECK(torch::equal(batch.mel.narrow(0, 4, 4), half.mel));
    CHECK(!torch::equal(batch.audio, plain.batch(step).audio));
    CHECK(batch.audio.isfinite().all().item<bool>());
    CHECK(batch.mel.isfinite().all().item<bool>());
  }
  // No part of it alone changes what the others do not touch: a mel's blur leaves the sound.
  config.train.augment = {};
  config.train.augment.mel_blur.probability = 1.0;
  const train::SegmentSampler blurred(corpus, config, 32, 1, test::ignore);
  CHECK(torch::equal(blurred.batch(2).audio, plain.batch(2).audio));
  CHECK(!torch::equal(blurred.batch(2).mel, plain.batch(2).mel));
  // Switched on without an effect it changes nothing.
  config.train.augment = {};
  config.train.augment.speed = {1.0, 1.0, 1.0};
  config.train.augment.mel_blur = {1.0, 0.0, 0.0, 0.0};
  const train::SegmentSampler none(corpus, config, 32, 1, test::ignore);
  for (int step = 0; step < 4; ++step) {
    CHECK(torch::equal(none.batch(step).audio, plain.batch(step).audio));
    CHECK(torch::equal(none.batch(step).mel, plain.batch(step).mel));
  }

  config.train.augment = everything();
  const auto weights = [](train::Trainer& trainer) {
    return torch::cat([&] {
      std::vector<torch::Tensor> all;
      for (const auto& p : trainer.model().parameters()) all.push_back(p.detach().flatten());
      return all;
    }());
  };
  train::Trainer whole(config, speech.folder(), 1, test::ignore);
  whole.initialize();
  safetensors::Safetensors middle;
  for (int i = 0; i < 8; ++i) {
    if (i == 3) middle = whole.checkpoint();
    whole.step(i / 8.0);
  }
  train::Trainer resumed(config, speech.folder(), 1, test::ignore);
  resumed.restore(middle, "c");
  for (int i = 3; i < 8; ++i) resumed.step(i / 8.0);
  CHECK(torch::equal(weights(whole), weights(resumed)));
}

// A clip of exactly one segment's length cannot be sped up, but can be slowed down.
TEST_CASE("segments at other speeds stay within their clips") {
  const test::TemporaryDirectory folder;
  config::ModelConfig config = test::tiny();
  const std::vector<float> all = test::speech();
  audio::write_audio(folder.file("a.wav"), {all.begin() + 4000, all.begin() + 6500}, kRate);
  const train::Corpus corpus(folder.file(""), kRate, test::ignore);
  config.train.augment.speed = {1.0, 0.8, 1.25};
  const train::SegmentSampler sampler(corpus, config, 32, 1, test::ignore);
  double fastest = 0.0, slowest = 2.0;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const train::SegmentPlan plan = sampler.plan(i);
    fastest = std::max(fastest, plan.speed);
    slowest = std::min(slowest, plan.speed);
    CHECK(plan.first >= 0);
    CHECK(plan.first < corpus.samples(0));
  }
  CHECK(fastest < 1.2);
  CHECK(slowest < 0.82);
}
