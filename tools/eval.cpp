// SPDX-License-Identifier: MIT
// glowvox eval: objective metrics of copy synthesis, or of anybody's sounds.
#include <memory>

#include "command.hpp"
#include "evaluation/evaluate.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<evaluation::EvaluationOptions>();
  add_engine(app, o->engine, Model::kOptional);
  app.add_option("--list", o->list,
                 "Recordings that the model copies: a folder, or a list as train takes it");
  add_skip_unreadable(app, o->skip_unreadable);
  app.add_option("--sigma", o->sigmas, "Temperature; may be given several times (default: 0.7)");
  app.add_flag(
      "--as-if-predicted", o->as_if_predicted,
      "Copy from smoothed mels beside the recordings' own, as an acoustic model would have "
      "predicted them (glowvox mel --as-if-predicted)");
  app.add_option("--seed", o->engine.seed, "Random seed")->capture_default_str();
  add_finishing(app, o->engine);
  app.add_option("--ref", o->ref, "Recordings whose synthesis is there already: a folder");
  app.add_option("--out", o->outs,
                 "Synthesized files of the same names; may be given several times");
  app.add_option("--baseline", o->baselines,
                 "griffin-lim (60 fast iterations), noise (shaped by the mel alone), latents (the "
                 "model's own, decoded again: perfect); may be given several times");
  app.add_flag("--judges", o->judges,
               "Ask PESQ-WB and NISQA v2 too, where the Python below has them (packages: "
               "tools/judges/requirements.txt)");
  app.add_option("--judges-python", o->judging.python,
                 "Python of the judges (default: the environment's GLOWVOX_JUDGES_PYTHON, or "
                 "python3)")
      ->needs("--judges");
  app.add_option("--nisqa", o->judging.nisqa,
                 "NISQA's weights, nisqa.tar (default: the environment's GLOWVOX_NISQA)")
      ->needs("--judges");
  app.add_option("--limit", o->limit, "Only the first N files")->check(CLI::PositiveNumber);
  app.add_option("--report", o->report,
                 "HTML page: the table, spectrograms side by side with players, every file; with "
                 "--judges every speaker, worst first");
  app.add_option("--clips", o->clips, "Files that the page plays")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  app.add_option("--write", o->write, "Folder for the synthesized files, one below it each system");
  add_json(app, o->json);
  app.add_flag("--markdown", o->markdown, "Print the table as Markdown")->excludes("--json");
  return [o] { return evaluation::evaluate(*o); };
}

const Registration registration(
    {"eval", Group::kTraining, "Measure synthesized speech against the recordings",
     "  glowvox eval --model samples/mdct-causal.safetensors --list dev.txt\n"
     "  glowvox eval --model M --list dev.txt --sigma 1 --sigma 0.7 \\\n"
     "    --baseline griffin-lim --report page.html\n"
     "  glowvox eval --model M --list dev.txt --judges \\\n"
     "    --judges-python judges/bin/python --report page.html\n"
     "  glowvox eval --ref recordings --out synthesized --json",
     setup});

}  // namespace

}  // namespace glowvox::tools
