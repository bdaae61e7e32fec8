// SPDX-License-Identifier: MIT
#include "engine/overlap_add.hpp"

#include <algorithm>
#include <utility>

namespace glowvox::engine {

namespace {

// Zeros before the first sample, so that frames begin where they should.
std::size_t lead(std::size_t window, std::size_t hop, std::int64_t first_frame) {
  const auto step = static_cast<std::int64_t>(hop);
  const std::int64_t end = first_frame + static_cast<std::int64_t>(window);
  return static_cast<std::size_t>(((-end) % step + step) % step);
}

}  // namespace

OverlapAdd::OverlapAdd(const std::vector<double>& window, int hop, std::int64_t first_frame,
                       std::size_t most_samples, ThreadTeam* team, Change change)
    : window_(window.begin(), window.end()),
      norm_(static_cast<std::size_t>(hop)),
      hop_(static_cast<std::size_t>(hop)),
      team_(team),
      change_(std::move(change)),
      sum_(window.size(), 0.0F),
      pieces_(1),
      work_([this](int /*stage*/, int piece, int thread) {
        transform(static_cast<std::size_t>(piece), thread);
      }) {
  for (int thread = 0; thread < (team != nullptr ? team->size() : 1); ++thread)
    ffts_.push_back(std::make_unique<RealFft>(static_cast<int>(window.size())));
  // What the windows of all frames that cover a sample add up to, and the transform's own factor.
  std::vector<double> sums(hop_, 0.0);
  for (std::size_t i = 0; i < window.size(); ++i)
    sums[i % hop_] += window[i] * window[i] * static_cast<double>(window.size());
  for (std::size_t i = 0; i < hop_; ++i) norm_[i] = static_cast<float>(1.0 / sums[i]);
  const std::size_t before = window.size() - hop_ + lead(window.size(), hop_, first_frame);
  skip_ = before;
  first_ = -static_cast<std::int64_t>(before);
  in_.reserve(before + most_samples);
  changed_.reserve((most_samples / hop_ + 1) * window.size());
  in_.assign(before, 0.0F);
}

void OverlapAdd::transform(std::size_t frame, int thread) {
  const std::size_t n = window_.size();
  RealFft& fft = *ffts_[static_cast<std::size_t>(thread)];
  const float* x = &in_[frame * hop_];
  for (std::size_t i = 0; i < n; ++i) fft.time()[i] = x[i] * window_[i];
  fft.forward();
  const std::int64_t first = first_ + static_cast<std::int64_t>(frame * hop_);
  const bool whole =
      first >= 0 && first + static_cast<std::int64_t>(n) <= static_cast<std::int64_t>(taken_);
  change_({first, whole, thread, fft.spectrum()});
  fft.inverse();
  float* y = &changed_[frame * n];
  for (std::size_t i = 0; i < n; ++i) y[i] = fft.time()[i] * window_[i];
}

void OverlapAdd::take_frames(std::vector<float>* out) {
  const std::size_t n = window_.size();
  frames_ = in_.size() < n ? 0 : (in_.size() - n) / hop_ + 1;
  changed_.resize(frames_ * n);
  if (team_ != nullptr && frames_ > 1) {
    pieces_[0] = static_cast<int>(frames_);
    team_->run(pieces_, work_);
  } else {
    for (std::size_t frame = 0; frame < frames_; ++frame) transform(frame, 0);
  }
  for (std::size_t frame = 0; frame < frames_; ++frame) {
    const float* y = &changed_[frame * n];
    for (std::size_t i = 0; i < n; ++i) sum_[i] += y[i];
    const std::size_t skipped = std::min(skip_, hop_);
    const std::size_t count = std::min(hop_ - skipped, taken_ - given_);
    for (std::size_t i = skipped; i < skipped + count; ++i) out->push_back(sum_[i] * norm_[i]);
    skip_ -= skipped;
    given_ += count;
    std::copy(sum_.begin() + static_cast<std::ptrdiff_t>(hop_), sum_.end(), sum_.begin());
    std::fill(sum_.end() - static_cast<std::ptrdiff_t>(hop_), sum_.end(), 0.0F);
  }
  in_.erase(in_.begin(), in_.begin() + static_cast<std::ptrdiff_t>(frames_ * hop_));
  first_ += static_cast<std::int64_t>(frames_ * hop_);
}

void OverlapAdd::push(const float* samples, std::size_t count, std::vector<float>* out) {
  in_.insert(in_.end(), samples, samples + count);
  taken_ += count;
  take_frames(out);
}

void OverlapAdd::finish(std::vector<float>* out) {
  while (given_ < taken_) {
    in_.resize(window_.size(), 0.0F);
    take_frames(out);
  }
}

}  // namespace glowvox::engine
