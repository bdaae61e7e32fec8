// SPDX-License-Identifier: MIT
#include "train/segment_sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "core/random.hpp"
#include "glowvox/error.hpp"
#include "train/predicted_mels.hpp"

namespace glowvox::train {

namespace {

constexpr float kQuantisationStep = 1.0f / 32768.0f;
constexpr double kSilentRms = 3e-4;  // -70 dB of full scale
constexpr int kAttempts = 256;       // to find a segment that is not silent
constexpr std::uint32_t kPlaceStream = 1, kNoiseStream = 2, kRealStream = 6;
constexpr double kTwoTo32 = 4294967296.0;

double rms(const std::int16_t* x, std::int64_t n) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  return std::sqrt(sum / static_cast<double>(n)) * kQuantisationStep;
}

// Start of the mel's first window relative to the segment, and what all its windows cover.
std::int64_t mel_first(const config::ModelConfig& config) {
  return frame_center_samples(config.mel) + config::alignment_shift_samples(config) -
         config.mel.n_fft / 2;
}

std::int64_t mel_samples(const config::ModelConfig& config) {
  return std::int64_t{config.train.segment_frames - 1} * config.mel.hop_samples + config.mel.n_fft;
}

}  // namespace

void dequantise(std::vector<float>& samples, std::uint64_t seed, std::uint32_t stream,
                std::uint64_t index) {
  const std::array<std::uint32_t, 2> key = {static_cast<std::uint32_t>(seed),
                                            static_cast<std::uint32_t>(seed >> 32)};
  for (std::size_t i = 0; i < samples.size(); i += 4) {
    const auto block =
        philox4x32({static_cast<std::uint32_t>(i / 4), static_cast<std::uint32_t>(index),
                    static_cast<std::uint32_t>(index >> 32), stream},
                   key);
    for (std::size_t j = 0; j < 4 && i + j < samples.size(); ++j)
      samples[i + j] += static_cast<float>((block[j] + 0.5) / kTwoTo32 - 0.5) * kQuantisationStep;
  }
}

SegmentSampler::SegmentSampler(const Corpus& corpus, const config::ModelConfig& config,
                               std::int64_t margin, std::uint64_t seed, const Notify& notify)
    : corpus_(corpus),
      config_(config),
      inner_mel_(config.mel),
      margin_(margin),
      seed_(seed),
      mel_first_(mel_first(config)),
      before_(std::max(margin, -mel_first_)),
      length_(before_ + std::max(config.train.segment_frames * config.mel.hop_samples + margin,
                                 mel_first_ + mel_samples(config))),
      shift_(config::alignment_shift_samples(config)),
      mixture_(corpus, length_, config.train.tempering) {
  inner_mel_.padding = MelPadding::kNone;
  if (mixture_.clips() < corpus.size())
    notify(
        fmt::format("{} of {} clips are shorter than a training segment ({} samples) and are "
                    "left out",
                    corpus.size() - mixture_.clips(), corpus.size(), length_));
  for (std::size_t i = 0; i < corpus.lists().size(); ++i) {
    const Mixture::Part& part = mixture_.parts()[i];
    if (corpus.lists().size() > 1 || part.speakers > 1)
      notify(fmt::format("{}: {:.0f}% of the segments (clips: {}, speakers: {}, {:.2f} h)",
                         corpus.lists()[i].path, 100.0 * corpus.share(i), part.clips, part.speakers,
                         part.samples / config.mel.sample_rate_hz / 3600.0));
  }
}

void SegmentSampler::place(const Mixture::Start& start, SegmentPlan& plan) const {
  const std::int64_t all = corpus_.samples(start.clip);
  plan.clip = start.clip;
  // A clip that is too short for so fast a segment gives a slower one.
  if (span_of(length_, plan.speed) > all)
    plan.speed = static_cast<double>(all - 1) / static_cast<double>(length_ - 1);
  // A segment that takes more or less of the clip has fewer or more places there.
  const std::int64_t places = all - span_of(length_, plan.speed) + 1;
  plan.first = start.offset;
  if (places != start.starts)
    plan.first =
        static_cast<std::int64_t>(static_cast<double>(start.offset) /
                                  static_cast<double>(start.starts) * static_cast<double>(places));
}

// Frame t of a predicted mel belongs to the hop that begins at t * hop - shift.
std::int64_t SegmentSampler::mel_frame(const SegmentPlan& plan) const {
  return (plan.first + before_ + shift_) / config_.mel.hop_samples;
}

void SegmentSampler::place_predicted(const Mixture::Start& start, SegmentPlan& plan) const {
  SegmentPlan kept;
  kept.index = plan.index;
  kept.gain = plan.gain;
  kept.predicted = true;
  kept.clip = start.clip;
  plan = kept;
  const std::int64_t hop = config_.mel.hop_samples;
  const std::int64_t late = (start.offset + before_ + shift_) % hop;
  plan.first = start.offset >= late ? start.offset - late : start.offset + hop - late;
}

SegmentSampler::Found SegmentSampler::find(std::uint64_t index) const {
  const std::int64_t samples = config_.train.segment_frames * config_.mel.hop_samples;
  const SegmentPlan drawn = draw_augmentation(config_.train.augment, seed_, index);
  const PredictedMels* mels = corpus_.predicted();
  const bool real = uniform_at(seed_, kRealStream, index) < corpus_.real_share();
  std::size_t list = 0;
  std::string unreadable;  // the last of them
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double u = uniform_at(seed_, kPlaceStream, index * kAttempts + attempt);
    const Mixture::Start start = attempt == 0 ? mixture_.at(u) : mixture_.at_in_list(list, u);
    list = start.list;
    SegmentPlan plan = drawn;
    // A clip hardly longer than a segment may have no place on a frame.
    if (mels != nullptr && !real && mels->has(start.clip)) place_predicted(start, plan);
    if (!plan.predicted || plan.first + length_ > corpus_.samples(start.clip)) {
      plan = drawn;
      place(start, plan);
    }
    try {
      Samples clip = corpus_.read(start.clip);
      const auto first =
          plan.first + static_cast<std::int64_t>(static_cast<double>(before_) * plan.speed);
      if (rms(clip.get() + first, span_of(samples, plan.speed)) >= kSilentRms)
        return {plan, std::move(clip)};
    } catch (const Error& e) {
      const std::lock_guard<std::mutex> lock(mutex_);
      unreadable_.emplace(corpus_.path(start.clip), e.what());
      unreadable = e.what();
    }
  }
  if (!unreadable.empty())
    throw Error("training data",
                fmt::format("{} segments in a row are silent or cannot be read, the last: {}",
                            kAttempts, unreadable));
  throw Error("training data",
              fmt::format("{} segments in a row of {} are silent (below -70 dB)", kAttempts,
                          corpus_.lists()[list].path),
              "look at the recordings with --dry-run");
}

std::vector<std::string> SegmentSampler::take_unreadable() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> reasons;
  for (auto& [path, reason] : unreadable_)
    if (!reason.empty()) reasons.push_back(std::exchange(reason, ""));
  return reasons;
}

SegmentPlan SegmentSampler::plan(std::uint64_t index) const { return find(index).plan; }

void SegmentSampler::render(const SegmentPlan& plan, float* audio, float* mel) const {
  render({plan, corpus_.read(plan.clip)}, audio, mel);
}

void SegmentSampler::render(const Found& found, float* audio, float* mel) const {
  const SegmentPlan& plan = found.plan;
  const std::int64_t frames = config_.train.segment_frames;
  std::vector<float> samples = render_sound(plan, seed_, found.samples, corpus_.samples(plan.clip),
                                            length_, config_.mel.sample_rate_hz);
  dequantise(samples, seed_, kNoiseStream, plan.index);
  std::copy_n(samples.data() + before_ - margin_, frames * config_.mel.hop_samples + 2 * margin_,
              audio);
  if (plan.predicted) {
    Mel predicted = corpus_.predicted()->read(plan.clip, mel_frame(plan), frames);
    amplify_mel(plan.gain, config_.mel, &predicted);
    std::copy(predicted.values.begin(), predicted.values.end(), mel);
    return;
  }
  const Mel computed =
      log_mel(samples.data() + before_ + mel_first_, mel_samples(config_), inner_mel_);
  std::copy_n(computed.values.data(), frames * config_.mel.bands, mel);
  render_mel(plan, seed_, frames, config_.mel.bands, mel);
}

Batch SegmentSampler::batch(std::int64_t drawn) const {
  return batch(drawn, 0, config_.train.batch);
}

std::vector<std::string> SegmentSampler::files(std::int64_t drawn) const {
  std::set<std::string> paths;
  for (std::int64_t i = 0; i < config_.train.batch; ++i)
    paths.insert(
        corpus_.path(plan(static_cast<std::uint64_t>(drawn * config_.train.batch + i)).clip));
  return {paths.begin(), paths.end()};
}

Batch SegmentSampler::batch(std::int64_t drawn, std::int64_t first, std::int64_t count,
                            bool pinned) const {
  const std::int64_t frames = config_.train.segment_frames;
  const auto options = torch::TensorOptions().pinned_memory(pinned);
  Batch batch{torch::empty({count, frames * config_.mel.hop_samples + 2 * margin_}, options),
              torch::empty({count, frames, config_.mel.bands}, options),
              {}};
  for (std::int64_t i = 0; i < count; ++i)
    render(find(static_cast<std::uint64_t>(drawn * config_.train.batch + first + i)),
           batch.audio.data_ptr<float>() + i * batch.audio.size(1),
           batch.mel.data_ptr<float>() + i * frames * config_.mel.bands);
  return batch;
}

}  // namespace glowvox::train
