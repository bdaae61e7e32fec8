// SPDX-License-Identifier: MIT
// glowvox train: corpus to model.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "core/cpu.hpp"
#include "core/printable.hpp"
#include "data_options.hpp"
#include "glowvox/error.hpp"
#include "interrupt.hpp"
#include "torch_threads.hpp"
#include "train/launch.hpp"
#include "train/run.hpp"
#include "train_dry_run.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string config;
  std::vector<std::string> data;
  std::string speakers = name_of(train::SpeakerRule::kName);
  train::RunOptions run;
  int threads = 0, batch = 0, accumulate = 0, ranks = 1, rank_timeout = 40;
  double rate = 0.0, tempering = -1.0;
  bool json = false, float32 = false, bf16 = false, recompute = false, dry_run = false;
};

nlohmann::json to_json(const std::optional<train::Validation>& v) {
  if (!v) return nullptr;
  return {{"nats_per_sample", v->nats_per_sample},
          {"swapped_mel_loss", v->swapped_mel_loss},
          {"feature_variation", v->feature_variation},
          {"band_nats", v->band_nats}};
}

void print(const train::RunSummary& s, bool json) {
  if (json) {
    const nlohmann::json out = {{"model", s.model_path},
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
    fmt::print("{}\n", out.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return;
  }
  fmt::print("{}: {} steps in {:.0f} s ({:.3f} s a step, {} at most), {} skipped\n",
             printable(s.model_path), s.progress.step, s.progress.seconds, s.seconds_per_step,
             train::readable_bytes(s.peak_bytes), s.progress.skipped);
  if (s.before && s.after)
    fmt::print("held out: {:.4f} nats per sample, {:.4f} before\n", s.after->nats_per_sample,
               s.before->nats_per_sample);
}

// The configuration with what the command line changes in it.
config::ModelConfig configuration(const Options& o) {
  config::ModelConfig config = config::read_config(o.config);
  if (o.batch > 0) config.train.batch = o.batch;
  if (o.accumulate > 0) config.train.accumulate = o.accumulate;
  if (o.rate > 0.0) config.train.rate = o.rate;
  if (o.tempering >= 0.0) config.train.tempering = o.tempering;
  if (o.recompute) config.train.recompute = true;
  config::validate(config, o.config);
  return config;
}

int run(Options& o) {
  if (o.run.steps <= 0 && !(o.run.minutes > 0.0) && !o.dry_run)
    throw UsageError("--steps or --minutes", "expected one of them, got neither");
  if (o.run.out.empty() && !o.dry_run) throw UsageError("--out", "expected a folder, got none");
  o.run.config = configuration(o);
  if (o.float32) o.run.products = train::Products::kFloat32;
  if (o.bf16) o.run.products = train::Products::kBfloat16;
  for (const std::string& list : o.data) o.run.data.lists.push_back(train::parse_data_list(list));
  o.run.data.speakers = speaker_rule(o.speakers);
  o.run.place = train::place_from_environment();
  if (o.run.place) o.run.place->timeout = std::chrono::seconds(o.rank_timeout);
  if (o.ranks > 1 && !o.run.place && !o.dry_run)
    return train::launch_ranks(o.ranks, program_arguments(), say);
  const int local_ranks = o.run.place ? o.run.place->local_ranks : 1;
  use_threads(o.threads > 0 ? o.threads : std::max(1, available_cores() / local_ranks));
  if (o.dry_run) return dry_run(o.run, o.json);
  // Ends the run after the present step.
  const train::RunSummary summary = train::run(o.run, catch_interrupts(), say);
  const bool leads = !o.run.place || o.run.place->rank == 0;
  if (leads) print(summary, o.json);
  if (leads && summary.interrupted) say("stopped; continue with the same command and --resume");
  return summary.interrupted ? kInterruptedStatus : 0;
}

}  // namespace

std::function<int()> setup_train(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("CONFIG", o->config, "Configuration (see configs/)")->required();
  app.add_option("--data", o->data,
                 "LIST or LIST:weight: a folder, a packed corpus or a list (paths, LJSpeech, "
                 "path|text, a table, wav.scp); may be given several times, and is drawn from by "
                 "its weight")
      ->required()
      ->allow_extra_args(false);
  app.add_flag("--incomplete", o->run.data.incomplete,
               "Train on the parts of a packed corpus that are there");
  app.add_option(
      "--mels", o->run.data.mels,
      "Folder of mels that an acoustic model has predicted for the recordings, with "
      "their names (npy, npz, pt, safetensors); a table's column of mels needs no --mels");
  app.add_option("--real-share", o->run.data.real_share,
                 "Of the segments that have a predicted mel, the share that take the recording's "
                 "own")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  add_skip_unreadable(app, o->run.data.skip_unreadable);
  add_speakers(app, o->speakers);
  app.add_option("--tempering", o->tempering,
                 "A speaker is drawn in proportion to what there is of it to this power, 0 to 1 "
                 "(default: the configuration's)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--valid", o->run.valid, "Held-out list or folder");
  app.add_option("--out", o->run.out, "Folder for checkpoints, report.html, tables and models");
  app.add_flag("--dry-run", o->dry_run,
               "Check configuration and recordings, try one step, write nothing");

  auto* length = app.add_option_group("Length");
  length->add_option("--steps", o->run.steps, "Length of the run in steps")
      ->check(CLI::PositiveNumber);
  length->add_option("--minutes", o->run.minutes, "Length of the run in minutes of training")
      ->check(CLI::Range(1e-3, 1e6));
  auto* resume =
      length->add_flag("--resume", o->run.resume,
                       "Continue from the newest good checkpoint in --out, if there is one");
  length->add_option("--init-from", o->run.init_from, "Start from a model's weights")
      ->excludes(resume);
  length->add_option("--seed", o->run.seed, "Random seed")->capture_default_str();

  auto* step = app.add_option_group("A step");
  step->add_option("--batch", o->batch,
                   "Segments a step, over all ranks (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  step->add_option("--rate", o->rate, "Peak learning rate (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  step->add_option("--accumulate", o->accumulate,
                   "Passes that a step's batch is split into: less memory, the same step")
      ->check(CLI::PositiveNumber);
  step->add_flag("--recompute", o->recompute,
                 "Make activations again in the backward pass: memory that does not grow with the "
                 "steps, for about half as much time again");
  auto* float32 = step->add_flag("--float32", o->float32,
                                 "Matrix products in float (default: in what is measured to be "
                                 "faster here, and stays so when the run is resumed)");
  step->add_flag("--bf16", o->bf16,
                 "Those of the nets in bfloat16, also where that is slower; mixing and likelihood "
                 "stay in float")
      ->excludes(float32);

  auto* where = app.add_option_group("Machine");
  where->add_option("--threads", o->threads, "Threads (default: all cores, shared by the ranks)");
  where->add_option("--device", o->run.device, "cpu, cuda or cuda:N")->capture_default_str();
  where
      ->add_option("--nproc", o->ranks,
                   "Ranks to start on this machine; torchrun, mpirun and srun start them instead")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  where
      ->add_option("--rank-timeout", o->rank_timeout,
                   "Seconds that a rank waits for another in a step before it takes it for lost")
      ->check(CLI::Range(5, 86400))
      ->capture_default_str();

  auto* record = app.add_option_group("Record");
  record
      ->add_option("--valid-every", o->run.valid_every,
                   "Steps between held-out likelihoods and reports (0: first and last only)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  record
      ->add_option("--checkpoint-minutes", o->run.checkpoint_minutes, "Minutes between checkpoints")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  record
      ->add_option("--checkpoint-steps", o->run.checkpoint_steps,
                   "Steps between checkpoints as well (0: by minutes alone)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  record->add_option("--keep", o->run.keep, "Newest checkpoints to keep, besides the best")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  record->add_flag("--tensorboard", o->run.tensorboard, "Write TensorBoard event files as well");
  record->add_flag("--half", o->run.half, "Write the models in half precision");
  record->add_flag("--json", o->json, "Print the summary as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
