// SPDX-License-Identifier: MIT
#include "arrays/mel_input.hpp"

#include <fmt/format.h>

#include <cmath>
#include <filesystem>
#include <map>

#include "arrays/npy.hpp"
#include "config/model_config.hpp"
#include "core/usage_error.hpp"
#include "dsp/mel_length.hpp"

namespace glowvox::arrays {

namespace {

const std::map<std::string, MelLayout>& layouts() {
  static const std::map<std::string, MelLayout> names = {{"auto", MelLayout::kAuto},
                                                         {"bands-frames", MelLayout::kBandsFrames},
                                                         {"frames-bands", MelLayout::kFramesBands}};
  return names;
}

// An npz of arrays mean and scale (scikit-learn's names; or std), else rows of mean and deviation.
void read_statistics(const std::string& path, int bands, std::vector<float>* mean,
                     std::vector<float>* deviation) {
  const auto named = [&](const char* name) -> std::vector<float> {
    try {
      return read_array(path, name).values;
    } catch (const Error&) {
      return {};
    }
  };
  if (std::filesystem::path(path).extension() == ".npz") {
    *mean = named("mean");
    *deviation = named("scale");
    if (deviation->empty()) *deviation = named("std");
  } else {
    const Array both = read_array(path);
    if (both.shape == std::vector<std::int64_t>{2, bands}) {
      mean->assign(both.values.begin(), both.values.begin() + bands);
      deviation->assign(both.values.begin() + bands, both.values.end());
    }
  }
  const auto expected = static_cast<std::size_t>(bands);
  if (mean->size() != expected || deviation->size() != expected)
    throw Error(path, fmt::format("expected the mean and deviation of {} bands", bands),
                fmt::format("an array [2, {}], or an npz of mean and scale", bands));
  for (std::size_t b = 0; b < expected; ++b)
    if (!std::isfinite((*mean)[b]) || !std::isfinite((*deviation)[b]) || !((*deviation)[b] > 0.0F))
      throw Error(path, fmt::format("band {}: expected a finite mean and a positive deviation, got "
                                    "{} and {}",
                                    b, (*mean)[b], (*deviation)[b]));
}

}  // namespace

MelReadOptions MelInput::read_options() const {
  const auto found = layouts().find(layout);
  if (found == layouts().end())
    throw UsageError("--mel-layout",
                     "expected auto, bands-frames or frames-bands, got '" + layout + "'");
  return {found->second, array};
}

MelSpec MelInput::specification(const MelSpec& expected) const {
  return preset.empty() ? expected : config::parse_mel_spec(preset, "--from-preset", expected);
}

Error refusal_of(const std::string& path, const dsp::MelVerdict& verdict) {
  return Error(path,
               fmt::format("is no mel of speech as the model expects it: {}; it is probably {}",
                           verdict.refusal, verdict.probably),
               verdict.advice + "; --force goes on");
}

std::string advised(const dsp::MelVerdict& verdict) {
  return verdict.warning +
         ": the sound may be wrong; glowvox mel-check with --model says how the mel was made, "
         "--from-preset and --from-stats convert it";
}

MelConversion::MelConversion(const MelInput& input, const MelSpec& expected,
                             const std::string& path)
    : from_(input.specification(expected)), to_(expected) {
  if (!input.statistics.empty())
    read_statistics(input.statistics, from_.bands, &mean_, &deviation_);
  if (converts_exactly(from_, to_)) return;
  if (input.convert) {
    approximation_.emplace(from_, to_);
    return;
  }
  try {
    convert_mel({0, from_.bands, {}}, from_, to_);
  } catch (const Error& e) {
    throw Error(path, std::string(e.what()) + ", or say --convert, which comes near it");
  }
}

std::string MelConversion::notice() const {
  if (!approximation_) return "";
  return "approximated: its bands, hop or rate are not the model's; made as [" + describe(from_) +
         "]";
}

double MelConversion::rate() const {
  if (!approximation_) return 1.0;
  return static_cast<double>(from_.hop_samples) / from_.sample_rate_hz * to_.sample_rate_hz /
         to_.hop_samples;
}

std::int64_t MelConversion::samples_of(std::int64_t frames) const {
  return std::llround(static_cast<double>(dsp::made_samples(from_, frames)) / from_.sample_rate_hz *
                      to_.sample_rate_hz);
}

Mel MelConversion::push(Mel mel) {
  taken_ += mel.frames;
  for (std::size_t i = 0; i < mel.values.size() && !mean_.empty(); ++i) {
    const std::size_t band = i % mean_.size();
    mel.values[i] = mel.values[i] * deviation_[band] + mean_[band];
  }
  if (!approximation_) return convert_mel(mel, from_, to_);
  Mel converted = approximation_->push(mel);
  given_ += converted.frames;
  if (converted.frames > 0)
    last_.assign(converted.values.end() - converted.bands, converted.values.end());
  return converted;
}

Mel MelConversion::finish() {
  if (!approximation_) return {0, to_.bands, {}};
  Mel rest = approximation_->finish();
  given_ += rest.frames;
  if (rest.frames > 0) last_.assign(rest.values.end() - rest.bands, rest.values.end());
  // The last frame once more where the maker's sound goes on.
  for (; given_ * to_.hop_samples < samples(); ++given_, ++rest.frames)
    rest.values.insert(rest.values.end(), last_.begin(), last_.end());
  return rest;
}

MelFrames::MelFrames(std::shared_ptr<const MelReader> reader, std::int64_t utterance,
                     MelConversion conversion)
    : reader_(std::move(reader)), utterance_(utterance), conversion_(std::move(conversion)) {
  if (!conversion_.approximate()) return;
  approximated_ = conversion_.push(reader_->read(0, reader_->frames(), utterance_));
  const Mel rest = conversion_.finish();
  approximated_->frames += rest.frames;
  approximated_->values.insert(approximated_->values.end(), rest.values.begin(), rest.values.end());
}

Mel MelFrames::read(std::int64_t first, std::int64_t count) {
  if (!approximated_) return conversion_.push(reader_->read(first, count, utterance_));
  const auto begin = approximated_->values.begin() + first * approximated_->bands;
  return {count, approximated_->bands, {begin, begin + count * approximated_->bands}};
}

}  // namespace glowvox::arrays
