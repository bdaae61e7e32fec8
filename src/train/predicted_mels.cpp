// SPDX-License-Identifier: MIT
#include "train/predicted_mels.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <map>
#include <utility>

#include "arrays/mel_file.hpp"
#include "dsp/mel_analysis.hpp"
#include "glowvox/error.hpp"
#include "train/corpus.hpp"
#include "train/sound_list.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;

namespace {

constexpr std::int64_t kMostPadding = 5;  // frames that a mel's length may differ by
constexpr std::size_t kCompared = 24;     // clips
// Of the mean difference between a mel and the recording's own, in what the latter varies by: a
// predicted one has 0.2 to 0.5, another sentence's about 1.2.
constexpr double kUnlike = 0.9;

std::string without_extension(const std::string& path) {
  return fs::path(path).replace_extension().lexically_normal().string();
}

// Of every path and name of the folder's mels, the file; empty: several have that name.
std::map<std::string, std::string> files_by_name(const std::string& folder) {
  std::map<std::string, std::string> files;
  const auto add = [&](const std::string& name, const std::string& path) {
    const auto [at, added] = files.emplace(name, path);
    if (!added && at->second != path) at->second.clear();
  };
  try {
    for (const auto& entry : fs::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file() || !arrays::is_mel_name(entry.path().string())) continue;
      const std::string path = entry.path().string();
      add(without_extension(entry.path().lexically_relative(folder).string()), path);
      add(entry.path().stem().string(), path);
    }
  } catch (const fs::filesystem_error& e) {
    throw Error(e.path1().empty() ? folder : e.path1().string(),
                "cannot be looked into: " + e.code().message());
  }
  if (files.empty())
    throw Error(folder,
                "expected mels (npy, npz, pt, pth, safetensors) in this folder, found none");
  return files;
}

std::int64_t frames_of(std::int64_t samples, const MelSpec& spec) {
  return 1 + std::max<std::int64_t>(0, samples + 2 * dsp::mel_padding(spec) - spec.n_fft) /
                 spec.hop_samples;
}

// How the values of a recording's mel differ from another's, and from their bands' means.
struct Likeness {
  double difference = 0.0, variation = 0.0;
  double ratio() const { return difference / std::max(variation, 1e-9); }
};

// Frame t of `predicted` beside frame t + offset of `own`, where both have one.
Likeness likeness(const Mel& own, const Mel& predicted, std::int64_t offset) {
  const std::int64_t first = std::max<std::int64_t>(0, -offset);
  const std::int64_t last = std::min(predicted.frames, own.frames - offset);
  const auto frames = static_cast<double>(last - first);
  Likeness sum;
  for (std::int64_t b = 0; b < own.bands; ++b) {
    const auto value = [b](const Mel& mel, std::int64_t t) {
      return static_cast<double>(mel.values[static_cast<std::size_t>(t * mel.bands + b)]);
    };
    double mean = 0.0;
    for (std::int64_t t = first; t < last; ++t) mean += value(own, t + offset) / frames;
    for (std::int64_t t = first; t < last; ++t) {
      sum.difference += std::abs(value(predicted, t) - value(own, t + offset));
      sum.variation += std::abs(value(own, t + offset) - mean);
    }
  }
  return {sum.difference / frames, sum.variation / frames};
}

}  // namespace

std::size_t assign_mels(const std::string& folder, std::vector<ClipInfo>* clips) {
  const std::map<std::string, std::string> files =
      folder.empty() ? std::map<std::string, std::string>() : files_by_name(folder);
  std::size_t with_mel = 0;
  for (ClipInfo& clip : *clips) {
    const std::string path = without_extension(clip.listed);
    for (const std::string& name : {path, fs::path(path).filename().string()}) {
      const auto found = files.find(name);
      if (!clip.mel.empty() || found == files.end()) continue;
      if (found->second.empty())
        throw Error(folder, fmt::format("has several mels of the name {}", name),
                    "lay them in folders as the recordings lie, or name each in the list");
      clip.mel = found->second;
    }
    with_mel += !clip.mel.empty();
  }
  return with_mel;
}

struct PredictedMels::State {
  State(const Corpus& c, const MelSpec& s) : corpus(c), spec(s), frames(c.size(), 0) {}

  // The length of each, and by how much it differs from the recording's own.
  void measure(const Notify& notify) {
    std::map<std::int64_t, std::size_t> differences;
    std::size_t mels = 0;
    for (std::size_t clip = 0; clip < frames.size(); ++clip) {
      const std::string& path = corpus.clip(clip).mel;
      if (path.empty()) continue;
      frames[clip] = arrays::MelReader(path, spec.bands).frames();
      const std::int64_t own = frames_of(corpus.samples(clip), spec);
      if (std::abs(frames[clip] - own) > kMostPadding)
        throw Error(
            path,
            fmt::format("expected a mel of {} frames for {} ({} samples, hop {}), got {}", own,
                        corpus.path(clip), corpus.samples(clip), spec.hop_samples, frames[clip]),
            "predict it with the recording's own durations (teacher forcing), from the "
            "same, untrimmed recording, at the configuration's rate and hop");
      ++differences[frames[clip] - own];
      ++mels;
    }
    std::string lengths;
    for (const auto& [difference, clips] : differences)
      lengths += fmt::format("{}{}: {:+} frames", lengths.empty() ? "" : ", ", clips, difference);
    notify(
        fmt::format("predicted mels: {} of {} recordings have one (lengths beside their own, {})",
                    mels, frames.size(), lengths));
  }

  // Which frame of a recording's own mel the first predicted one is.
  void align(const Notify& notify) {
    std::vector<std::size_t> clips;
    for (std::size_t clip = 0; clip < frames.size(); ++clip)
      if (has(clip) && frames[clip] > 4 * kMostPadding) clips.push_back(clip);
    if (clips.empty()) return;
    std::map<std::int64_t, double> ratios;
    const std::size_t compared = std::min(kCompared, clips.size());
    for (std::size_t i = 0; i < compared; ++i) {
      const std::size_t clip = clips[i * clips.size() / compared];
      const std::vector<float> audio = corpus.load(clip);
      const Mel own = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
      const Mel predicted = arrays::read_mel(corpus.clip(clip).mel, spec.bands);
      for (std::int64_t o = -kMostPadding; o <= kMostPadding; ++o)
        ratios[o] += likeness(own, predicted, o).ratio() / static_cast<double>(compared);
    }
    const auto best =
        std::min_element(ratios.begin(), ratios.end(),
                         [](const auto& a, const auto& b) { return a.second < b.second; });
    offset = best->first;
    if (best->second > kUnlike)
      throw Error(
          "predicted mels",
          fmt::format("are unlike their recordings' own: they differ by {:.2f} times what "
                      "these vary by (the mean of {} compared, {} for one)",
                      best->second, compared, corpus.clip(clips.front()).mel),
          "glowvox mel-check says how they were made; the configuration's mel must be that, "
          "and the names must be the recordings'");
    notify(
        fmt::format("predicted mels: their first frame is frame {} of the recording's own; they "
                    "differ from it by {:.2f} times what it varies by (the mean of {})",
                    offset, best->second, compared));
  }

  bool has(std::size_t clip) const { return frames[clip] > 0; }

  const Corpus& corpus;
  MelSpec spec;
  std::vector<std::int64_t> frames;  // 0: none
  std::int64_t offset = 0;
};

PredictedMels::PredictedMels(const Corpus& corpus, const MelSpec& spec, const Notify& notify) {
  auto state = std::make_unique<State>(corpus, spec);
  state->measure(notify);
  state->align(notify);
  state_ = std::move(state);
}

PredictedMels::~PredictedMels() = default;

bool PredictedMels::has(std::size_t clip) const { return state_->has(clip); }

Mel PredictedMels::read(std::size_t clip, std::int64_t first, std::int64_t count) const {
  const State& s = *state_;
  const std::int64_t last = s.frames[clip] - 1;
  const auto stored = [&](std::int64_t frame) {
    return std::clamp<std::int64_t>(frame - s.offset, 0, last);
  };
  const std::int64_t from = stored(first), to = stored(first + count - 1);
  const Mel mel =
      arrays::MelReader(s.corpus.clip(clip).mel, s.spec.bands).read(from, to - from + 1);
  Mel out{count, mel.bands, {}};
  for (std::int64_t t = first; t < first + count; ++t) {
    const auto frame = mel.values.begin() + (stored(t) - from) * mel.bands;
    std::copy_n(frame, mel.bands, std::back_inserter(out.values));
  }
  return out;
}

}  // namespace glowvox::train
