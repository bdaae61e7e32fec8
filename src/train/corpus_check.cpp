// SPDX-License-Identifier: MIT
#include "train/corpus_check.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <functional>

#include "core/checksum.hpp"
#include "dsp/stft.hpp"
#include "glowvox/error.hpp"
#include "train/pack.hpp"

namespace glowvox::train {

namespace {

constexpr double kSilentDb = -60.0;
constexpr float kLeastExtreme = 0.5f;
constexpr int kShortestRun = 3;
constexpr double kMostClipped = 1e-4;  // of the samples

double level_db(const std::vector<float>& samples) {
  double sum = 0.0;
  for (const float v : samples) sum += static_cast<double>(v) * v;
  return 10.0 * std::log10(std::max(sum / static_cast<double>(samples.size()), 1e-20));
}

// The share of samples in runs at one extreme, positive or negative.
double clipped_share(const std::vector<float>& samples) {
  const auto [low, high] = std::minmax_element(samples.begin(), samples.end());
  std::size_t clipped = 0, run = 0;
  float before = 0.0f;
  for (const float v : samples) {
    const bool extreme = (v == *high && v >= kLeastExtreme) || (v == *low && v <= -kLeastExtreme);
    run = extreme ? (v == before ? run + 1 : 1) : 0;
    if (run == kShortestRun) clipped += kShortestRun;
    if (run > kShortestRun) ++clipped;
    before = v;
  }
  return static_cast<double>(clipped) / static_cast<double>(samples.size());
}

// Of half the training rate: what fricatives have, and the highs above it.
struct Share {
  double from, to;
};
constexpr Share kFricatives{0.5, 0.72}, kHighs{0.76, 0.98};
constexpr double kNarrowDb = -30.0;
constexpr int kFrame = 1024;
constexpr std::size_t kMostFrames = 10'000;  // of a long recording: farther apart
constexpr std::int64_t kOneOf = 10;          // frames that count

bool is_narrow(const audio::Clip& clip, int sample_rate_hz) {
  const auto hop = std::max<int>(kFrame / 2, static_cast<int>(clip.samples.size() / kMostFrames));
  const dsp::Spectrum spectrum = dsp::stft(clip.samples, kFrame, hop, kFrame);
  const auto power = [&](std::int64_t frame, const Share& of) {
    const double bins = 0.5 * sample_rate_hz * kFrame / clip.sample_rate_hz;
    const auto to = std::min(spectrum.bins, static_cast<std::int64_t>(of.to * bins));
    double sum = 0.0;
    for (auto bin = static_cast<std::int64_t>(of.from * bins); bin < to; ++bin)
      sum += std::norm(spectrum.values[static_cast<std::size_t>(frame * spectrum.bins + bin)]);
    return sum;
  };
  std::vector<std::pair<double, std::int64_t>> frames;  // fricatives' power
  for (std::int64_t t = 0; t < spectrum.frames; ++t) frames.emplace_back(power(t, kFricatives), t);
  const auto count = static_cast<std::ptrdiff_t>(spectrum.frames / kOneOf);
  std::partial_sort(frames.begin(), frames.begin() + count, frames.end(), std::greater<>());
  double fricatives = 0.0, highs = 0.0;
  for (std::ptrdiff_t i = 0; i < count; ++i) {
    fricatives += frames[static_cast<std::size_t>(i)].first;
    highs += power(frames[static_cast<std::size_t>(i)].second, kHighs);
  }
  return fricatives > 0.0 && 10.0 * std::log10(highs / fricatives) < kNarrowDb;
}

}  // namespace

const char* name_of(Fault fault) {
  switch (fault) {
    case Fault::kUnreadable:
      return "unreadable";
    case Fault::kShort:
      return "short";
    case Fault::kSilent:
      return "silent";
    case Fault::kClipped:
      return "clipped";
    case Fault::kDuplicate:
      break;
  }
  return "duplicate";
}

std::size_t CorpusCheck::count(Fault fault) const {
  return static_cast<std::size_t>(std::count_if(
      faults.begin(), faults.end(), [fault](const FaultyClip& f) { return f.fault == fault; }));
}

Recordings recordings_of(const std::string& list, int sample_rate_hz, bool incomplete,
                         const Notify& notify) {
  Recordings recordings;
  if (!is_packed(list)) {
    recordings.paths = list_recordings(list);
    recordings.read = [paths = recordings.paths](std::size_t i) {
      return audio::read_audio(paths[i]);
    };
    return recordings;
  }
  const std::shared_ptr<const ClipSource> packed =
      open_packed(list, sample_rate_hz, SpeakerRule::kNone, incomplete, notify);
  for (const ClipInfo& clip : packed->clips()) recordings.paths.push_back(clip.path);
  recordings.read = [packed, sample_rate_hz](std::size_t i) {
    const Samples samples = packed->read(i);
    audio::Clip clip{sample_rate_hz, 1, {}};
    for (std::int64_t n = 0; n < packed->clips()[i].samples; ++n)
      clip.samples.push_back(static_cast<float>(samples.get()[n]) / 32768.0f);
    return clip;
  };
  return recordings;
}

CorpusCheck check_corpus(const Recordings& recordings, double segment_seconds, int sample_rate_hz,
                         const std::function<void(std::size_t)>& progress) {
  CorpusCheck check;
  check.clips = recordings.paths.size();
  std::vector<double> seconds;
  std::multimap<std::uint32_t, std::size_t> seen;  // by checksum of the samples
  for (std::size_t i = 0; i < recordings.paths.size(); ++i) {
    const auto fault = [&](Fault what, const std::string& detail) {
      check.faults.push_back({recordings.paths[i], what, detail});
    };
    try {
      const audio::Clip clip = recordings.read(i);
      const auto bytes = clip.samples.size() * sizeof(float);
      seconds.push_back(static_cast<double>(clip.samples.size()) / clip.sample_rate_hz);
      ++check.rates[clip.sample_rate_hz];
      ++check.channels[clip.channels];
      if (seconds.back() < segment_seconds)
        fault(Fault::kShort,
              fmt::format("{:.2f} s, a segment takes {:.2f} s", seconds.back(), segment_seconds));
      const double level = level_db(clip.samples);
      if (level < kSilentDb) fault(Fault::kSilent, fmt::format("{:.0f} dB", level));
      if (const double share = clipped_share(clip.samples); share > kMostClipped)
        fault(Fault::kClipped, fmt::format("{:.2f}% of the samples", 100.0 * share));
      if (is_narrow(clip, sample_rate_hz)) ++check.narrow;
      const std::uint32_t sum = crc32c(clip.samples.data(), bytes);
      const auto [first, last] = seen.equal_range(sum);
      const auto same = std::find_if(first, last, [&](const auto& earlier) {
        return recordings.read(earlier.second).samples == clip.samples;
      });
      if (same != last) fault(Fault::kDuplicate, "of " + recordings.paths[same->second]);
      seen.emplace(sum, i);
    } catch (const Error& e) {
      fault(Fault::kUnreadable, e.what());
    }
    progress(i + 1);
  }
  if (seconds.empty()) return check;
  std::sort(seconds.begin(), seconds.end());
  for (const double s : seconds) check.seconds += s;
  check.shortest = seconds.front();
  check.median = seconds[seconds.size() / 2];
  check.longest = seconds.back();
  return check;
}

}  // namespace glowvox::train
