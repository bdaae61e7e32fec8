// SPDX-License-Identifier: MIT
#include "engine/finishing.hpp"

#include <utility>

namespace glowvox::engine {

Finishing::Finishing(const MelSpec& spec, const Options& o) : bands_(spec.bands) {
  if (o.bias.empty() && o.corrections == 0) return;
  aside_ = o.aside;
  if (!o.bias.empty() && o.threads > 1) team_ = std::make_unique<ThreadTeam>(o.threads);
  // What the flow gives beyond the frames' own samples, and what a filter had not yet given.
  const auto most_samples =
      static_cast<std::size_t>((o.most_frames + 1) * spec.hop_samples + spec.n_fft);
  if (!o.bias.empty())
    denoiser_ = std::make_unique<Denoiser>(o.bias, spec.n_fft, o.bias_hop, o.denoise, most_samples,
                                           team_.get());
  if (o.corrections > 0) {
    const std::int64_t transform = spec.n_fft / spec.hop_samples + 1;
    const std::int64_t waiting = o.most_frames + o.frames_ahead + (denoiser_ ? 2 : 1) * transform;
    correction_ = std::make_unique<MelCorrection>(
        spec, o.corrections, denoiser_ ? 0 : o.ahead_samples, waiting, most_samples);
  }
  now_.reserve(most_samples);
  if (denoiser_) denoised_.samples.reserve(most_samples);
}

void Finishing::push_mel(const float* frames, std::int64_t count) {
  if (!correction_) return;
  if (aside_)
    mel_.insert(mel_.end(), frames, frames + count * bands_);
  else
    correction_->push_mel(frames, count);
}

Finishing::~Finishing() {
  if (!aside_) return;
  try {
    aside_->finish_aside();
  } catch (...) {  // nobody waits for what it was to give
  }
}

const std::vector<float>& Finishing::take(const FlowOutput& made, bool last) {
  if (!aside_) return run(made, last);
  given_.clear();
  const auto wait = [this] {
    aside_->finish_aside();
    given_.insert(given_.end(), now_.begin(), now_.end());
    now_.clear();
  };
  wait();
  input_ = made;
  if (correction_)
    correction_->push_mel(mel_.data(), static_cast<std::int64_t>(mel_.size()) / bands_);
  mel_.clear();
  aside_->start_aside([this, last] { run(input_, last); });
  if (last) wait();
  return given_;
}

const std::vector<float>& Finishing::run(const FlowOutput& made, bool last) {
  if (!denoiser_ && !correction_) return made.samples;
  now_.clear();
  if (!correction_) {
    denoiser_->push(made.samples.data(), made.samples.size(), &now_);
    if (last) denoiser_->finish(&now_);
    return now_;
  }
  if (denoiser_) {
    // What is ahead has not passed the denoiser, which is late itself.
    denoised_.clear();
    denoiser_->push(made.samples.data(), made.samples.size(), &denoised_.samples);
    if (last) denoiser_->finish(&denoised_.samples);
  }
  const FlowOutput& from = denoiser_ ? denoised_ : made;
  correction_->push(from, &now_);
  if (last) correction_->finish(&now_);
  return now_;
}

}  // namespace glowvox::engine
