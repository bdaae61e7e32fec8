// SPDX-License-Identifier: MIT
// glowvox train: corpus to model.
#include <memory>

#include "command.hpp"
#include "options.hpp"
#include "train/start.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<train::TrainOptions>();
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
  add_speakers(app, o->run.data.speakers);
  app.add_option("--tempering", o->tempering,
                 "A speaker is drawn in proportion to what there is of it to this power, 0 to 1 "
                 "(default: the configuration's)")
      ->check(CLI::Range(0.0, 1.0));
  app.add_option("--valid", o->run.valid, "Held-out list or folder");
  app.add_option("--out", o->run.out, "Folder for checkpoints, report.html, tables and models");
  app.add_flag("--dry-run", o->dry_run,
               "Check configuration and recordings, try one step, write nothing");

  app.option_defaults()->group("Length");
  app.add_option("--steps", o->run.steps, "Length of the run in steps")->check(CLI::PositiveNumber);
  app.add_option("--minutes", o->run.minutes, "Length of the run in minutes of training")
      ->check(CLI::Range(1e-3, 1e6));
  auto* resume = app.add_flag("--resume", o->run.resume,
                              "Continue from the newest good checkpoint in --out, if there is one");
  app.add_option("--init-from", o->run.init_from,
                 "Start from a model's weights; of one with more channels, from nearly what it "
                 "computes")
      ->excludes(resume);
  app.add_option("--seed", o->run.seed, "Random seed")->capture_default_str();

  app.option_defaults()->group("A step");
  app.add_option("--batch", o->batch,
                 "Segments a step, over all ranks (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  app.add_option("--rate", o->rate, "Peak learning rate (default: the configuration's)")
      ->check(CLI::PositiveNumber);
  app.add_option("--accumulate", o->accumulate,
                 "Passes that a step's batch is split into: less memory, the same step")
      ->check(CLI::PositiveNumber);
  app.add_flag("--recompute", o->recompute,
               "Make activations again in the backward pass: memory that does not grow with the "
               "steps, for about half as much time again");
  auto* float32 = app.add_flag("--float32", o->float32,
                               "Matrix products in float (default: in what is measured to be "
                               "faster here, and stays so when the run is resumed)");
  app.add_flag("--bf16", o->bf16,
               "Those of the nets in bfloat16, also where that is slower; mixing and likelihood "
               "stay in float")
      ->excludes(float32);

  app.option_defaults()->group("Machine");
  add_threads(app, o->threads, "all cores, shared by the ranks");
  app.add_option("--device", o->run.device, "cpu, cuda or cuda:N")->capture_default_str();
  app.add_option("--nproc", o->ranks,
                 "Ranks to start on this machine; torchrun, mpirun and srun start them instead")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  app.add_option("--rank-timeout", o->rank_timeout,
                 "Seconds that a rank waits for another in a step before it takes it for lost")
      ->check(CLI::Range(5, 86400))
      ->capture_default_str();

  app.option_defaults()->group("Record");
  app.add_option("--valid-every", o->run.valid_every,
                 "Steps between held-out likelihoods and reports (0: first and last only)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--checkpoint-minutes", o->run.checkpoint_minutes, "Minutes between checkpoints")
      ->check(CLI::Range(0.001, 1e6))
      ->capture_default_str();
  app.add_option("--checkpoint-steps", o->run.checkpoint_steps,
                 "Steps between checkpoints as well (0: by minutes alone)")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--keep", o->run.keep, "Newest checkpoints to keep, besides the best")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  app.add_flag("--tensorboard", o->run.tensorboard, "Write TensorBoard event files as well");
  app.add_flag("--half", o->run.half, "Write the models in half precision");
  add_json(app, o->json);
  return [o] {
    o->arguments = program_arguments();
    return train::start(*o);
  };
}

const Registration registration(
    {"train", Group::kTraining, "Train a flow on recordings by exact likelihood",
     "  glowvox train configs/mdct-causal.yaml --data train.txt --valid dev.txt \\\n"
     "    --dry-run\n"
     "  glowvox train configs/mdct-causal.yaml --data train.txt --valid dev.txt \\\n"
     "    --out runs/a --minutes 60\n"
     "  glowvox train configs/mdct-causal.yaml --data train.txt --out runs/a \\\n"
     "    --minutes 120 --resume\n"
     "  glowvox train configs/mdct-causal.yaml --data train.txt --out runs/b \\\n"
     "    --steps 10000 --nproc 2\n"
     "  torchrun --nproc_per_node 4 --no_python glowvox train \\\n"
     "    configs/mdct-causal.yaml --data train.txt --out runs/b --steps 10000",
     setup});

}  // namespace

}  // namespace glowvox::tools
