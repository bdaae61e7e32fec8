// SPDX-License-Identifier: MIT
#include "train/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <filesystem>
#include <limits>

#include "core/checksum.hpp"
#include "core/progress_bar.hpp"
#include "glowvox/error.hpp"
#include "train/checkpoints.hpp"
#include "train/run_lock.hpp"
#include "train/run_record.hpp"

namespace glowvox::train {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

namespace {

constexpr std::int64_t kLogEvery = 10;      // steps between rows of metrics.csv
constexpr double kShownSmoothing = 0.05;    // of the likelihood and the speed that are shown
constexpr double kDeadVariation = 0.01;     // features that hardly move along time
constexpr double kDeadSwappedLoss = 0.005;  // nats per sample
constexpr std::int64_t kDeadBeforeStep = 50;
constexpr std::int64_t kMostSetbacks = 10;

double since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

double smooth(double mean, double value) {
  return std::isfinite(mean) ? mean + kShownSmoothing * (value - mean) : value;
}

std::string describe(const Validation& v) {
  return fmt::format(
      "held out {:.4f} nats/sample (with another clip's mel {:.4f} less, features vary by "
      "{:.3f}){}{}",
      v.nats_per_sample, v.swapped_mel_loss, v.feature_variation,
      std::isfinite(v.fit) ? fmt::format(", fit {:.4f}, spread {:.4f}", v.fit, v.spread) : "",
      std::isfinite(v.mel) ? fmt::format(", mel {:.4f}", v.mel) : "");
}

void make_folder(const std::string& folder) {
  std::error_code error;
  fs::create_directories(folder, error);
  if (error || !fs::is_directory(folder))
    throw Error(folder, "expected a folder that can be written" +
                            (error ? ": " + error.message() : std::string(", got a file")));
}

double peak_bytes() {
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  return 1024.0 * static_cast<double>(usage.ru_maxrss);
}

class Run {
 public:
  Run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify)
      : options_(options),
        stop_(stop),
        setting_(make_setting(options.device, options.place, options.products)),
        ranks_(*setting_.ranks),
        notify_([this, notify](const std::string& text) {
          if (!ranks_.leads()) return;  // the others would only say it again
          bar_.clear();
          notify(text);
        }),
        checkpoints_(options.out + "/checkpoints", options.keep) {
    if (ranks_.leads()) {
      if (!options.resume && !checkpoints_.newest_first().empty())
        throw Error(options.out, "holds an earlier run",
                    "continue it with --resume or choose another --out");
      make_folder(options.out);
      lock_.emplace(options.out);
    }
    trainer_ =
        std::make_unique<Trainer>(options.config, options.data, options.seed, notify_, setting_);
    if (!options.valid.empty()) {
      DataOptions held_out(options.valid);
      held_out.skip_unreadable = options.data.skip_unreadable;
      held_out.mels = options.data.mels;
      held_out.needs_mels = false;
      valid_.emplace(held_out, options.config.mel, notify_);
    }
    start();
    announce();
    if (ranks_.leads())
      record_ = std::make_unique<RunRecord>(options, checkpoints_, *trainer_,
                                            valid_ ? &*valid_ : nullptr, notify_);
  }

  RunSummary operator()() {
    summary_.before = validate_now();
    if (record_ && trainer_->progress().step == 0) record_->begin(summary_.before);
    const double seconds_at_start = trainer_->progress().seconds;
    const std::int64_t step_at_start = validated_ = trainer_->progress().step;
    ranks_.wait_for_all();
    for (;;) {
      const Agreement now = agree();
      if (now.stop || now.fraction >= 1.0) break;
      if (valid_due()) validate_on_the_way();
      if (now.checkpoint) {
        if (record_) record_->save_checkpoint();
        ranks_.wait_for_all();
      }
      one_step(now.fraction);
      if (trainer_->progress().skipped_in_a_row >= options_.config.train.patience) set_back();
    }
    bar_.finish();
    const auto& progress = trainer_->progress();
    const auto steps = static_cast<double>(progress.step - step_at_start);
    if (steps > 0) summary_.seconds_per_step = (progress.seconds - seconds_at_start) / steps;
    return finish();
  }

 private:
  void start() {
    bool fresh = true;
    if (ranks_.leads() && options_.resume) {
      if (const auto found = checkpoints_.newest_good(notify_)) {
        trainer_->restore(found->file, found->path);
        notify_(fmt::format("resuming {} at step {}", found->path, trainer_->progress().step));
        fresh = false;
      } else {
        notify_(fmt::format("no checkpoint in {} yet: beginning anew", options_.out));
      }
    }
    ranks_.wait_for_all();
    check_same_run();
    if (ranks_.sum({fresh ? 0.0 : 1.0})[0] == 0.0) {
      if (options_.init_from.empty())
        trainer_->initialize();
      else
        trainer_->init_from(options_.init_from, notify_);
    }
    trainer_->share_state();
    trainer_->choose_products(notify_);
    summary_.bf16 = trainer_->bf16();
  }

  // A rank with other options would train something else, or wait for ever.
  void check_same_run() {
    const RunOptions& o = options_;
    const std::string all = fmt::format("{}|{}|{}|{}|{}|{}|{}|{}", config::to_yaml(o.config),
                                        o.seed, o.steps, o.minutes, o.valid_every, o.valid.empty(),
                                        static_cast<int>(o.products), trainer_->corpus().drawing());
    const double sum = crc32c(all.data(), all.size());
    if (ranks_.sum({sum})[0] != sum * ranks_.count())
      throw Error("ranks", "were started with different configurations or options",
                  "give every rank the same command line");
  }

  void announce() {
    summary_.estimate = estimate(*trainer_);
    const Estimate& e = summary_.estimate;
    const double all = e.bytes() * options_.place.value_or(RankPlace{}).local_ranks;
    notify_(fmt::format(
        "estimated: {} of memory, {:.3f} s a step{}", readable_bytes(e.bytes()), e.seconds_per_step,
        ranks_.count() > 1 ? fmt::format(", each of {} ranks", ranks_.count()) : std::string()));
    if (e.available_bytes > 0.0 && all > e.available_bytes)
      notify_(
          fmt::format("warning: {} of memory are free; use --recompute, --accumulate or a "
                      "smaller --batch",
                      readable_bytes(e.available_bytes)));
  }

  // What every rank has to know alike before a step.
  struct Agreement {
    double fraction;
    bool stop, checkpoint;
  };
  Agreement agree() {
    const bool leads = ranks_.leads();
    const auto sums = ranks_.sum({leads ? fraction() : 0.0, stop_.load() ? 1.0 : 0.0,
                                  leads && checkpoint_due() ? 1.0 : 0.0});
    return {sums[0], sums[1] > 0.0, sums[2] > 0.0};
  }

  // How far the run is, from 0 to 1, by steps or by time.
  double fraction() const {
    const Progress& p = trainer_->progress();
    const double by_steps = options_.steps > 0
                                ? static_cast<double>(p.step) / static_cast<double>(options_.steps)
                                : 0.0;
    const double by_time = options_.minutes > 0.0 ? p.seconds / (options_.minutes * 60.0) : 0.0;
    return std::max(by_steps, by_time);
  }

  bool checkpoint_due() const {
    const Progress& p = trainer_->progress();
    if (p.skipped_in_a_row > 0) return false;  // what it would come back to may be the trouble
    if (options_.checkpoint_steps > 0 && p.step % options_.checkpoint_steps == 0) return true;
    return record_->minutes_since_checkpoint() > options_.checkpoint_minutes;
  }

  bool valid_due() const {
    const std::int64_t step = trainer_->progress().step, every = options_.valid_every;
    return every > 0 && step % every == 0 && step != validated_;
  }

  void one_step(double at) {
    const auto start = Clock::now();
    const StepResult result = trainer_->step(at);
    Progress& progress = trainer_->progress();
    const double seconds = since(start);
    progress.seconds += seconds;
    speed_ = smooth(speed_, trainer_->seconds_per_batch() / seconds);
    last_ = result;
    if (result.skipped())
      tell_skipped(result);
    else
      nats_ = smooth(nats_, result.nats_per_sample);
    for (const std::string& reason : trainer_->take_unreadable())
      notify_("warning: left out: " + reason);
    if (!record_) return;
    // A held-out likelihood gets its row when it is there.
    if (progress.step % kLogEvery == 0 && !valid_due() && fraction() < 1.0)
      record_->step(result, speed_);
    show(result, fraction());
  }

  void tell_skipped(const StepResult& result) {
    if (!record_) return;
    const Progress& p = trainer_->progress();
    const auto files = trainer_->last_files();
    std::string names;
    for (const std::string& f : files) names += " " + f;
    notify_(fmt::format("step {} skipped, {} ({:.4g} nats/sample, |grad| {:.4g}; {} so far):{}",
                        p.step - 1, describe(result.verdict), result.nats_per_sample,
                        result.gradient_norm, p.skipped, names));
    record_->skipped(result, files);
  }

  void set_back() {
    if (trainer_->progress().setbacks >= kMostSetbacks)
      throw Error("training", fmt::format("went back {} times and does not recover", kMostSetbacks),
                  "look at skipped.csv; try a lower --rate or other data");
    if (ranks_.leads()) {
      const auto found = checkpoints_.newest_good(notify_);
      if (!found) throw Error("training", "has no checkpoint to go back to");
      const std::int64_t from = trainer_->progress().step;
      trainer_->set_back(found->file, found->path);
      notify_(
          fmt::format("{} steps in a row were skipped: going back from step {} to {}, at half "
                      "the rate ({:.2g} at its peak)",
                      options_.config.train.patience, from, trainer_->progress().step,
                      std::ldexp(options_.config.train.rate,
                                 -static_cast<int>(trainer_->progress().setbacks))));
    }
    trainer_->share_state();
    if (record_) {
      record_->save_checkpoint();
      record_->restart();
    }
    ranks_.wait_for_all();
  }

  void show(const StepResult& result, double at) {
    const Progress& p = trainer_->progress();
    const double left = at > 0.0 ? p.seconds * (1.0 - at) / at : 0.0;
    bar_.show(at,
              fmt::format("step {}  {:.4f} nats/sample  |grad| {:.3g}  rate {:.2g}  {:.1f} s/s  "
                          "{:.0f}:{:02.0f} left",
                          p.step, nats_, result.gradient_norm, result.rate, speed_,
                          std::floor(left / 60.0), std::fmod(std::floor(left), 60.0)));
  }

  std::optional<Validation> validate_now() {
    if (!valid_) return std::nullopt;
    const auto v = trainer_->validate_on(*valid_, stop_);
    if (!v) return std::nullopt;
    notify_(fmt::format("step {}: {}", trainer_->progress().step, describe(*v)));
    if (trainer_->progress().step >= kDeadBeforeStep &&
        (v->feature_variation < kDeadVariation || v->swapped_mel_loss < kDeadSwappedLoss))
      notify_(
          "warning: the conditioner looks dead: another clip's mel costs next to nothing, so "
          "synthesis will not follow the mel");
    return v;
  }

  void validate_on_the_way() {
    validated_ = trainer_->progress().step;
    const auto v = validate_now();
    const bool stopped = valid_ && !v;  // finish() writes the record
    if (record_ && !stopped) {
      if (last_) record_->step(*last_, speed_, v);
      record_->validated(v, "running");
    }
    ranks_.wait_for_all();
  }

  RunSummary finish() {
    const Progress& progress = trainer_->progress();
    summary_.interrupted = ranks_.sum({ranks_.leads() ? fraction() : 0.0})[0] < 1.0;
    summary_.model_path = options_.out + "/model.safetensors";
    const bool kept = !record_ || record_->save_checkpoint();
    if (!summary_.interrupted) summary_.after = validate_now();
    if (record_) {
      if (last_) record_->step(*last_, speed_, summary_.after);
      record_->validated(summary_.after, summary_.interrupted ? "interrupted" : "finished");
      record_->save_model(summary_.model_path, kept);
    }
    summary_.progress = progress;
    summary_.train_nats_per_sample = nats_;
    summary_.peak_bytes = peak_bytes();
    ranks_.wait_for_all();
    return summary_;
  }

  const RunOptions& options_;
  const std::atomic<bool>& stop_;
  ProgressBar bar_;
  Setting setting_;
  Ranks& ranks_;
  Notify notify_;
  Checkpoints checkpoints_;
  std::optional<RunLock> lock_;  // rank 0's
  std::unique_ptr<Trainer> trainer_;
  std::optional<Corpus> valid_;
  std::unique_ptr<RunRecord> record_;  // rank 0's
  RunSummary summary_;
  std::optional<StepResult> last_;  // of this sitting
  std::int64_t validated_ = -1;     // the step
  double nats_ = std::numeric_limits<double>::quiet_NaN();
  double speed_ = std::numeric_limits<double>::quiet_NaN();
};

}  // namespace

RunSummary run(const RunOptions& options, const std::atomic<bool>& stop, const Notify& notify) {
  return Run(options, stop, notify)();
}

std::unique_ptr<Trainer> make_trainer(const RunOptions& options, const Notify& notify) {
  auto trainer =
      std::make_unique<Trainer>(options.config, options.data, options.seed, notify,
                                make_setting(options.device, options.place, options.products));
  if (options.init_from.empty())
    trainer->initialize();
  else
    trainer->init_from(options.init_from, notify);
  trainer->choose_products(notify);
  return trainer;
}

}  // namespace glowvox::train
