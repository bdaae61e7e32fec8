// SPDX-License-Identifier: MIT
// glowvox mel-check: what a mel is, and whether a model takes it.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

#include "commands.hpp"
#include "core/printable.hpp"
#include "dsp/mel_guess.hpp"
#include "dsp/mel_judge.hpp"
#include "mel_input.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::tools {

namespace {

constexpr std::int64_t kFramesAtOnce = 4096;
constexpr int kRefusedStatus = 1;
constexpr double kSameFloor = 1e-3;
constexpr char kAsItIs[] = "takes it as it is";

struct Options {
  std::string in, model;
  MelInput mel;
  int bands = 0;
  bool json = false;
};

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
Contents read(const arrays::MelReader& file, MelConversion* conversion,
              const config::ModelConfig* config) {
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

Verdict judge(const Options& o, const Contents& contents, const dsp::MelGuess& guess,
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

void print(const Options& o, const arrays::MelReader& file, const dsp::MelStatistics& mel,
           const dsp::MelGuess& guess, const Verdict& verdict) {
  const char* layout = file.frames_first() ? "[frames, bands]" : "[bands, frames]";
  if (o.json) {
    nlohmann::json json = {{"mel", o.in},
                           {"bands", file.bands()},
                           {"frames", file.frames()},
                           {"layout", layout},
                           {"minimum", mel.minimum()},
                           {"maximum", mel.maximum()},
                           {"mean", mel.mean()},
                           {"deviation", mel.deviation()},
                           {"share_at_minimum", mel.at_minimum()},
                           {"values", name_of(guess.values)},
                           {"presets", guess.presets}};
    if (guess.floor > 0.0) json["floor"] = guess.floor;
    if (!o.model.empty()) {
      json["model_takes_it"] = verdict.takes;
      json["verdict"] = verdict.text;
      if (!verdict.warning.empty()) json["warning"] = verdict.warning;
    }
    fmt::print("{}\n", json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {} bands, {} frames, stored {}\n", printable(o.in), file.bands(), file.frames(),
             layout);
  fmt::print("range           {:.4f} to {:.4f}, mean {:.4f}, deviation {:.4f}\n", mel.minimum(),
             mel.maximum(), mel.mean(), mel.deviation());
  if (guess.floor > 0.0)
    fmt::print("floor           {:.3g}, touched by {:.2f}% of the values\n", guess.floor,
               100.0 * mel.at_minimum());
  else
    fmt::print("floor           not touched\n");
  fmt::print("values          {}\n", name_of(guess.values));
  if (!guess.presets.empty())
    fmt::print("may be          {}{}\n", fmt::join(guess.presets, ", "),
               guess.presets.size() > 1 ? " (the likeliest first)" : "");
  if (o.model.empty()) return;
  fmt::print("{}: {}\n", printable(o.model), printable(verdict.text));
  if (!verdict.warning.empty()) fmt::print("warning         {}\n", printable(verdict.warning));
}

// With the model's number of bands; where the file has others, with its own, so that it is told.
arrays::MelReader open(const Options& o, int bands) {
  try {
    return {o.in, bands, o.mel.read_options()};
  } catch (const Error&) {
    if (bands == 0 || o.bands > 0 || !std::filesystem::is_regular_file(o.in)) throw;
  }
  return {o.in, 0, o.mel.read_options()};
}

int run(const Options& o) {
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
  const arrays::MelReader file = open(o, o.bands > 0 ? o.bands : expected_bands);
  const bool converted = conversion && file.bands() == expected_bands;
  const Contents contents =
      read(file, converted ? &*conversion : nullptr, config ? &*config : nullptr);
  const dsp::MelGuess guess = dsp::guess_mel(contents.plain);
  const Verdict verdict = config ? judge(o, contents, guess, *config, obstacle) : Verdict{};
  print(o, file, contents.plain, guess, verdict);
  return verdict.takes ? 0 : kRefusedStatus;
}

}  // namespace

std::function<int()> setup_mel_check(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("MEL", o->in, "npy, npz, PyTorch or safetensors file, raw float32 (.f32), or -")
      ->required();
  app.add_option("--model", o->model,
                 "Say whether this model takes it (exit status 1 when it does not)");
  app.add_option("--bands", o->bands, "How many bands it has, where its shape does not tell")
      ->check(CLI::Range(0, 4096));
  o->mel.add_to(app);
  app.add_flag("--json", o->json, "Print as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
