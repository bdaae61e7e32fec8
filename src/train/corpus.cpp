// SPDX-License-Identifier: MIT
#include "train/corpus.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "glowvox/error.hpp"
#include "train/pack.hpp"
#include "train/predicted_mels.hpp"

namespace glowvox::train {

namespace {

constexpr float kFullScale = 32768.0f;

std::int64_t bytes_of(const ClipInfo& clip) {
  return clip.samples * static_cast<std::int64_t>(sizeof(std::int16_t));
}

}  // namespace

Corpus::Corpus(const DataOptions& data, int sample_rate_hz, const Notify& notify,
               std::int64_t cache_bytes)
    : sample_rate_hz_(sample_rate_hz), cache_bytes_(cache_bytes) {
  for (const WeightedPath& list : data.lists)
    add(is_packed(list.path)
            ? open_packed(list.path, sample_rate_hz, data.speakers, data.incomplete, notify)
            : open_files(list.path, sample_rate_hz, data, notify),
        data.lists.size() > 1 ? list.weight : 0.0);
  if (clips_.empty()) throw Error("training data", "expected at least one recording, got none");
  cache_.resize(clips_.size());
  for (std::size_t i = 0; i < lists_.size(); ++i)
    drawing_ += fmt::format("{:.6g}% ", 100.0 * share(i));
  drawing_ += fmt::format("of the segments, speakers by {}", name_of(data.speakers));
}

Corpus::Corpus(const DataOptions& data, const MelSpec& mel, const Notify& notify)
    : Corpus(data, mel.sample_rate_hz, notify) {
  take_mels(data, mel, notify);
}

Corpus::~Corpus() = default;

void Corpus::take_mels(const DataOptions& data, const MelSpec& spec, const Notify& notify) {
  std::vector<ClipInfo> infos;
  for (const Clip& clip : clips_) infos.push_back(clip.info);
  const std::size_t mels = assign_mels(data.mels, &infos);
  if (mels == 0 && !data.mels.empty() && data.needs_mels)
    throw Error(
        data.mels,
        fmt::format("expected mels with the recordings' names ({} for one), found none of them",
                    infos.front().listed));
  if (mels == 0 && data.real_share > 0.0)
    throw Error("--real-share", "there are no predicted mels that a share could go without",
                "give --mels, or a list with a column of mels");
  if (mels == 0) return;
  for (std::size_t i = 0; i < infos.size(); ++i) clips_[i].info.mel = infos[i].mel;
  real_share_ = data.real_share;
  drawing_ += fmt::format(", predicted mels of {} clips ({:.6g}% with their own)", mels,
                          100.0 * real_share_);
  predicted_ = std::make_unique<PredictedMels>(*this, spec, notify);
}

void Corpus::add(std::unique_ptr<ClipSource> source, double weight) {
  std::vector<std::size_t> clips(source->lists().size(), 0);
  for (const ClipInfo& clip : source->clips()) ++clips[clip.list];
  double weights = 0.0;
  for (std::size_t i = 0; i < clips.size(); ++i)
    if (clips[i] > 0) weights += source->lists()[i].weight;
  std::vector<std::size_t> place(clips.size(), 0);  // of its lists among all
  for (std::size_t i = 0; i < clips.size(); ++i) {
    if (clips[i] == 0) continue;
    place[i] = lists_.size();
    lists_.push_back(source->lists()[i]);
    // A lone packed corpus keeps its weights to the last bit: it draws what its lists would.
    if (weight > 0.0) lists_.back().weight *= weight / weights;
  }
  for (std::size_t i = 0; i < source->clips().size(); ++i) {
    clips_.push_back({source->clips()[i], source.get(), i});
    clips_.back().info.list = place[clips_.back().info.list];
  }
  sources_.push_back(std::move(source));
}

double Corpus::share(std::size_t list) const {
  double weights = 0.0;
  for (const WeightedPath& l : lists_) weights += l.weight;
  return lists_[list].weight / weights;
}

std::int64_t Corpus::bytes_to_come() const {
  std::int64_t all = 0;
  for (const Clip& clip : clips_)
    if (!clip.source->in_memory()) all += bytes_of(clip.info);
  const std::lock_guard<std::mutex> lock(mutex_);
  return std::min(all, cache_bytes_) - cached_bytes_;
}

double Corpus::seconds() const {
  double samples = 0.0;
  for (const Clip& clip : clips_) samples += static_cast<double>(clip.info.samples);
  return samples / sample_rate_hz_;
}

Samples Corpus::read(std::size_t clip) const {
  const Clip& wanted = clips_[clip];
  if (wanted.source->in_memory()) return wanted.source->read(wanted.index);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    if (cache_[clip]) return cache_[clip];
  }
  Samples samples = wanted.source->read(wanted.index);
  const std::lock_guard<std::mutex> lock(mutex_);
  const std::int64_t bytes = bytes_of(wanted.info);
  if (!cache_[clip] && cached_bytes_ + bytes <= cache_bytes_) {
    cache_[clip] = samples;
    cached_bytes_ += bytes;
  }
  return samples;
}

std::vector<float> Corpus::load(std::size_t clip) const { return range(clip, 0, samples(clip)); }

std::vector<float> Corpus::range(std::size_t clip, std::int64_t first, std::int64_t count) const {
  const Samples samples = read(clip);
  std::vector<float> out(static_cast<std::size_t>(count));
  std::transform(samples.get() + first, samples.get() + first + count, out.begin(),
                 [](std::int16_t v) { return static_cast<float>(v) / kFullScale; });
  return out;
}

}  // namespace glowvox::train
