// SPDX-License-Identifier: MIT
#include "batch/report.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>

#include "audio/endpoints.hpp"
#include "core/messages.hpp"
#include "core/printable.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "engine/engine_options.hpp"

namespace glowvox::batch {

namespace {

// Shorter work needs no progress bar.
constexpr std::chrono::seconds kPatience(2);

std::string clock_time(double seconds) {
  const auto all = static_cast<std::int64_t>(seconds + 0.5);
  const std::int64_t hours = all / 3600, minutes = all / 60 % 60;
  return hours > 0 ? fmt::format("{}:{:02}:{:02}", hours, minutes, all % 60)
                   : fmt::format("{}:{:02}", minutes, all % 60);
}

nlohmann::json to_json(const Job& job, const Outcome& outcome, const PrecisionChoice& precision) {
  nlohmann::json item = {{"input", job.input.path}};
  if (job.utterances > 1) item["utterance"] = job.utterance + 1;
  if (!outcome.failure.empty()) {
    item["error"] = outcome.failure;
    return item;
  }
  item["out"] = job.out;
  if (outcome.skipped) {
    item["skipped"] = true;
    return item;
  }
  item["seconds"] = outcome.seconds;
  item["real_time_factor"] = outcome.elapsed / outcome.seconds;
  item["clipped"] = outcome.clipped;
  item["precision"] = name_of(precision.precision);
  item["precision_from"] = name_of(precision.source);
  return item;
}

}  // namespace

Report::Report(const std::vector<Job>& jobs, bool json, const PrecisionChoice& precision)
    : jobs_(jobs), json_(json), precision_(precision), outcomes_(jobs.size()) {
  for (const Job& job : jobs) whole_ += job.seconds;
}

void Report::say(const std::string& text) {
  const std::lock_guard<std::mutex> lock(mutex_);
  bar_.clear();
  glowvox::say(text);
}

std::string Report::state() const {
  const std::string what = jobs_.size() == 1
                               ? output_name(jobs_[0].out)
                               : fmt::format("{} of {} files", finished(), jobs_.size());
  return fmt::format("{}: {:.0f} s of sound", what, done_);
}

void Report::advance(double seconds) {
  const std::lock_guard<std::mutex> lock(mutex_);
  done_ += seconds;
  const auto elapsed = Clock::now() - start_;
  if (elapsed < kPatience || done_ >= whole_) return;
  const double left = std::chrono::duration<double>(elapsed).count() * (whole_ - done_) / done_;
  bar_.show(done_ / whole_, state() + ", " + clock_time(left) + " left");
  shown_ = true;
}

void Report::finish(std::size_t job, const Outcome& outcome) {
  const std::lock_guard<std::mutex> lock(mutex_);
  outcomes_[job] = outcome;
  bar_.clear();
  if (!outcome.failure.empty()) {
    ++failed_;
    say_error(outcome.failure);
  } else if (outcome.skipped) {
    ++skipped_;
  } else {
    ++made_;
    seconds_ += outcome.seconds;
  }
  // What will not be made is not waited for.
  if (outcome.skipped || !outcome.failure.empty()) whole_ -= jobs_[job].seconds;
  for (; printed_ < jobs_.size() && outcomes_[printed_]; ++printed_) print(printed_);
}

void Report::print(std::size_t job) {
  const Outcome& o = *outcomes_[job];
  if (json_) {
    list_.push_back(to_json(jobs_[job], o, precision_));
    return;
  }
  if (o.skipped || !o.failure.empty()) return;
  const double factor = o.elapsed / o.seconds;
  fmt::print(figures_to(jobs_[job].out),
             "{}: {:.2f} s of sound in {:.3f} s, real-time factor {:.4f} ({:.0f} times real time), "
             "{} samples clipped\n",
             printable(output_name(jobs_[job].out)), o.seconds, o.elapsed, factor, 1.0 / factor,
             o.clipped);
  std::fflush(stdout);  // a batch takes long
}

void Report::end() {
  const std::lock_guard<std::mutex> lock(mutex_);
  if (shown_) {
    bar_.show(done_ / std::max(done_, whole_), state());
    bar_.finish();
  }
  for (; printed_ < jobs_.size(); ++printed_)
    if (outcomes_[printed_]) print(printed_);
  if (json_)
    fmt::print("{}\n", json_text(list_));
  else if (jobs_.size() > 1 || skipped_ > 0)
    print_sums();
}

void Report::print_sums() {
  fmt::print("{} of {} files made", made_, jobs_.size());
  if (skipped_ > 0) fmt::print(", {} skipped (there already)", skipped_);
  if (failed_ > 0) fmt::print(", {} failed", failed_);
  const double elapsed = std::chrono::duration<double>(Clock::now() - start_).count();
  if (made_ > 0)
    fmt::print(": {:.2f} s of sound in {:.3f} s, {:.0f} times real time", seconds_, elapsed,
               seconds_ / elapsed);
  fmt::print("\n");
}

}  // namespace glowvox::batch
