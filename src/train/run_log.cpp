// SPDX-License-Identifier: MIT
#include "train/run_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "audio/sound_file.hpp"
#include "glowvox/error.hpp"
#include "report/event_file.hpp"
#include "report/picture.hpp"

namespace glowvox::train {

namespace {

std::vector<std::string> metrics_header() {
  std::vector<std::string> header = {"step",
                                     "seconds",
                                     "train_nats_per_sample",
                                     "gradient_norm",
                                     "rate",
                                     "audio_seconds_per_second",
                                     "skipped",
                                     "valid_nats_per_sample",
                                     "valid_swapped_mel_loss",
                                     "feature_variation"};
  for (int band = 1; band <= kBands; ++band)
    header.push_back(fmt::format("valid_band_{}_nats", band));
  for (const char* name :
       {"train_fit", "train_spread", "train_mel", "valid_fit", "valid_spread", "valid_mel"})
    header.emplace_back(name);
  return header;
}

const std::vector<std::string> kSkippedHeader = {
    "draw", "step", "reason", "nats_per_sample", "gradient_norm", "files"};
const std::vector<std::string> kMixingHeader = {"step", "layer", "condition_number", "log_det"};

// Empty for what is not there.
std::string cell(const char* format, double value) {
  return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : std::string();
}

std::string joined(const std::vector<std::string>& names) {
  std::string all;
  for (const std::string& name : names) all += (all.empty() ? "" : "; ") + name;
  return all;
}

}  // namespace

template <typename Body>
void RunLog::attempt(const Body& body) {
  try {
    body();
  } catch (const Error& e) {
    if (!said_)
      notify_(fmt::format("warning: not logged, and nothing more is said of it: {}", e.what()));
    said_ = true;
  }
}

RunLog::RunLog(const std::string& folder, bool tensorboard, const Progress& progress,
               const Notify& notify)
    : notify_(notify) {
  const bool fresh = progress.step == 0 && progress.draws == 0;
  const std::int64_t step = fresh ? -1 : progress.step, draws = fresh ? -1 : progress.draws;
  attempt([&] {
    metrics_ = std::make_unique<CsvLog>(folder + "/metrics.csv", metrics_header(), step);
    skipped_ = std::make_unique<CsvLog>(folder + "/skipped.csv", kSkippedHeader, draws);
    mixing_ = std::make_unique<CsvLog>(folder + "/mixing.csv", kMixingHeader, step);
  });
  if (!tensorboard) return;
  attempt([&] {
    events_ = std::make_unique<report::EventFile>(folder);
    if (!fresh) events_->restart(progress.step);
  });
}

RunLog::~RunLog() = default;

void RunLog::step(const Progress& progress, const StepResult& step, double audio_seconds_per_second,
                  const std::optional<Validation>& validation) {
  std::vector<std::string> row = {fmt::format("{}", progress.step),
                                  fmt::format("{:.2f}", progress.seconds),
                                  cell("{:.5f}", step.nats_per_sample),
                                  cell("{:.5g}", step.gradient_norm),
                                  cell("{:.5g}", step.rate),
                                  cell("{:.3f}", audio_seconds_per_second),
                                  fmt::format("{}", progress.skipped)};
  if (validation) {
    row.push_back(fmt::format("{:.5f}", validation->nats_per_sample));
    row.push_back(fmt::format("{:.5f}", validation->swapped_mel_loss));
    row.push_back(fmt::format("{:.4f}", validation->feature_variation));
    for (const double nats : validation->band_nats) row.push_back(fmt::format("{:.5f}", nats));
  }
  row.resize(metrics_header().size());
  const double none = std::numeric_limits<double>::quiet_NaN();
  const std::array<double, 6> distances = {step.fit,
                                           step.spread,
                                           step.mel,
                                           validation ? validation->fit : none,
                                           validation ? validation->spread : none,
                                           validation ? validation->mel : none};
  std::transform(distances.begin(), distances.end(), row.end() - distances.size(),
                 [](double value) { return cell("{:.5f}", value); });
  attempt([&] {
    if (metrics_) metrics_->append(row);
    if (!events_) return;
    const auto scalar = [&](const char* tag, double value) {
      if (std::isfinite(value)) events_->scalar(tag, progress.step, value);
    };
    scalar("train/nats_per_sample", step.nats_per_sample);
    scalar("train/gradient_norm", step.gradient_norm);
    scalar("train/fit", step.fit);
    scalar("train/spread", step.spread);
    scalar("train/mel", step.mel);
    scalar("train/rate", step.rate);
    scalar("train/audio_seconds_per_second", audio_seconds_per_second);
    events_->scalar("train/skipped", progress.step, static_cast<double>(progress.skipped));
    if (validation) {
      events_->scalar("valid/nats_per_sample", progress.step, validation->nats_per_sample);
      events_->scalar("valid/swapped_mel_loss", progress.step, validation->swapped_mel_loss);
      events_->scalar("valid/feature_variation", progress.step, validation->feature_variation);
      scalar("valid/fit", validation->fit);
      scalar("valid/spread", validation->spread);
      scalar("valid/mel", validation->mel);
      for (std::size_t b = 0; b < validation->band_nats.size(); ++b)
        events_->scalar(fmt::format("valid/band_{}_nats", b + 1), progress.step,
                        validation->band_nats[b]);
    }
    events_->flush();
  });
}

void RunLog::skipped(const Progress& progress, const StepResult& step,
                     const std::vector<std::string>& files) {
  attempt([&] {
    if (skipped_)
      skipped_->append({fmt::format("{}", progress.draws - 1), fmt::format("{}", progress.step - 1),
                        describe(step.verdict), fmt::format("{:.5g}", step.nats_per_sample),
                        fmt::format("{:.5g}", step.gradient_norm), joined(files)});
  });
}

void RunLog::mixing(const Progress& progress, const std::vector<model::MixingState>& states) {
  attempt([&] {
    for (const model::MixingState& s : states) {
      if (mixing_)
        mixing_->append({fmt::format("{}", progress.step), s.layer,
                         fmt::format("{:.5g}", s.condition), fmt::format("{:.5g}", s.log_det)});
      if (!events_) continue;
      events_->scalar("mixing/condition_number/" + s.layer, progress.step, s.condition);
      events_->scalar("mixing/log_det/" + s.layer, progress.step, s.log_det);
    }
    if (events_) events_->flush();
  });
}

void RunLog::sounds(const Progress& progress, const std::vector<Clip>& clips, int sample_rate_hz) {
  if (!events_) return;
  attempt([&] {
    for (const Clip& c : clips) {
      const std::pair<const char*, const std::vector<float>*> sounds[] = {
          {"recording", &c.recording}, {"synthesis", &c.synthesis}};
      for (const auto& [kind, samples] : sounds) {
        const std::string tag = fmt::format("{}/{}", c.name, kind);
        const report::Picture picture = report::spectrogram(*samples);
        events_->image(tag, progress.step, picture.png, picture.width, picture.height);
        events_->audio(tag, progress.step, audio::encode_wav(*samples, sample_rate_hz),
                       sample_rate_hz, static_cast<std::int64_t>(samples->size()));
      }
    }
    events_->flush();
  });
}

}  // namespace glowvox::train
