// SPDX-License-Identifier: MIT
#include "train/start.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/cpu.hpp"
#include "core/interrupt.hpp"
#include "core/messages.hpp"
#include "core/result.hpp"
#include "core/usage_error.hpp"
#include "flow/torch_threads.hpp"
#include "train/dry_run.hpp"
#include "train/launch.hpp"
#include "train/memory_meter.hpp"
#include "train/run.hpp"

namespace glowvox::train {

namespace {

nlohmann::json to_json(const std::optional<Validation>& v) {
  if (!v) return nullptr;
  return {{"nats_per_sample", v->nats_per_sample},
          {"swapped_mel_loss", v->swapped_mel_loss},
          {"feature_variation", v->feature_variation},
          {"band_nats", v->band_nats}};
}

nlohmann::json to_json(const RunSummary& s) {
  return {{"model", s.model_path},
          {"steps", s.progress.step},
          {"skipped", s.progress.skipped},
          {"setbacks", s.progress.setbacks},
          {"seconds", s.progress.seconds},
          {"seconds_per_step", s.seconds_per_step},
          {"estimated_seconds_per_step", s.estimate.seconds_per_step},
          {"peak_bytes", s.peak_bytes},
          {"estimated_bytes", s.estimate.bytes()},
          {"best_step", s.progress.best_step},
          {"train_nats_per_sample", s.train_nats_per_sample},
          {"valid_before", to_json(s.before)},
          {"valid_after", to_json(s.after)},
          {"products", s.bf16 ? "bfloat16" : "float32"},
          {"interrupted", s.interrupted}};
}

std::string to_text(const RunSummary& s) {
  std::string text =
      fmt::format("{}: {} steps in {:.0f} s ({:.3f} s a step, {} at most), {} skipped",
                  s.model_path, s.progress.step, s.progress.seconds, s.seconds_per_step,
                  readable_bytes(s.peak_bytes), s.progress.skipped);
  if (s.before && s.after)
    text += fmt::format("\nheld out: {:.4f} nats per sample, {:.4f} before",
                        s.after->nats_per_sample, s.before->nats_per_sample);
  return text;
}

// The configuration with what the command line changes in it.
config::ModelConfig configuration(const TrainOptions& o) {
  config::ModelConfig config = config::read_config(o.config);
  if (o.batch > 0) config.train.batch = o.batch;
  if (o.accumulate > 0) config.train.accumulate = o.accumulate;
  if (o.rate > 0.0) config.train.rate = o.rate;
  if (o.tempering >= 0.0) config.train.tempering = o.tempering;
  if (o.recompute) config.train.recompute = true;
  config::validate(config, o.config);
  return config;
}

}  // namespace

int start(TrainOptions o) {
  if (o.run.steps <= 0 && !(o.run.minutes > 0.0) && !o.dry_run)
    throw UsageError("--steps or --minutes", "expected one of them, got neither");
  if (o.run.out.empty() && !o.dry_run) throw UsageError("--out", "expected a folder, got none");
  o.run.config = configuration(o);
  if (o.float32) o.run.products = Products::kFloat32;
  if (o.bf16) o.run.products = Products::kBfloat16;
  for (const std::string& list : o.data) o.run.data.lists.push_back(parse_weighted_path(list));
  o.run.place = place_from_environment();
  if (o.run.place) o.run.place->timeout = std::chrono::seconds(o.rank_timeout);
  if (o.ranks > 1 && !o.run.place && !o.dry_run) return launch_ranks(o.ranks, o.arguments, say);
  const int local_ranks = o.run.place ? o.run.place->local_ranks : 1;
  flow::use_threads(o.threads > 0 ? o.threads : std::max(1, available_cores() / local_ranks));
  MemoryMeter::install();
  if (o.dry_run) return dry_run(o.run, o.json);
  // Ends the run after the present step.
  const RunSummary summary = train::run(o.run, catch_interrupts(), say);
  const bool leads = !o.run.place || o.run.place->rank == 0;
  if (leads) print_result(o.json, to_json(summary), to_text(summary));
  if (leads && summary.interrupted) say("stopped; continue with the same command and --resume");
  return summary.interrupted ? kInterruptedStatus : 0;
}

}  // namespace glowvox::train
