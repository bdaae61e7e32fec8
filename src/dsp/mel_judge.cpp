// SPDX-License-Identifier: MIT
#include "dsp/mel_judge.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "dsp/mel_analysis.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kMostImpossible = 0.1;  // share of frames or values: a glitch has fewer
constexpr double kSilentRms = 1e-3;      // -60 dB: speech is louder somewhere
constexpr double kBelowFloor = 100.0;    // amplitudes, which acoustic models may undershoot by
constexpr double kLn2 = 0.69314718055994531;
const double kDecibel = std::log(10.0) / 20.0;               // of magnitudes, in nepers
constexpr double kUndershoot = 0.5, kMostUndershoot = 0.02;  // nepers, share of the values
constexpr double kBeyondRange = 1.02;  // of a range that values were scaled into
constexpr double kMostSkew = 1.5;      // deviations a mean: magnitudes of speech have more
constexpr double kWidestRange = 30.0;  // of a logarithm; decibels have more
constexpr double kNormalMean = 0.5, kLeastNormal = 0.5, kMostNormal = 1.6;

double decibels(double rms) { return 20.0 * std::log10(std::max(rms, 1e-10)); }

MelLog other_than(MelLog log) { return log == MelLog::kLog10 ? MelLog::kLn : MelLog::kLog10; }

std::string made_anew() { return "compute it with glowvox mel --model"; }

// The option that undoes a scale of the whole mel.
std::string scaled_back(const char* mean, const char* deviation) {
  return fmt::format(
      "--from-preset '{{mean: {}, deviation: {}}}', where LOW and HIGH are the values of the "
      "logarithm that became the ends of that range",
      mean, deviation);
}

}  // namespace

MelJudge::MelJudge(const MelSpec& spec, std::vector<float> mean, std::vector<float> deviation)
    : spec_(spec),
      mean_(std::move(mean)),
      deviation_(std::move(deviation)),
      level_(spec),
      statistics_(spec.bands),
      below_floor_(-std::numeric_limits<float>::infinity()),
      undershot_(below_floor_) {
  if (spec.log == MelLog::kNone) return;
  const auto below = [&spec](double nepers) {
    const double value = (std::log(spec.floor) - spec.power * nepers) / log_unit(spec.log);
    return static_cast<float>((value - spec.mean) / spec.deviation);
  };
  below_floor_ = below(std::log(kBelowFloor));
  undershot_ = below(kUndershoot);
}

void MelJudge::add(const Mel& mel) {
  statistics_.add(mel);
  for (std::int64_t t = 0; t < mel.frames; ++t) {
    const double rms = level_.rms(&mel.values[static_cast<std::size_t>(t * mel.bands)]);
    loud_ += rms > kLoudestRms;
    loudest_ = std::max(loudest_, rms);
  }
  too_small_ += std::count_if(mel.values.begin(), mel.values.end(),
                              [this](float value) { return value < below_floor_; });
  undershooting_ += std::count_if(mel.values.begin(), mel.values.end(),
                                  [this](float value) { return value < undershot_; });
}

// A logarithm to the base of 2 of the same floor, which no natural one comes below; without that a
// quiet recording looks much the same.
bool MelJudge::is_binary_logarithm() const {
  const double values =
      static_cast<double>(std::max<std::int64_t>(1, statistics_.frames())) * spec_.bands;
  return spec_.log == MelLog::kLn &&
         static_cast<double>(undershooting_) > kMostUndershoot * values && like_training(kLn2);
}

std::string MelJudge::impossible() const {
  const auto frames = static_cast<double>(std::max<std::int64_t>(1, statistics_.frames()));
  const double loud = static_cast<double>(loud_) / frames;
  const double small = static_cast<double>(too_small_) / (frames * spec_.bands);
  if (loud > kMostImpossible)
    return fmt::format(
        "{:.0f}% of its frames would be louder than a sine at full scale, the loudest by {:.0f} dB",
        100.0 * loud, decibels(loudest_ / kLoudestRms));
  if (small > kMostImpossible)
    return fmt::format("{:.0f}% of its values lie more than 40 dB below the model's floor, {:.4g}",
                       100.0 * small, mel_floor(spec_));
  return "";
}

// With values that are natural logarithms divided by `factor`.
bool MelJudge::like_training(double factor) const {
  if (mean_.empty() || spec_.log == MelLog::kNone || spec_.mean != 0.0 || spec_.deviation != 1.0)
    return false;
  const auto scale = static_cast<float>(factor / log_unit(spec_.log));
  std::vector<float> mean = mean_, deviation = deviation_;
  for (float& m : mean) m /= scale;
  for (float& d : deviation) d /= scale;
  return judged(statistics_) && unlike(statistics_, mean, deviation).empty();
}

void MelJudge::say_what_it_is(MelVerdict* verdict) const {
  const MelStatistics& s = statistics_;
  const double lowest = s.minimum(), highest = s.maximum();
  const auto says = [&](const std::string& probably, const std::string& advice) {
    verdict->probably = probably;
    verdict->advice = advice;
  };
  const auto within = [&](double range) {
    return std::max(-lowest, highest) <= kBeyondRange * range;
  };
  const MelLog other = other_than(spec_.log);
  if (like_training(log_unit(other)))
    return says(other == MelLog::kLog10 ? "a decimal logarithm" : "a natural logarithm",
                fmt::format("convert it with --from-preset '{{log: {}}}'", name_of(other)));
  if (is_binary_logarithm())
    return says("a binary logarithm",
                "convert it with --from-preset '{log: log10, deviation: 0.30103}'");
  const bool wide = highest - lowest > kWidestRange;
  if (spec_.log != MelLog::kNone && (wide || like_training(kDecibel)))
    return says("in decibels",
                "decibels of magnitudes are converted by --from-preset '{log: log10, deviation: "
                "0.05}'; where they are of powers, or relative to the loudest, " +
                    made_anew());
  if (lowest >= 0.0 && s.deviation() >= kMostSkew * s.mean()) {
    MelSpec linear = spec_;
    linear.log = MelLog::kNone;
    return says(
        "without a logarithm (magnitudes or powers)",
        converts_exactly(linear, spec_)
            ? "magnitudes are converted by --from-preset '{log: none}'; of powers " + made_anew()
            : fmt::format("of magnitudes take log(max(x, {:g})); of powers {}", spec_.floor,
                          made_anew()));
  }
  if (lowest >= 1.0 - kBeyondRange && within(1.0))
    return says("scaled to 0 to 1", scaled_back("LOW", "HIGH - LOW"));
  if (within(1.0))
    return says("scaled to -1 to 1", scaled_back("(LOW + HIGH) / 2", "(HIGH - LOW) / 2"));
  const std::string normal =
      "give mean and deviation of every band with --from-stats, or one of all with --from-preset "
      "'{mean: MEAN, deviation: DEVIATION}'";
  if (within(4.0))
    return says("normalised by mean and deviation, or scaled to -4 to 4",
                normal + "; of a range " + scaled_back("(LOW + HIGH) / 2", "(HIGH - LOW) / 8"));
  if (std::fabs(s.mean()) <= kNormalMean && s.deviation() >= kLeastNormal &&
      s.deviation() <= kMostNormal)
    return says("normalised by mean and deviation", normal);
  says("scaled, or of another kind",
       "glowvox mel-check tells more; --from-preset and --from-stats convert");
}

MelVerdict MelJudge::verdict() const {
  MelVerdict verdict;
  verdict.refusal = impossible();
  if (verdict.refusal.empty() && loudest_ < kSilentRms) return verdict;
  if (verdict.refusal.empty()) {
    verdict.warning = unlike(statistics_, mean_, deviation_);
    if (verdict.warning.empty()) return verdict;
    // Unlike as it is, and like the training data by another logarithm: hardly chance.
    if (!like_training(log_unit(other_than(spec_.log))) && !like_training(kDecibel) &&
        !is_binary_logarithm())
      return verdict;
    verdict.refusal = verdict.warning;
  }
  say_what_it_is(&verdict);
  return verdict;
}

}  // namespace glowvox::dsp
