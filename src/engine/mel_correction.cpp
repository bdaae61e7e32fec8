// SPDX-License-Identifier: MIT
#include "engine/mel_correction.hpp"

#include <algorithm>
#include <cmath>

namespace glowvox::engine {

MelCorrection::MelCorrection(const MelSpec& spec, std::int64_t most_frames,
                             std::size_t most_samples, ThreadTeam* team)
    : spec_(spec),
      natural_log_(spec),
      analysis_(dsp::mel_analysis(spec)),
      frames_(analysis_->window, spec.hop_samples, frame_center_samples(spec) - spec.n_fft / 2,
              most_samples, team, [this](const OverlapAdd::Frame& frame) { correct(frame); }) {
  const auto bins = static_cast<std::size_t>(spec.n_fft) / 2 + 1;
  const auto bands = static_cast<std::size_t>(spec.bands);
  for (int thread = 0; thread < (team != nullptr ? team->size() : 1); ++thread)
    scratch_.push_back(
        {std::vector<float>(bins), std::vector<float>(bands), std::vector<float>(bands + 1)});
  targets_.reserve(static_cast<std::size_t>(most_frames) * bands);
  const std::vector<double> centers = dsp::band_centers_hz(spec);
  for (std::size_t k = 0; k < bins; ++k) {
    const double hz = static_cast<double>(k) * spec.sample_rate_hz / spec.n_fft;
    const auto above = static_cast<std::size_t>(
        std::upper_bound(centers.begin(), centers.end(), hz) - centers.begin());
    const std::size_t lower = above == 0 ? 0 : above - 1;
    const bool between = above > 0 && above < bands;
    lower_.push_back(static_cast<int>(lower));
    share_.push_back(
        between ? static_cast<float>((hz - centers[lower]) / (centers[above] - centers[lower]))
                : 0.0F);
  }
}

void MelCorrection::push_mel(const float* frames, std::int64_t count) {
  const std::size_t values = static_cast<std::size_t>(count * spec_.bands);
  std::transform(frames, frames + values, std::back_inserter(targets_), natural_log_);
}

std::int64_t MelCorrection::frame_of(std::int64_t first_sample) const {
  return (first_sample + spec_.n_fft / 2 - frame_center_samples(spec_)) / spec_.hop_samples;
}

void MelCorrection::push(const float* samples, std::size_t count, std::vector<float>* out) {
  samples_ += static_cast<std::int64_t>(count);
  frames_.push(samples, count, out);
  // No frame that is still to come ends before the last sample so far.
  const auto bands = static_cast<std::int64_t>(spec_.bands);
  const std::int64_t there = static_cast<std::int64_t>(targets_.size()) / bands;
  const std::int64_t done =
      std::clamp<std::int64_t>(frame_of(samples_ - spec_.n_fft) - first_target_, 0, there);
  targets_.erase(targets_.begin(), targets_.begin() + done * bands);
  first_target_ += done;
}

void MelCorrection::correct(const OverlapAdd::Frame& frame) {
  const std::int64_t t = frame_of(frame.first);
  const auto bands = static_cast<std::size_t>(spec_.bands);
  const auto there = static_cast<std::int64_t>(targets_.size() / bands);
  if (!frame.whole || t < first_target_ || t >= first_target_ + there) return;
  Scratch& s = scratch_[static_cast<std::size_t>(frame.thread)];
  dsp::mel_frame(frame.spectrum, spec_, *analysis_, s.magnitudes.data(), s.mel.data());
  const float* target = &targets_[static_cast<std::size_t>(t - first_target_) * bands];
  const float most = std::log(kMostGain);
  for (std::size_t b = 0; b < bands; ++b)
    s.gains[b] = std::clamp(kStrength * (target[b] - natural_log_(s.mel[b])), -most, most);
  s.gains[bands] = s.gains[bands - 1];
  for (std::size_t k = 0; k < lower_.size(); ++k) {
    const auto lower = static_cast<std::size_t>(lower_[k]);
    const float low = s.gains[lower];
    frame.spectrum[k] *= std::exp(low + share_[k] * (s.gains[lower + 1] - low));
  }
}

}  // namespace glowvox::engine
