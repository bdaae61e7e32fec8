// SPDX-License-Identifier: MIT
#include "train/sample_correction.hpp"

#include <algorithm>
#include <cmath>

#include "dsp/correction_rule.hpp"
#include "dsp/mel_analysis.hpp"

namespace glowvox::train {

namespace {

using Rule = dsp::CorrectionRule;

constexpr double kSmallestBinPower = 1e-12;  // added to a bin's, so that a root has a gradient

std::int64_t divided_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }

Tensor natural_log(const Tensor& mel, const MelSpec& spec) {
  const dsp::NaturalLog rule(spec);
  return (rule.is_taken ? mel.clamp_min(dsp::NaturalLog::kSmallest).log() : mel) * rule.factor;
}

}  // namespace

// What the changes of one turn share: the sound as far as it is known, from the older frame's first
// sample to the newer one's last, [B, W], and what frames have added to their sum there.
struct SampleCorrection::Turn {
  Tensor sound, added;
};

SampleCorrection::SampleCorrection(const config::ModelConfig& config)
    : spec_(config.mel),
      channels_(config.lift.channels),
      overlap_(config.lift.kind == config::LiftKind::kMdct ? channels_ : 0),
      start_(frame_center_samples(spec_) + config::alignment_shift_samples(config) -
             spec_.n_fft / 2) {
  const std::vector<double>& window = dsp::mel_analysis(spec_)->window;
  const Tensor w = torch::tensor(window, torch::kDouble);
  const std::int64_t hop = spec_.hop_samples;
  const std::int64_t hops = divided_up(w.size(0), hop);
  const Tensor squares = at::constant_pad_nd(w.square(), {0, hops * hop - w.size(0)});
  const Tensor norm = squares.view({hops, hop}).sum(0).repeat(hops + 1);
  tables_ = {w,
             w / norm.narrow(0, 0, w.size(0)),
             w.square(),
             torch::tensor(dsp::fade_in(spec_.hop_samples)),
             1.0 / norm,
             torch::tensor(mel_filterbank(spec_)).view({spec_.bands, -1}).t().contiguous(),
             torch::zeros({spec_.bands, spec_.n_fft / 2 + 1})};
  const std::vector<dsp::BandOfBin> bins = dsp::bands_of_bins(spec_);
  auto gains = tables_.bin_gains.accessor<float, 2>();
  for (std::int64_t k = 0; k < static_cast<std::int64_t>(bins.size()); ++k) {
    const auto [lower, share] = bins[static_cast<std::size_t>(k)];
    gains[lower][k] = 1.0F - share;
    if (share > 0.0F) gains[lower + 1][k] = share;
  }
  next_hop_ = dsp::next_hop_of(spec_, overlap_);
  missing_ = (next_hop_ ? Rule::kMissingGuessed : Rule::kMissing) *
             dsp::missing_last_hop(window, spec_.hop_samples, overlap_);
}

Tensor SampleCorrection::guessed(const Tensor& audio, const Tensor& ahead) const {
  const std::int64_t B = ahead.size(0), rows = ahead.size(1), C = ahead.size(2);
  // As the engine counts, whose first sample is half a row in.
  std::int64_t first = 0;
  while (first < rows && final_after(first) - overlap_ / 2 < next_hop_->reach()) ++first;
  if (first == rows) return ahead;
  const auto values = [](const Tensor& t) {
    return t.detach().to(at::kCPU, at::kFloat).contiguous();
  };
  const Tensor sound = values(audio), known = values(ahead);
  const Tensor places = torch::empty({B, rows - first, C}, at::kLong);
  const Tensor gains = torch::empty({B, rows - first, 1});
  at::parallel_for(0, B * (rows - first), 1, [&](std::int64_t begin, std::int64_t end) {
    std::vector<float> room(static_cast<std::size_t>(C));
    for (std::int64_t i = begin; i < end; ++i) {
      const std::int64_t clip = i / (rows - first), row = first + i % (rows - first);
      const std::int64_t at = final_after(row);
      const dsp::NextHop::Repetition r =
          next_hop_->repetition(sound.data_ptr<float>() + clip * sound.size(1) + at,
                                known.data_ptr<float>() + (clip * rows + row) * C, room.data());
      gains.data_ptr<float>()[i] = r.gain;
      for (std::int64_t k = 0; k < C; ++k)
        places.data_ptr<std::int64_t>()[i * C + k] = at - r.lag + k % r.lag;
    }
  });
  const Tensor repeated =
      audio.gather(1, places.view({B, -1}).to(audio.device())).view(places.sizes()) *
      gains.to(audio.options());
  const Tensor w = torch::tensor(next_hop_->window()).to(audio.options());
  const Tensor missing = w * (ahead.narrow(1, first, rows - first) - repeated);
  return torch::cat({ahead.narrow(1, 0, first), repeated + w * (missing + missing.flip(-1))}, 1);
}

void SampleCorrection::change(const Tables& tables, Turn* turn, std::int64_t offset,
                              std::int64_t gone, const Tensor& target, Tensor* part) const {
  const std::int64_t size = spec_.n_fft;
  const Tensor sound = turn->sound.narrow(1, offset, size);
  const Tensor spectrum = at::fft_rfft(sound * tables.window +
                                       turn->added.narrow(1, offset, size) * tables.window_by_norm);
  const Tensor power =
      at::view_as_real(spectrum).square().sum(-1) + (spec_.magnitude_epsilon + kSmallestBinPower);
  Tensor bands = torch::matmul(spec_.power == 1.0 ? power.sqrt() : power, tables.bands);
  if (spec_.log != MelLog::kNone && spec_.floor_rule == MelFloor::kAdd)
    bands = bands + spec_.floor;
  else
    bands = bands.clamp_min(spec_.log == MelLog::kNone ? dsp::NaturalLog::kSmallest : spec_.floor);
  const double most = std::log(Rule::kMostGain);
  const float strength = next_hop_ ? Rule::kGuessed : Rule::kCaution;
  const Tensor gains = (strength * (target - bands.log() / spec_.power)).clamp(-most, most);
  const Tensor changed = spectrum * torch::matmul(gains, tables.bin_gains).exp();
  const Tensor made = at::fft_irfft(changed, size).narrow(1, gone, size - gone) *
                      tables.window.narrow(0, gone, size - gone);
  const Tensor now =
      made - sound.narrow(1, gone, size - gone) * tables.share_of_sum.narrow(0, gone, size - gone);
  const std::int64_t behind = turn->added.size(1) - offset - size;
  turn->added = turn->added + at::constant_pad_nd(now - *part, {offset + gone, behind});
  *part = now;
}

Tensor SampleCorrection::operator()(const Tensor& audio, const Tensor& given_ahead,
                                    const Tensor& mel) const {
  const Tensor ahead = next_hop_ ? guessed(audio, given_ahead) : given_ahead;
  const auto placed = [&](const Tensor& t) { return t.to(audio.options()); };
  const Tables tables{placed(tables_.window),       placed(tables_.window_by_norm),
                      placed(tables_.share_of_sum), placed(tables_.fade_in),
                      placed(tables_.inverse_norm), placed(tables_.bands),
                      placed(tables_.bin_gains)};
  const Tensor targets = natural_log(mel, spec_);
  const std::int64_t hop = spec_.hop_samples, size = spec_.n_fft;
  const std::int64_t rows = audio.size(1) / channels_;
  const std::int64_t first_frame = std::max<std::int64_t>(0, divided_up(-start_, hop));
  // The row whose samples, and what is ahead of them, reach as far as a frame needs.
  const auto row_of = [&](std::int64_t frame) {
    return divided_up(first_sample(frame) + size - hop - overlap_ / 2, channels_) - 1;
  };
  std::vector<Tensor> given;
  std::int64_t until = first_sample(first_frame);  // samples that have been given
  given.push_back(audio.narrow(1, 0, until));
  Turn turn;
  Tensor older, newer;  // what these frames have added, from `until` on
  for (std::int64_t frame = first_frame; frame < mel.size(1) && row_of(frame) < rows; ++frame) {
    const bool alone = frame == first_frame;
    const std::int64_t row = row_of(frame);
    const std::int64_t from = first_sample(alone ? frame : frame - 1);
    const std::int64_t end = first_sample(frame) + size, made = std::min(end, final_after(row));
    const std::int64_t known = std::min(overlap_, end - made);
    turn.sound = torch::cat(
        {audio.narrow(1, from, made - from), ahead.select(1, row).narrow(1, 0, known)}, 1);
    turn.sound = at::constant_pad_nd(turn.sound, {0, end - made - known});
    if (alone) {
      turn.added = torch::zeros_like(turn.sound);
    } else {
      const std::int64_t passed = std::max<std::int64_t>(0, turn.added.size(1) - size);
      turn.added = at::constant_pad_nd(turn.added.narrow(1, passed, size), {0, hop});
      const std::int64_t kept = first_sample(frame - 1) + size - until;
      older = newer.narrow(1, newer.size(1) - kept, kept);
    }
    const std::int64_t gone = std::max<std::int64_t>(0, until - first_sample(frame));
    newer = torch::zeros_like(turn.sound.narrow(1, 0, size - gone));
    const std::int64_t begin = until - from, faded = tables.fade_in.size(0);
    const Tensor unchanged = turn.added;
    for (int round = 0; round < Rule::kRounds; ++round) {
      change(tables, &turn, first_sample(frame) - from, gone, targets.select(1, frame) + missing_,
             &newer);
      if (!alone) change(tables, &turn, 0, begin, targets.select(1, frame - 1), &older);
    }
    const Tensor changes = (turn.added - unchanged).narrow(1, begin, faded);
    turn.added = turn.added + at::constant_pad_nd(changes * (tables.fade_in - 1.0),
                                                  {begin, turn.added.size(1) - begin - faded});
    const std::int64_t to = std::max(until, std::min(first_sample(frame) + size / 2, made));
    given.push_back(audio.narrow(1, until, to - until) +
                    turn.added.narrow(1, begin, to - until) *
                        tables.inverse_norm.narrow(0, begin, to - until));
    until = to;
  }
  given.push_back(audio.narrow(1, until, audio.size(1) - until));
  return torch::cat(given, 1);
}

}  // namespace glowvox::train
