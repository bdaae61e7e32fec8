// SPDX-License-Identifier: MIT
#include "train/augment.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "dsp/mel_analysis.hpp"
#include "train/sinc.hpp"

namespace glowvox::train {

namespace {

constexpr float kFullScale = 32768.0f;
constexpr std::uint32_t kPlanStream = 3, kBackgroundStream = 4, kMelStream = 5;
constexpr std::uint64_t kUniforms = 16;  // of a plan
// A resampled sound's slope begins here, of the lower of the two Nyquist frequencies.
constexpr double kPassed = 0.97;
constexpr int kPhases = 128;
constexpr double kSpeechCornerHz = 500.0;

// Values of one segment's noise: no two segments share any.
void fill_noise(std::uint64_t seed, std::uint32_t stream, std::uint64_t index,
                std::vector<float>& out) {
  constexpr int kBitsOfSegment = 22;
  constexpr std::uint64_t kIndices = std::uint64_t{1} << (62 - kBitsOfSegment);
  const auto first = static_cast<std::int64_t>((index % kIndices) << kBitsOfSegment);
  fill_normal(seed, stream, 0, first, static_cast<std::int64_t>(out.size()), out.data());
}

double rms(const std::vector<float>& x) {
  double sum = 0.0;
  for (const float v : x) sum += static_cast<double>(v) * v;
  return std::sqrt(sum / static_cast<double>(x.size()));
}

// Samples [first, first + count) of a clip, silence beyond its ends.
std::vector<float> cut(const Samples& clip, std::int64_t clip_samples, std::int64_t first,
                       std::int64_t count) {
  std::vector<float> out(static_cast<std::size_t>(count), 0.0f);
  const std::int64_t from = std::clamp<std::int64_t>(first, 0, clip_samples);
  const std::int64_t to = std::clamp<std::int64_t>(first + count, from, clip_samples);
  std::transform(clip.get() + from, clip.get() + to,
                 out.begin() + std::max<std::int64_t>(0, from - first),
                 [](std::int16_t v) { return static_cast<float>(v) / kFullScale; });
  return out;
}

// `count` samples of the clip at first, first + speed, ...
std::vector<float> resampled(const Samples& clip, std::int64_t clip_samples, double first,
                             double speed, std::int64_t count) {
  const Sinc sinc(0.5 * kPassed / std::max(1.0, speed), kPhases);
  const auto base = static_cast<std::int64_t>(std::floor(first)) - sinc.reach();
  const std::int64_t needed = span_of(count, speed) + 2 * sinc.reach() + 2;
  const std::vector<float> x = cut(clip, clip_samples, base, needed);
  std::vector<float> out(static_cast<std::size_t>(count));
  for (std::int64_t n = 0; n < count; ++n) {
    const double place = first + static_cast<double>(n) * speed - static_cast<double>(base);
    const double whole = std::floor(place);
    out[static_cast<std::size_t>(n)] =
        sinc.at(x.data() + static_cast<std::int64_t>(whole), place - whole);
  }
  return out;
}

void add_noise(const SegmentPlan& plan, std::uint64_t seed, int sample_rate_hz,
               std::vector<float>& x) {
  std::vector<float> noise(x.size());
  fill_noise(seed, kBackgroundStream, plan.index, noise);
  if (plan.noise_like_speech) {
    // One pole of unit variance, which it has from the first sample on.
    const double pole = std::exp(-2.0 * M_PI * kSpeechCornerHz / sample_rate_hz);
    const double fresh = std::sqrt(1.0 - pole * pole);
    double state = noise.front();
    for (float& v : noise) {
      state = pole * state + fresh * v;
      v = static_cast<float>(state);
    }
  }
  const auto level =
      static_cast<float>(rms(x) * std::pow(10.0, -plan.noise_db / 20.0) / rms(noise));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] += level * noise[i];
}

}  // namespace

SegmentPlan draw_augmentation(const config::AugmentConfig& c, std::uint64_t seed,
                              std::uint64_t index) {
  // Each decision has a number of its own: switching one on changes no other.
  enum {
    kGain,
    kSign,
    kFaster,
    kSpeed,
    kCut,
    kCutoff,
    kNoise,
    kColour,
    kSnr,
    kBlur,
    kAlong,
    kAcross,
    kMelNoise
  };
  const auto uniform = [&](std::uint64_t which) {
    return uniform_at(seed, kPlanStream, index * kUniforms + which);
  };
  const auto between = [](double u, double least, double most) {
    return least + u * (most - least);
  };
  const auto log_between = [](double u, double least, double most) {
    return least * std::pow(most / least, u);
  };
  SegmentPlan plan;
  plan.index = index;
  const double u = uniform(kGain);
  if (c.gain_db > 0.0) plan.gain = std::pow(10.0, -c.gain_db * u * u / 20.0);
  if (uniform(kSign) < c.polarity) plan.gain = -plan.gain;
  if (uniform(kFaster) < c.speed.probability)
    plan.speed = log_between(uniform(kSpeed), c.speed.least, c.speed.most);
  if (uniform(kCut) < c.low_pass.probability)
    plan.low_pass_hz = log_between(uniform(kCutoff), c.low_pass.least_hz, c.low_pass.most_hz);
  if (uniform(kNoise) < c.noise.probability) {
    plan.noise = true;
    plan.noise_like_speech = uniform(kColour) < 0.5;
    plan.noise_db = between(uniform(kSnr), c.noise.least_db, c.noise.most_db);
  }
  if (uniform(kBlur) < c.mel_blur.probability) {
    plan.smoothing = {uniform(kAlong) * c.mel_blur.frames, uniform(kAcross) * c.mel_blur.bands,
                      uniform(kMelNoise) * c.mel_blur.noise};
  }
  return plan;
}

std::int64_t span_of(std::int64_t length, double speed) {
  return static_cast<std::int64_t>(std::floor(static_cast<double>(length - 1) * speed)) + 1;
}

std::vector<float> render_sound(const SegmentPlan& plan, std::uint64_t seed, const Samples& clip,
                                std::int64_t clip_samples, std::int64_t length,
                                int sample_rate_hz) {
  // A filter looks beyond both ends of what it gives.
  std::unique_ptr<const Sinc> low_pass;
  if (plan.low_pass_hz > 0.0)
    low_pass = std::make_unique<Sinc>(std::min(0.5, plan.low_pass_hz / sample_rate_hz), 1);
  const std::int64_t around = low_pass ? low_pass->reach() : 0;
  const std::int64_t count = length + 2 * around;
  std::vector<float> x =
      plan.speed == 1.0
          ? cut(clip, clip_samples, plan.first - around, count)
          : resampled(clip, clip_samples,
                      static_cast<double>(plan.first) - static_cast<double>(around) * plan.speed,
                      plan.speed, count);
  if (plan.noise) add_noise(plan, seed, sample_rate_hz, x);
  if (low_pass) {
    std::vector<float> filtered(static_cast<std::size_t>(length));
    for (std::int64_t n = 0; n < length; ++n)
      filtered[static_cast<std::size_t>(n)] = low_pass->at(x.data() + around + n, 0.0);
    x = std::move(filtered);
  }
  if (plan.gain != 1.0)
    for (float& v : x) v *= static_cast<float>(plan.gain);
  return x;
}

void render_mel(const SegmentPlan& plan, std::uint64_t seed, std::int64_t frames,
                std::int64_t bands, float* mel) {
  dsp::blur_mel(plan.smoothing, frames, bands, mel);
  if (plan.smoothing.noise > 0.0) {
    std::vector<float> noise(static_cast<std::size_t>(frames * bands));
    fill_noise(seed, kMelStream, plan.index, noise);
    for (std::size_t i = 0; i < noise.size(); ++i)
      mel[i] += static_cast<float>(plan.smoothing.noise) * noise[i];
  }
}

void amplify_mel(double gain, const MelSpec& spec, Mel* mel) {
  const double factor = std::pow(std::abs(gain), spec.power);
  if (factor == 1.0) return;
  for (float& value : mel->values)
    value = static_cast<float>(dsp::stored(dsp::unstored(value, spec) * factor, spec));
}

}  // namespace glowvox::train
