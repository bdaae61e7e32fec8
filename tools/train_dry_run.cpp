// SPDX-License-Identifier: MIT
#include "train_dry_run.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/printable.hpp"
#include "core/progress_bar.hpp"
#include "train/corpus_check.hpp"

namespace glowvox::tools {

namespace {

constexpr std::size_t kMostShown = 20;  // faulty files of a list; --json has all

struct Checked {
  std::string name;  // "data", "valid"
  train::CorpusCheck check;
};

Checked check(const std::string& name, const std::string& list, const train::RunOptions& o) {
  const config::ModelConfig& c = o.config;
  const train::Recordings recordings =
      train::recordings_of(list, c.mel.sample_rate_hz, o.data.incomplete, say);
  const double segment =
      static_cast<double>(c.train.segment_frames) * c.mel.hop_samples / c.mel.sample_rate_hz;
  ProgressBar bar;
  return {name, train::check_corpus(recordings, segment, [&](std::size_t done) {
            bar.show(static_cast<double>(done) / static_cast<double>(recordings.paths.size()),
                     fmt::format("{}: {} of {} files", name, done, recordings.paths.size()));
          })};
}

void print(const Checked& c) {
  const train::CorpusCheck& k = c.check;
  fmt::print("{}: {} files, {:.2f} h ({:.2f} to {:.2f} s, median {:.2f})\n", printable(c.name),
             k.clips, k.seconds / 3600.0, k.shortest, k.longest, k.median);
  for (const auto& [rate, clips] : k.rates) fmt::print("  {} Hz: {} files\n", rate, clips);
  for (const auto& [channels, clips] : k.channels)
    if (channels != 1) fmt::print("  {} channels: {} files, mixed down\n", channels, clips);
  for (std::size_t i = 0; i < std::min(kMostShown, k.faults.size()); ++i)
    fmt::print("  {}: {} ({})\n", name_of(k.faults[i].fault), printable(k.faults[i].path),
               printable(k.faults[i].detail));
  if (k.faults.size() > kMostShown)
    fmt::print("  and {} more; --json lists them all\n", k.faults.size() - kMostShown);
  if (k.faults.empty()) fmt::print("  none unreadable, short, silent, clipped or twice there\n");
}

nlohmann::json to_json(const train::CorpusCheck& k) {
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
          {"faults", faults}};
}

}  // namespace

int dry_run(const train::RunOptions& options, bool json) {
  std::vector<Checked> checked;
  for (const train::DataList& list : options.data.lists)
    checked.push_back(
        check(options.data.lists.size() > 1 ? list.path : "data", list.path, options));
  if (!options.valid.empty()) checked.push_back(check("valid", options.valid, options));
  if (!json)
    for (const Checked& c : checked) print(c);
  std::size_t unreadable = 0;
  for (const Checked& c : checked) unreadable += c.check.count(train::Fault::kUnreadable);
  if (options.data.skip_unreadable) unreadable = 0;
  if (unreadable > 0 && !json) {
    say(
        fmt::format("error: {} recordings cannot be read; take them out of the list, or go on "
                    "without them by --skip-unreadable",
                    unreadable));
    return 1;
  }
  nlohmann::json out;
  for (const Checked& c : checked) out[c.name] = to_json(c.check);
  if (unreadable == 0) {
    const auto trainer = train::make_trainer(options, say);
    const train::Estimate e = train::estimate(*trainer);
    const train::StepResult step = trainer->step(0.0);
    out["parameters"] = trainer->model().parameter_count();
    out["estimated_seconds_per_step"] = e.seconds_per_step;
    out["estimated_bytes"] = e.bytes();
    out["available_bytes"] = e.available_bytes;
    out["step"] = {{"nats_per_sample", step.nats_per_sample},
                   {"gradient_norm", step.gradient_norm},
                   {"skipped", step.skipped()}};
    if (!json) {
      fmt::print("model: {:.2f} M parameters; {} and {:.2f} s a step ({} of memory are free)\n",
                 static_cast<double>(trainer->model().parameter_count()) * 1e-6,
                 train::readable_bytes(e.bytes()), e.seconds_per_step,
                 train::readable_bytes(e.available_bytes));
      fmt::print("one step: {:.4f} nats/sample, |grad| {:.3g}{}\n", step.nats_per_sample,
                 step.gradient_norm, step.skipped() ? ": not finite" : "");
      if (options.steps > 0)
        fmt::print("{} steps: about {:.1f} h\n", options.steps,
                   static_cast<double>(options.steps) * e.seconds_per_step / 3600.0);
    }
    if (step.skipped()) {
      say("error: the first step is not finite; check the recordings, or lower --rate");
      return 1;
    }
  }
  if (json) fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return unreadable > 0 ? 1 : 0;
}

}  // namespace glowvox::tools
