// SPDX-License-Identifier: MIT
// What is done to a segment's sound and mel: drawn as a plan of numbers, carried out apart from it.
#pragma once

#include <cstdint>
#include <vector>

#include "config/model_config.hpp"
#include "dsp/mel_smoothing.hpp"
#include "train/clip_source.hpp"

namespace glowvox::train {

// A segment of training data, a function of the run's seed and the segment's index; whoever renders
// it needs nothing else. What it usually is leaves the recording as it is.
struct SegmentPlan {
  std::uint64_t index = 0;  // of the segment in the run; its noises are functions of it
  std::size_t clip = 0;
  std::int64_t first = 0;  // the clip's sample that the stretch begins with

  // In this order:
  double speed = 1.0;              // sample n of the stretch is the clip's at first + n * speed
  bool noise = false;              // added
  bool noise_like_speech = false;  // 6 dB an octave less above 500 Hz; else white
  double noise_db = 0.0;           // of the stretch's level above the noise's
  double low_pass_hz = 0.0;        // 0: none
  double gain = 1.0;               // negative: the other sign

  dsp::MelSmoothing smoothing;  // of the mel alone

  // The mel is the one that an acoustic model has predicted. Of the above, the gain is all that is
  // done then: to both.
  bool predicted = false;
};

// Draws all but clip and first.
SegmentPlan draw_augmentation(const config::AugmentConfig& config, std::uint64_t seed,
                              std::uint64_t index);

// Samples of the clip that a stretch of `length` takes at a speed.
std::int64_t span_of(std::int64_t length, double speed);

// The stretch of `length` samples; where it looks beyond the clip's ends, there is silence.
std::vector<float> render_sound(const SegmentPlan& plan, std::uint64_t seed, const Samples& clip,
                                std::int64_t clip_samples, std::int64_t length, int sample_rate_hz);

// mel: [frames, bands], in place.
void render_mel(const SegmentPlan& plan, std::uint64_t seed, std::int64_t frames,
                std::int64_t bands, float* mel);

// The mel of the same sound times `gain`, a floor staying where it is; of its size, where negative.
void amplify_mel(double gain, const MelSpec& spec, Mel* mel);

}  // namespace glowvox::train
