// SPDX-License-Identifier: MIT
#include "train/run_record.hpp"

#include <fmt/format.h>

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
  log_->step(trainer_.progress(), step, audio_seconds_per_second, validation);
}

void RunRecord::skipped(const StepResult& step, const std::vector<std::string>& files) {
  log_->skipped(trainer_.progress(), step, files);
}

void RunRecord::validated(const std::optional<Validation>& validation, const char* state) {
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
  last_checkpoint_ = std::chrono::steady_clock::now();
  const Progress& p = trainer_.progress();
  return attempt("the checkpoint",
                 [&] { checkpoints_.write(p.step, trainer_.checkpoint(), p.best_step); });
}

double RunRecord::minutes_since_checkpoint() const {
  const std::chrono::duration<double, std::ratio<60>> since =
      std::chrono::steady_clock::now() - last_checkpoint_;
  return since.count();
}

}  // namespace glowvox::train
