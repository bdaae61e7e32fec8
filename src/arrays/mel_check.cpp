// SPDX-License-Identifier: MIT
#include "arrays/mel_check.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <optional>

#include "core/path.hpp"
#include "core/result.hpp"
#include "core/usage_error.hpp"
#include "dsp/mel_guess.hpp"
#include "dsp/mel_judge.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::arrays {

namespace {

constexpr std::int64_t kFramesAtOnce = 4096;
constexpr double kSameFloor = 1e-3;
constexpr char kAsItIs[] = "takes it as it is";

struct Verdict {
  bool takes = true;
  std::string text, warning;
};

// The model's own specification with the other logarithm and the floor that the file has.
MelSpec other_logarithm(const dsp::MelGuess& guess, const MelSpec& expected) {
  MelSpec spec = expected;
  spec.log = guess.values == dsp::MelValues::kLn ? MelLog::kLn : MelLog::kLog10;
  if (guess.floor > 0.0) spec.floor = guess.floor;
  return spec;
}

std::string option_for(const MelSpec& spec) {
  return fmt::format("--from-preset '{{log: {}, floor: {:.3g}}}'",
                     spec.log == MelLog::kLn ? "ln" : "log10", spec.floor);
}

// Of the mel as it is in the file.
Verdict judge_file(const dsp::MelStatistics& mel, const dsp::MelGuess& guess,
                   const MelSpec& expected) {
  if (dsp::fits(mel, expected)) return {true, kAsItIs, ""};
  if (guess.values == dsp::MelValues::kNormalized)
    return {false,
            "cannot take it: it looks normalised or scaled; undo that (--from-stats takes back a "
            "normalisation by mean and deviation)",
            ""};
  if (guess.values == dsp::MelValues::kUnknown) {
    if (mel.minimum() < mel_floor(expected) - kSameFloor)
      return {false, "cannot take it: its values lie below the model's floor", ""};
    return {true, kAsItIs, "but its values are unlike speech"};
  }
  // A smallest value that is just the model's floor in the other logarithm is hardly chance.
  MelSpec same_floor = expected;
  same_floor.log = expected.log == MelLog::kLn ? MelLog::kLog10 : MelLog::kLn;
  if (dsp::fits(mel, same_floor) && std::fabs(mel.minimum() - mel_floor(same_floor)) < kSameFloor)
    return {true, "takes it with " + option_for(same_floor), ""};
  for (const std::string& preset : guess.presets)
    if (converts_exactly(mel_preset(preset), expected))
      return {true, "takes it with --from-preset " + preset, ""};
  const MelSpec other = other_logarithm(guess, expected);
  const bool possible = dsp::fits(mel, other) && converts_exactly(other, expected);
  const std::string with = "with " + option_for(other);
  if (guess.presets.empty())
    return possible ? Verdict{true, "takes it " + with, ""}
                    : Verdict{false,
                              fmt::format("cannot take it: its values ({}) fit neither the model "
                                          "nor a preset",
                                          name_of(guess.values)),
                              ""};
  const std::string& preset = guess.presets.front();
  std::string text = fmt::format("cannot take it as {}, which is [{}], the model expects [{}]",
                                 preset, describe(mel_preset(preset)), describe(expected));
  if (possible) text += "; was it made as the model expects but for the logarithm, then " + with;
  return {false, text, ""};
}

// The file as it is and, where a model was named, as that would be given it.
struct Contents {
  dsp::MelStatistics plain, converted;
  std::optional<dsp::MelJudge> judge;  // of what is converted
};

// conversion, config: null without a model, or where it cannot be converted.
Contents read(const MelReader& file, MelConversion* conversion, const config::ModelConfig* config) {
  const int bands = config != nullptr ? config->mel.bands : file.bands();
  Contents c{dsp::MelStatistics(file.bands()), dsp::MelStatistics(bands), {}};
  if (config != nullptr)
    c.judge.emplace(config->mel, config->mel_statistics.mean, config->mel_statistics.deviation);
  const auto take = [&c](const Mel& converted) {
    c.converted.add(converted);
    c.judge->add(converted);
  };
  for (std::int64_t at = 0; at < file.frames(); at += kFramesAtOnce) {
    const Mel mel = file.read(at, std::min(kFramesAtOnce, file.frames() - at));
    c.plain.add(mel);
    if (conversion != nullptr) take(conversion->push(mel));
  }
  if (conversion != nullptr) take(conversion->finish());
  return c;
}

Verdict judge(const MelCheckOptions& o, const Contents& contents, const dsp::MelGuess& guess,
              const config::ModelConfig& config, const std::string& obstacle) {
  const int bands = o.mel.specification(config.mel).bands;
  if (contents.plain.bands() != bands)
    return {false,
            fmt::format("cannot take it: it has {} bands, {} {}", contents.plain.bands(),
                        o.mel.converts() ? "what it is said to be made as" : "the model expects",
                        bands),
            ""};
  Verdict verdict{true, "takes it, converted", ""};
  const dsp::MelVerdict found = contents.judge->verdict();
  const std::string refusal =
      fmt::format("{}; it is probably {}; {}", found.refusal, found.probably, found.advice);
  if (!o.mel.converts()) {
    verdict = judge_file(contents.plain, guess, config.mel);
    if (!found.refusal.empty() && verdict.text == kAsItIs)
      return {false, "cannot take it: " + refusal, ""};
    if (!dsp::fits(contents.plain, config.mel)) return verdict;
  } else if (!obstacle.empty()) {
    return {false, "cannot take it: " + obstacle, ""};
  } else if (!found.refusal.empty()) {
    return {false, "cannot take it, converted so: " + refusal, ""};
  } else if (!dsp::fits(contents.converted, config.mel)) {
    verdict.warning = "but converted so its values are not such a mel's: was it made so?";
    return verdict;
  }
  if (!found.warning.empty()) verdict.warning = "but " + found.warning;
  return verdict;
}

const char* layout_of(const MelReader& file) {
  return file.frames_first() ? "[frames, bands]" : "[bands, frames]";
}

nlohmann::json to_json(const MelCheckOptions& o, const MelReader& file,
                       const dsp::MelStatistics& mel, const dsp::MelGuess& guess,
                       const Verdict& verdict) {
  nlohmann::json json = {{"mel", o.in},
                         {"bands", file.bands()},
                         {"frames", file.frames()},
                         {"layout", layout_of(file)},
                         {"minimum", mel.minimum()},
                         {"maximum", mel.maximum()},
                         {"mean", mel.mean()},
                         {"deviation", mel.deviation()},
                         {"share_at_minimum", mel.at_minimum()},
                         {"values", name_of(guess.values)},
                         {"presets", guess.presets}};
  if (guess.floor > 0.0) json["floor"] = guess.floor;
  if (o.model.empty()) return json;
  json["model_takes_it"] = verdict.takes;
  json["verdict"] = verdict.text;
  if (!verdict.warning.empty()) json["warning"] = verdict.warning;
  return json;
}

std::string to_text(const MelCheckOptions& o, const MelReader& file, const dsp::MelStatistics& mel,
                    const dsp::MelGuess& guess, const Verdict& verdict) {
  std::string text = fmt::format("{}: {} bands, {} frames, stored {}\n", o.in, file.bands(),
                                 file.frames(), layout_of(file));
  text += fmt::format("range           {:.4f} to {:.4f}, mean {:.4f}, deviation {:.4f}\n",
                      mel.minimum(), mel.maximum(), mel.mean(), mel.deviation());
  if (guess.floor > 0.0)
    text += fmt::format("floor           {:.3g}, touched by {:.2f}% of the values\n", guess.floor,
                        100.0 * mel.at_minimum());
  else
    text += "floor           not touched\n";
  text += fmt::format("values          {}\n", name_of(guess.values));
  if (!guess.presets.empty())
    text += fmt::format("may be          {}{}\n", fmt::join(guess.presets, ", "),
                        guess.presets.size() > 1 ? " (the likeliest first)" : "");
  if (o.model.empty()) return text;
  text += fmt::format("{}: {}\n", o.model, verdict.text);
  return verdict.warning.empty() ? text : text + "warning         " + verdict.warning;
}

// With the model's number of bands; where the file has others, with its own, so that it is told.
MelReader open(const MelCheckOptions& o, int bands) {
  try {
    return {o.in, bands, o.mel.read_options()};
  } catch (const Error&) {
    if (bands == 0 || o.bands > 0 || !std::filesystem::is_regular_file(path_of(o.in))) throw;
  }
  return {o.in, 0, o.mel.read_options()};
}

}  // namespace

bool check_mel(const MelCheckOptions& o) {
  std::optional<config::ModelConfig> config;
  std::optional<MelConversion> conversion;
  std::string obstacle;
  int expected_bands = 0;
  if (!o.model.empty()) {
    config = safetensors::model_config(safetensors::MappedSafetensors(o.model).metadata(), o.model);
    const MelSpec from = o.mel.specification(config->mel);
    expected_bands = from.bands;
    try {
      conversion.emplace(o.mel, config->mel, "mel");
    } catch (const Error& e) {
      if (o.mel.convert || converts_exactly(from, config->mel)) throw;
      obstacle = e.what();
    }
  } else if (o.mel.converts()) {
    throw UsageError("--from-preset, --from-stats", "expected --model, which it is converted for");
  }
  const MelReader file = open(o, o.bands > 0 ? o.bands : expected_bands);
  const bool converted = conversion && file.bands() == expected_bands;
  const Contents contents =
      read(file, converted ? &*conversion : nullptr, config ? &*config : nullptr);
  const dsp::MelGuess guess = dsp::guess_mel(contents.plain);
  const Verdict verdict = config ? judge(o, contents, guess, *config, obstacle) : Verdict{};
  print_result(o.json, to_json(o, file, contents.plain, guess, verdict),
               to_text(o, file, contents.plain, guess, verdict));
  return verdict.takes;
}

}  // namespace glowvox::arrays
