#include "train/segment_sampler.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <utility>

#include "glowvox/error.hpp"
#include "glowvox/random.hpp"

namespace glowvox::train {

namespace {

constexpr float kQuantisationStep = 1.0f / 32768.0f;
constexpr double kSilentRms = 3e-4;  // -70 dB of full scale
constexpr int kAttempts = 256;       // to find a segment that is not silent
constexpr std::uint32_t kPlaceStream = 1, kNoiseStream = 2;
constexpr double kTwoTo32 = 4294967296.0;

double rms(const float* x, std::int64_t n) {
  double sum = 0.0;
  for (std::int64_t i = 0; i < n; ++i) sum += static_cast<double>(x[i]) * x[i];
  return std::sqrt(sum / static_cast<double>(n));
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

SegmentSampler::SegmentSampler(const Corpus& corpus, const format::ModelConfig& config,
                               std::int64_t margin, std::uint64_t seed, const Notify& notify)
    : corpus_(corpus), config_(config), inner_mel_(config.mel), margin_(margin), seed_(seed) {
  inner_mel_.padding = MelPadding::kNone;
  const MelSpec& mel = config_.mel;
  const std::int64_t frames = config_.train.segment_frames;
  const std::int64_t center = frame_center_samples(mel) + format::alignment_shift_samples(config_);
  mel_first_ = center - mel.n_fft / 2;
  const std::int64_t mel_last = mel_first_ + (frames - 1) * mel.hop_samples + mel.n_fft;
  before_ = std::max(margin_, -mel_first_);
  length_ = before_ + std::max(frames * mel.hop_samples + margin_, mel_last);
  double total = 0.0;
  for (std::size_t clip = 0; clip < corpus.size(); ++clip) {
    const std::int64_t starts = corpus.samples(clip) - length_ + 1;
    if (starts <= 0) continue;
    sources_.push_back({clip, before_, starts});
    cumulative_.push_back(total += static_cast<double>(starts));
  }
  if (sources_.empty())
    throw Error("training data",
                fmt::format("expected clips of {} samples or more (a segment of {} frames and the "
                            "mel's windows around it), found none",
                            length_, frames),
                "give longer clips or a smaller train.segment_frames");
  if (sources_.size() < corpus.size())
    notify(
        fmt::format("{} of {} clips are shorter than a training segment ({} samples) and are "
                    "left out",
                    corpus.size() - sources_.size(), corpus.size(), length_));
}

SegmentSampler::Place SegmentSampler::place(std::uint64_t index) const {
  const std::int64_t hop = config_.mel.hop_samples, frames = config_.train.segment_frames;
  std::string unreadable;  // the last of them
  for (int attempt = 0; attempt < kAttempts; ++attempt) {
    const double target =
        uniform_at(seed_, kPlaceStream, index * kAttempts + attempt) * cumulative_.back();
    const std::size_t i = std::min<std::size_t>(
        std::upper_bound(cumulative_.begin(), cumulative_.end(), target) - cumulative_.begin(),
        sources_.size() - 1);
    const Source& source = sources_[i];
    const double offset = target - (i > 0 ? cumulative_[i - 1] : 0.0);
    const std::int64_t start =
        source.first +
        std::clamp<std::int64_t>(static_cast<std::int64_t>(offset), 0, source.count - 1);
    try {
      std::vector<float> samples = corpus_.range(source.clip, start - before_, length_);
      if (rms(samples.data() + before_, frames * hop) >= kSilentRms)
        return {source.clip, std::move(samples)};
    } catch (const Error& e) {
      const std::lock_guard<std::mutex> lock(mutex_);
      unreadable_.emplace(corpus_.path(source.clip), e.what());
      unreadable = e.what();
    }
  }
  if (!unreadable.empty())
    throw Error("training data",
                fmt::format("{} segments in a row are silent or cannot be read, the last: {}",
                            kAttempts, unreadable));
  throw Error("training data",
              fmt::format("{} segments in a row are silent (below -70 dB)", kAttempts),
              "look at the recordings with --dry-run");
}

std::vector<std::string> SegmentSampler::take_unreadable() const {
  const std::lock_guard<std::mutex> lock(mutex_);
  std::vector<std::string> reasons;
  for (auto& [path, reason] : unreadable_)
    if (!reason.empty()) reasons.push_back(std::exchange(reason, ""));
  return reasons;
}

void SegmentSampler::draw(std::uint64_t index, float* audio, float* mel) const {
  const std::int64_t hop = config_.mel.hop_samples, frames = config_.train.segment_frames;
  std::vector<float> samples = place(index).samples;
  dequantise(samples, seed_, kNoiseStream, index);
  std::copy_n(samples.data() + before_ - margin_, frames * hop + 2 * margin_, audio);
  const std::int64_t covered = (frames - 1) * hop + config_.mel.n_fft;
  const Mel computed = log_mel(samples.data() + before_ + mel_first_, covered, inner_mel_);
  std::copy_n(computed.values.data(), frames * config_.mel.bands, mel);
}

Batch SegmentSampler::batch(std::int64_t drawn) const {
  return batch(drawn, 0, config_.train.batch);
}

std::vector<std::string> SegmentSampler::files(std::int64_t drawn) const {
  std::set<std::string> paths;
  for (std::int64_t i = 0; i < config_.train.batch; ++i)
    paths.insert(
        corpus_.path(place(static_cast<std::uint64_t>(drawn * config_.train.batch + i)).clip));
  return {paths.begin(), paths.end()};
}

Batch SegmentSampler::batch(std::int64_t drawn, std::int64_t first, std::int64_t count) const {
  const std::int64_t frames = config_.train.segment_frames;
  Batch batch{torch::empty({count, frames * config_.mel.hop_samples + 2 * margin_}),
              torch::empty({count, frames, config_.mel.bands})};
  for (std::int64_t i = 0; i < count; ++i)
    draw(static_cast<std::uint64_t>(drawn * config_.train.batch + first + i),
         batch.audio.data_ptr<float>() + i * batch.audio.size(1),
         batch.mel.data_ptr<float>() + i * frames * config_.mel.bands);
  return batch;
}

}  // namespace glowvox::train
