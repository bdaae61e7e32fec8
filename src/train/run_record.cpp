// SPDX-License-Identifier: MIT
#include "train/run_record.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <limits>

#include "glowvox/error.hpp"
#include "train/run_report.hpp"

namespace glowvox::train {

RunRecord::RunRecord(const RunOptions& options, const Checkpoints& checkpoints, Trainer& trainer,
                     const Corpus* valid, const Notify& notify)
    : options_(options),
      checkpoints_(checkpoints),
      trainer_(trainer),
      valid_(valid),
      notify_(notify) {
  restart();
}

void RunRecord::restart() {
  log_.reset();  // two would write into the same files
  log_ = std::make_unique<RunLog>(options_.out, options_.tensorboard, trainer_.progress(), notify_);
}

template <typename Body>
bool RunRecord::attempt(const char* what, const Body& body) {
  try {
    body();
    return true;
  } catch (const Error& e) {
    notify_(fmt::format("warning: {} is not written: {}", what, e.what()));
    return false;
  }
}

void RunRecord::begin(const std::optional<Validation>& before) {
  StepResult none;
  none.nats_per_sample = none.gradient_norm = none.rate = std::numeric_limits<double>::quiet_NaN();
  if (before) step(none, none.rate, before);
  save_checkpoint();
}

void RunRecord::step(const StepResult& step, double audio_seconds_per_second,
                     const std::optional<Validation>& validation) {
  keep_folder();
  log_->step(trainer_.progress(), step, audio_seconds_per_second, validation);
}

void RunRecord::skipped(const StepResult& step, const std::vector<std::string>& files) {
  log_->skipped(trainer_.progress(), step, files);
}

void RunRecord::validated(const std::optional<Validation>& validation, const char* state) {
  keep_folder();
  if (validation) note_best(*validation);
  const auto mixing = trainer_.model().mixing_states();
  log_->mixing(trainer_.progress(), mixing);
  for (const std::string& warning : watch_.look(trainer_.progress().step, mixing)) notify_(warning);
  attempt("the report", [&] {
    trainer_.with_averages([&] { write_run_report({options_, trainer_, valid_, *log_, state}); });
  });
}

void RunRecord::note_best(const Validation& validation) {
  Progress& p = trainer_.progress();
  if (p.best_step >= 0 && validation.nats_per_sample <= p.best_nats) return;
  p.best_nats = validation.nats_per_sample;
  p.best_step = p.step;
  save_checkpoint();
  attempt("the best model",
          [&] { trainer_.save_model(options_.out + "/best.safetensors", options_.half); });
}

bool RunRecord::save_checkpoint() {
  keep_folder();
  last_checkpoint_ = std::chrono::steady_clock::now();
  const Progress& p = trainer_.progress();
  return attempt("the checkpoint",
                 [&] { checkpoints_.write(p.step, trainer_.checkpoint(), p.best_step); });
}

void RunRecord::keep_folder() {
  std::error_code error;
  if (std::filesystem::is_directory(options_.out, error)) return;
  std::filesystem::create_directories(options_.out, error);
  const bool made = !error;
  Progress& p = trainer_.progress();
  if (!said_gone_)
    notify_(fmt::format("warning: {} was deleted; the run goes on from step {} and {}",
                        options_.out, p.step,
                        made ? "writes it anew" : "cannot make it again: " + error.message()));
  said_gone_ = !made;
  if (!made) return;
  p.best_step = -1;  // the best model is gone with it
  restart();
}

void RunRecord::save_model(const std::string& path, bool checkpoint_kept) {
  const char* const way_on = "make room and start the same command with --resume";
  try {
    trainer_.save_model(path, options_.half);
  } catch (const Error& e) {
    throw Error("the run is over, but its model is not written", e.what(), way_on);
  }
  if (!checkpoint_kept)
    throw Error(options_.out, "the run is over, but its last checkpoint is not written", way_on);
}

double RunRecord::minutes_since_checkpoint() const {
  const std::chrono::duration<double, std::ratio<60>> since =
      std::chrono::steady_clock::now() - last_checkpoint_;
  return since.count();
}

}  // namespace glowvox::train
