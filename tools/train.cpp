// glowvox train: corpus to model.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "glowvox/error.hpp"
#include "interrupt.hpp"
#include "torch_threads.hpp"
#include "train/run.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string config;
  train::RunOptions run;
  int threads = 0, batch = 0;
  double rate = 0.0;
  bool json = false, float32 = false;
};

nlohmann::json to_json(const std::optional<train::Validation>& v) {
  if (!v) return nullptr;
  return {{"nats_per_sample", v->nats_per_sample},
          {"swapped_mel_loss", v->swapped_mel_loss},
          {"feature_variation", v->feature_variation}};
}

void print(const train::RunSummary& s, bool json) {
  if (json) {
    const nlohmann::json out = {{"model", s.model_path},
                                {"steps", s.progress.step},
                                {"skipped", s.progress.skipped},
                                {"seconds", s.progress.seconds},
                                {"seconds_per_step", s.seconds_per_step},
                                {"train_nats_per_sample", s.train_nats_per_sample},
                                {"valid_before", to_json(s.before)},
                                {"valid_after", to_json(s.after)},
                                {"interrupted", s.interrupted}};
    fmt::print("{}\n", out.dump(2));
    return;
  }
  fmt::print("{}: {} steps in {:.0f} s ({:.3f} s a step), {} skipped\n", s.model_path,
             s.progress.step, s.progress.seconds, s.seconds_per_step, s.progress.skipped);
  if (s.before && s.after)
    fmt::print("held out: {:.4f} nats per sample, {:.4f} before\n", s.after->nats_per_sample,
               s.before->nats_per_sample);
}

int run(Options& o) {
  if (o.run.steps <= 0 && !(o.run.minutes > 0.0))
    throw UsageError("--steps or --minutes", "expected one of them, got neither");
  use_threads(o.threads);
  o.run.config = format::read_config(o.config);
  if (o.batch > 0) o.run.config.train.batch = o.batch;
  if (o.rate > 0.0) o.run.config.train.rate = o.rate;
  if (o.float32) o.run.config.train.bf16 = false;
  format::validate(o.run.config, o.config);
  // Ends the run after the present step.
  const train::RunSummary summary = train::run(o.run, catch_interrupts(), say);
  print(summary, o.json);
  if (summary.interrupted) say("stopped; continue with the same command and --resume");
  return summary.interrupted ? kInterruptedStatus : 0;
}

}  // namespace

std::function<int()> setup_train(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("CONFIG", o->config, "Configuration (see configs/)")->required();
  app.add_option("--data", o->run.data, "List of wav, flac or ogg files, or a folder")->required();
  app.add_option("--valid", o->run.valid, "Held-out list or folder");
  app.add_option("--out", o->run.out, "Folder for checkpoint, metrics.csv and model")->required();
  app.add_option("--steps", o->run.steps, "Length of the run in steps")->check(CLI::PositiveNumber);
  app.add_option("--minutes", o->run.minutes, "Length of the run in minutes of training")
      ->check(CLI::Range(1e-3, 1e6));
  auto* resume = app.add_flag("--resume", o->run.resume, "Continue from the checkpoint in --out");
  app.add_option("--init-from", o->run.init_from, "Start from a model's weights")->excludes(resume);
  app.add_option("--valid-every", o->run.valid_every,
                 "Steps between held-out likelihoods (0: first and last only)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--checkpoint-minutes", o->run.checkpoint_minutes, "Minutes between checkpoints")
      ->check(CLI::Range(0.05, 1e6))
      ->capture_default_str();
  app.add_option("--batch", o->batch, "Segments a step (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  app.add_option("--rate", o->rate, "Peak learning rate (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  app.add_flag("--float32", o->float32, "No bfloat16 in the training products");
  app.add_option("--seed", o->run.seed, "Random seed")->capture_default_str();
  app.add_flag("--half", o->run.half, "Write the model in half precision");
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the summary as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
