// SPDX-License-Identifier: MIT
#include "engine/finishing.hpp"

#include <utility>

namespace glowvox::engine {

Finishing::Finishing(const MelSpec& spec, const Options& o) {
  if (o.bias.empty() && o.corrections == 0) return;
  if (o.threads > 1) team_ = std::make_unique<ThreadTeam>(o.threads);
  // What the flow gives beyond the frames' own samples, and what a filter had not yet given.
  const auto most_samples =
      static_cast<std::size_t>((o.most_frames + 1) * spec.hop_samples + spec.n_fft);
  if (!o.bias.empty())
    denoiser_ = std::make_unique<Denoiser>(o.bias, spec.n_fft, o.bias_hop, o.denoise, most_samples,
                                           team_.get());
  std::int64_t waiting = o.most_frames + o.frames_ahead;
  if (denoiser_) waiting += spec.n_fft / spec.hop_samples + 1;
  for (int i = 0; i < o.corrections; ++i) {
    // Each pass is later than the one before.
    waiting += spec.n_fft / spec.hop_samples + 1;
    corrections_.push_back(
        std::make_unique<MelCorrection>(spec, waiting, most_samples, team_.get()));
  }
  now_.reserve(most_samples);
  next_.reserve(most_samples);
}

void Finishing::push_mel(const float* frames, std::int64_t count) {
  for (const auto& pass : corrections_) pass->push_mel(frames, count);
}

const std::vector<float>& Finishing::run(const std::vector<float>& samples, bool last) {
  if (!denoiser_ && corrections_.empty()) return samples;
  const std::vector<float>* from = &samples;
  const auto through = [&](auto& filter) {
    next_.clear();
    filter.push(from->data(), from->size(), &next_);
    if (last) filter.finish(&next_);
    now_.swap(next_);
    from = &now_;
  };
  if (denoiser_) through(*denoiser_);
  for (const auto& pass : corrections_) through(*pass);
  return now_;
}

}  // namespace glowvox::engine
