#include "train/run.hpp"

#include <fmt/format.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/progress_bar.hpp"
#include "glowvox/error.hpp"
#include "train/metrics_log.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t kLogEvery = 10;      // steps between rows of metrics.csv
constexpr double kSmoothing = 0.05;         // of the likelihood and the speed that are shown
constexpr double kDeadVariation = 0.01;     // features that hardly move along time
constexpr double kDeadSwappedLoss = 0.005;  // nats per sample
constexpr std::int64_t kDeadBeforeStep = 50;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double smooth(double mean, double value) {
  return std::isfinite(mean) ? mean + kSmoothing * (value - mean) : value;
}

std::string describe(const Validation& v) {
  return fmt::format(
      "held out {:.4f} nats/sample (with another clip's mel {:.4f} less, features vary by {:.3f})",
      v.nats_per_sample, v.swapped_mel_loss, v.feature_variation);
}

void make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    throw Error(folder, "expected a folder that can be written" +
                            (error ? ": " + error.message() : std::string(", got a file")));
}

class Run {
 public:
  Run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify)
      : options_(options),
        stop_(stop),
        notify_([this, notify](const std::string& text) {
          bar_.clear();
          notify(text);
        }),
        trainer_(options.config, options.data, options.seed, notify_),
        checkpoint_(options.out + "/checkpoint.safetensors") {
    if (!options.resume && fs::exists(checkpoint_))
      throw Error(checkpoint_, "belongs to an earlier run",
                  "continue it with --resume or choose another --out");
    if (options.resume && !fs::exists(checkpoint_)) throw Error(checkpoint_, "no such file");
    make_folder(options.out);
    if (!options.valid.empty())
      valid_.emplace(options.valid, options.config.mel.sample_rate_hz, notify_);
    start();
    log_.emplace(options.out + "/metrics.csv", trainer_.progress().step);
  }

  RunSummary operator()() {
    summary_.before = validate_now();
    const double seconds_at_start = trainer_.progress().seconds;
    const std::int64_t step_at_start = trainer_.progress().step;
    auto last_checkpoint = Clock::now();
    while (!done()) {
      one_step();
      if (since(last_checkpoint) > options_.checkpoint_minutes * 60.0) {
        trainer_.save_checkpoint(checkpoint_);
        last_checkpoint = Clock::now();
      }
    }
    bar_.finish();
    const auto& progress = trainer_.progress();
    const auto steps = static_cast<double>(progress.step - step_at_start);
    if (steps > 0) summary_.seconds_per_step = (progress.seconds - seconds_at_start) / steps;
    return finish();
  }

 private:
  void start() {
    if (options_.resume) {
      trainer_.restore(checkpoint_);
      notify_(fmt::format("resuming {} at step {}", checkpoint_, trainer_.progress().step));
    } else if (!options_.init_from.empty()) {
      trainer_.init_from(options_.init_from);
    } else {
      trainer_.initialize();
    }
  }

  // How far the run is, from 0 to 1, by steps or by time.
  double fraction() const {
    const Progress& p = trainer_.progress();
    const double by_steps = options_.steps > 0
                                ? static_cast<double>(p.step) / static_cast<double>(options_.steps)
                                : 0.0;
    const double by_time = options_.minutes > 0.0 ? p.seconds / (options_.minutes * 60.0) : 0.0;
    return std::max(by_steps, by_time);
  }

  bool done() const { return stop_.load() || fraction() >= 1.0; }

  void one_step() {
    const auto start = Clock::now();
    const double at = fraction();
    const StepResult result = trainer_.step(at);
    Progress& progress = trainer_.progress();
    const double seconds = since(start);
    progress.seconds += seconds;
    if (result.skipped)
      notify_(
          fmt::format("step {} skipped: the likelihood or its gradient is not finite "
                      "({} so far)",
                      progress.step - 1, progress.skipped));
    else
      nats_ = smooth(nats_, result.nats_per_sample);
    speed_ = smooth(speed_, trainer_.seconds_per_batch() / seconds);
    const std::int64_t every = options_.valid_every;
    const bool valid_due = every > 0 && progress.step % every == 0 && !done();
    const auto validation = valid_due ? validate_now() : std::nullopt;
    last_ = result;
    if (validation || (progress.step % kLogEvery == 0 && !done()))
      log_->write(progress, result, speed_, validation);
    show(result, fraction());
  }

  void show(const StepResult& result, double at) {
    const Progress& p = trainer_.progress();
    const double left = at > 0.0 ? p.seconds * (1.0 - at) / at : 0.0;
    bar_.show(at,
              fmt::format("step {}  {:.4f} nats/sample  |grad| {:.3g}  rate {:.2g}  {:.1f} s/s  "
                          "{:.0f}:{:02.0f} left",
                          p.step, nats_, result.gradient_norm, result.rate, speed_,
                          std::floor(left / 60.0), std::fmod(std::floor(left), 60.0)));
  }

  std::optional<Validation> validate_now() {
    if (!valid_) return std::nullopt;
    const Validation v = trainer_.validate_on(*valid_);
    notify_(fmt::format("step {}: {}", trainer_.progress().step, describe(v)));
    if (trainer_.progress().step >= kDeadBeforeStep &&
        (v.feature_variation < kDeadVariation || v.swapped_mel_loss < kDeadSwappedLoss))
      notify_(
          "warning: the conditioner looks dead: another clip's mel costs next to nothing, so "
          "synthesis will not follow the mel");
    return v;
  }

  RunSummary finish() {
    trainer_.save_checkpoint(checkpoint_);
    summary_.model_path = options_.out + "/model.safetensors";
    trainer_.save_model(summary_.model_path, options_.half);
    summary_.interrupted = fraction() < 1.0;
    if (!summary_.interrupted) summary_.after = validate_now();
    if (last_) log_->write(trainer_.progress(), *last_, speed_, summary_.after);
    summary_.progress = trainer_.progress();
    summary_.train_nats_per_sample = nats_;
    return summary_;
  }

  const RunOptions& options_;
  const std::atomic<bool>& stop_;
  ProgressBar bar_;
  Notify notify_;
  Trainer trainer_;
  std::string checkpoint_;
  std::optional<Corpus> valid_;
  std::optional<MetricsLog> log_;
  RunSummary summary_;
  std::optional<StepResult> last_;  // of this sitting
  double nats_ = std::numeric_limits<double>::quiet_NaN();
  double speed_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace

RunSummary run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify) {
  return Run(options, stop, notify)();
}

}  // namespace glowvox::train
