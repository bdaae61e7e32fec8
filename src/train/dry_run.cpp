// SPDX-License-Identifier: MIT
#include "train/dry_run.hpp"

#include <fmt/format.h>

#include "core/messages.hpp"
#include "core/progress_bar.hpp"
#include "core/result.hpp"
#include "train/corpus_check.hpp"
#include "train/estimate.hpp"
#include "train/run.hpp"

namespace glowvox::train {

namespace {

constexpr std::size_t kMostShown = 20;  // faulty files of a list; --json has all

struct Checked {
  std::string name;  // "data", "valid"
  CorpusCheck check;
};

Checked check(const std::string& name, const std::string& list, const RunOptions& o) {
  const config::ModelConfig& c = o.config;
  const Recordings recordings = recordings_of(list, c.mel.sample_rate_hz, o.data.incomplete, say);
  const double segment =
      static_cast<double>(c.train.segment_frames) * c.mel.hop_samples / c.mel.sample_rate_hz;
  ProgressBar bar;
  return {name, check_corpus(recordings, segment, c.mel.sample_rate_hz, [&](std::size_t done) {
            bar.show(static_cast<double>(done) / static_cast<double>(recordings.paths.size()),
                     fmt::format("{}: {} of {} files", name, done, recordings.paths.size()));
          })};
}

std::string to_text(const Checked& c) {
  const CorpusCheck& k = c.check;
  std::string text =
      fmt::format("{}: {} files, {:.2f} h ({:.2f} to {:.2f} s, median {:.2f})\n", c.name, k.clips,
                  k.seconds / 3600.0, k.shortest, k.longest, k.median);
  for (const auto& [rate, clips] : k.rates) text += fmt::format("  {} Hz: {} files\n", rate, clips);
  for (const auto& [channels, clips] : k.channels)
    if (channels != 1)
      text += fmt::format("  {} channels: {} files, mixed down\n", channels, clips);
  if (k.narrow > 0)
    text += fmt::format(
        "  narrow: {} files have hardly anything near half the rate, and a voice learns that\n",
        k.narrow);
  for (std::size_t i = 0; i < std::min(kMostShown, k.faults.size()); ++i)
    text += fmt::format("  {}: {} ({})\n", name_of(k.faults[i].fault), k.faults[i].path,
                        k.faults[i].detail);
  if (k.faults.size() > kMostShown)
    text += fmt::format("  and {} more; --json lists them all\n", k.faults.size() - kMostShown);
  if (k.faults.empty()) text += "  none unreadable, short, silent, clipped or twice there\n";
  return text;
}

nlohmann::json to_json(const CorpusCheck& k) {
  nlohmann::json rates, faults = nlohmann::json::array();
  for (const auto& [rate, clips] : k.rates) rates[std::to_string(rate)] = clips;
  for (const auto& f : k.faults)
    faults.push_back({{"path", f.path}, {"fault", name_of(f.fault)}, {"detail", f.detail}});
  return {{"files", k.clips},
          {"seconds", k.seconds},
          {"shortest_seconds", k.shortest},
          {"median_seconds", k.median},
          {"longest_seconds", k.longest},
          {"rates_hz", rates},
          {"narrow_files", k.narrow},
          {"faults", faults}};
}

// One step of the run as it would start: what it takes and gives.
struct FirstStep {
  std::int64_t parameters = 0;
  Estimate estimate;
  StepResult step;
};

nlohmann::json to_json(const FirstStep& f) {
  return {{"parameters", f.parameters},
          {"estimated_seconds_per_step", f.estimate.seconds_per_step},
          {"estimated_bytes", f.estimate.bytes()},
          {"available_bytes", f.estimate.available_bytes},
          {"step",
           {{"nats_per_sample", f.step.nats_per_sample},
            {"gradient_norm", f.step.gradient_norm},
            {"skipped", f.step.skipped()}}}};
}

std::string to_text(const FirstStep& f, std::int64_t steps) {
  std::string text =
      fmt::format("model: {:.2f} M parameters; {} and {:.2f} s a step ({} of memory are free)\n",
                  static_cast<double>(f.parameters) * 1e-6, readable_bytes(f.estimate.bytes()),
                  f.estimate.seconds_per_step, readable_bytes(f.estimate.available_bytes));
  text += fmt::format("one step: {:.4f} nats/sample, |grad| {:.3g}{}\n", f.step.nats_per_sample,
                      f.step.gradient_norm, f.step.skipped() ? ": not finite" : "");
  if (steps > 0)
    text += fmt::format("{} steps: about {:.1f} h\n", steps,
                        static_cast<double>(steps) * f.estimate.seconds_per_step / 3600.0);
  return text;
}

}  // namespace

int dry_run(const RunOptions& options, bool json) {
  std::vector<Checked> checked;
  for (const WeightedPath& list : options.data.lists)
    checked.push_back(
        check(options.data.lists.size() > 1 ? list.path : "data", list.path, options));
  if (!options.valid.empty()) checked.push_back(check("valid", options.valid, options));
  nlohmann::json out;
  std::string text;
  std::size_t unreadable = 0;
  for (const Checked& c : checked) {
    out[c.name] = to_json(c.check);
    text += to_text(c);
    unreadable += c.check.count(Fault::kUnreadable);
  }
  if (options.data.skip_unreadable) unreadable = 0;
  if (!json) print_result(false, {}, text);
  if (unreadable > 0) {
    if (json) print_result(true, out, "");
    say_error(
        fmt::format("{} recordings cannot be read; take them out of the list, or go on "
                    "without them by --skip-unreadable",
                    unreadable));
    return 1;
  }
  const auto trainer = make_trainer(options, say);
  const Estimate seen = estimate(*trainer);
  const FirstStep first{trainer->model().parameter_count(), seen, trainer->step(0.0)};
  out.update(to_json(first));
  print_result(json, out, to_text(first, options.steps));
  if (!first.step.skipped()) return 0;
  say_error("the first step is not finite; check the recordings, or lower --rate");
  return 1;
}

}  // namespace glowvox::train
