// SPDX-License-Identifier: MIT
#include "train/run_report.hpp"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <map>

#include "core/atomic_file.hpp"
#include "core/cpu.hpp"
#include "report/page.hpp"

namespace glowvox::train {

namespace {

constexpr std::size_t kClips = 3;
constexpr double kMostSeconds = 5.0;  // of a clip
constexpr std::uint64_t kExampleSeed = 1;
constexpr double kCurveSmoothing = 0.05;  // a row of metrics.csv

std::string cpu_name() {
  std::ifstream info("/proc/cpuinfo");
  for (std::string line; std::getline(info, line);)
    if (line.rfind("model name", 0) == 0) return line.substr(line.find(':') + 2);
  return "unknown processor";
}

std::string machine(const RunOptions& options) {
  struct utsname system {};
  ::uname(&system);
  return fmt::format("{}\n{} cores, {} ranks, device {}\n{} {} {}\nLibTorch {}", cpu_name(),
                     available_cores(), options.place ? options.place->ranks : 1, options.device,
                     system.sysname, system.release, system.machine, TORCH_VERSION);
}

std::vector<report::Curve> one_curve(const std::string& name, const std::vector<double>& x,
                                     const std::vector<double>& y) {
  return {{name, x, y}};
}

// Held-out values stand in some rows only; joined across the others.
report::Curve known(const std::string& name, const std::vector<double>& x,
                    const std::vector<double>& y) {
  report::Curve c{name, {}, {}};
  for (std::size_t i = 0; i < y.size(); ++i)
    if (std::isfinite(y[i])) {
      c.x.push_back(x[i]);
      c.y.push_back(y[i]);
    }
  return c;
}

// Batches differ by far more than a run improves.
std::vector<double> smoothed(const std::vector<double>& values) {
  std::vector<double> out;
  double mean = std::numeric_limits<double>::quiet_NaN();
  for (const double v : values) {
    if (std::isfinite(v)) mean = std::isfinite(mean) ? mean + kCurveSmoothing * (v - mean) : v;
    out.push_back(std::isfinite(v) ? mean : v);
  }
  return out;
}

std::vector<report::Chart> charts(const CsvTable& metrics, const CsvTable& mixing,
                                  const config::ModelConfig& config) {
  const std::vector<double> step = metrics.numbers("step");
  const auto column = [&](const char* name) { return metrics.numbers(name); };
  std::vector<report::Chart> all = {
      {"Log-likelihood",
       "step",
       "nats per sample",
       false,
       {known("training, smoothed", step, smoothed(column("train_nats_per_sample"))),
        known("held out", step, column("valid_nats_per_sample"))}},
      {"Gradient norm", "step", "L2 norm", true,
       one_curve("before clipping", step, column("gradient_norm"))},
      {"Learning rate", "step", "rate", false, one_curve("rate", step, column("rate"))},
      {"Speed", "step", "seconds of audio per second", false,
       one_curve("training", step, column("audio_seconds_per_second"))}};
  report::Chart distance{
      "Energy distance of the flow's own samples",
      "step",
      "spectral distance",
      false,
      {known("fit in training, smoothed", step, smoothed(column("train_fit"))),
       known("spread in training, smoothed", step, smoothed(column("train_spread"))),
       known("fit, held out", step, column("valid_fit")),
       known("spread, held out", step, column("valid_spread"))}};
  if (!distance.curves.front().x.empty()) all.insert(all.begin() + 1, distance);
  report::Chart mel{"Distance of the samples' own mels",
                    "step",
                    "mean |difference| of natural logarithms",
                    false,
                    {known("training, smoothed", step, smoothed(column("train_mel"))),
                     known("held out", step, column("valid_mel"))}};
  if (!mel.curves.front().x.empty()) all.insert(all.begin() + 2, mel);
  report::Chart bands{
      "Held-out log-likelihood by frequency", "step", "nats per coefficient", false, {}};
  const double width = config.mel.sample_rate_hz / 2000.0 / kBands;
  for (int b = 0; b < kBands; ++b) {
    const auto values = metrics.numbers(fmt::format("valid_band_{}_nats", b + 1));
    const auto curve =
        known(fmt::format("{:.1f} to {:.1f} kHz", b * width, (b + 1) * width), step, values);
    if (!curve.x.empty()) bands.curves.push_back(curve);
  }
  if (!bands.curves.empty()) all.push_back(bands);
  all.push_back({"What the mel is worth",
                 "step",
                 "nats per sample",
                 true,
                 {known("lost with another clip's mel", step, column("valid_swapped_mel_loss"))}});
  std::map<std::string, report::Curve> conditions;
  const auto steps = mixing.numbers("step"), values = mixing.numbers("condition_number");
  for (std::size_t i = 0; i < mixing.rows.size(); ++i) {
    report::Curve& c = conditions[mixing.rows[i][1]];
    c.name = mixing.rows[i][1];
    c.x.push_back(steps[i]);
    c.y.push_back(values[i]);
  }
  if (!conditions.empty()) {
    report::Chart chart{"Mixing matrices", "step", "condition number", true, {}};
    for (const auto& [layer, curve] : conditions) chart.curves.push_back(curve);
    all.push_back(chart);
  }
  return all;
}

std::vector<RunLog::Clip> clips(Trainer& trainer, const Corpus& valid) {
  const torch::NoGradGuard no_grad;
  model::FlowVocoder& model = trainer.model();
  const config::ModelConfig& config = model.config();
  const auto most = static_cast<std::size_t>(kMostSeconds * config.mel.sample_rate_hz);
  std::vector<RunLog::Clip> all;
  for (std::size_t i = 0; i < std::min(kClips, valid.size()); ++i) {
    const std::size_t clip = i * valid.size() / std::min(kClips, valid.size());
    std::vector<float> samples = valid.load(clip);
    samples.resize(std::min(samples.size(), most));
    const Recording r = as_recording(samples, config, valid.path(clip));
    const torch::Tensor z = model.noise(1, r.mel.size(1), 1.0, kExampleSeed).to(model.device());
    const torch::Tensor said =
        model.decode(z, r.mel.to(model.device())).flatten().clamp(-1, 1).cpu().contiguous();
    samples.resize(static_cast<std::size_t>(said.numel()));
    all.push_back({std::filesystem::path(valid.path(clip)).stem().string(),
                   samples,
                   {said.data_ptr<float>(), said.data_ptr<float>() + said.numel()}});
  }
  return all;
}

std::string duration(double seconds) {
  const auto minutes = static_cast<std::int64_t>(seconds / 60.0);
  return minutes >= 60 ? fmt::format("{} h {:02} min", minutes / 60, minutes % 60)
                       : fmt::format("{} min {:02.0f} s", minutes,
                                     seconds - 60.0 * static_cast<double>(minutes));
}

double last_known(const std::vector<double>& values) {
  for (auto v = values.rbegin(); v != values.rend(); ++v)
    if (std::isfinite(*v)) return *v;
  return std::numeric_limits<double>::quiet_NaN();
}

void add_skipped(report::Page& page, const CsvTable& skipped) {
  page.heading("Skipped steps");
  if (skipped.rows.empty()) return page.paragraph("None.");
  report::Table table{{"step", "reason", "nats/sample", "|grad|", "recordings"}, {}};
  for (const auto& row : skipped.rows)
    table.rows.push_back({row[1], row[2], row[3], row[4], row[5]});
  page.table(table);
}

}  // namespace

void write_run_report(const RunReport& r) {
  const std::string& out = r.options.out;
  const config::ModelConfig& config = r.trainer.model().config();
  const Progress& p = r.trainer.progress();
  const CsvTable metrics = read_csv(out + "/metrics.csv"), mixing = read_csv(out + "/mixing.csv");
  const auto number = [](const char* format, double value) {
    return std::isfinite(value) ? fmt::format(fmt::runtime(format), value) : std::string("none");
  };
  const std::time_t now = std::time(nullptr);
  std::tm local{};
  ::localtime_r(&now, &local);
  report::Page page("Training of " + config.name,
                    fmt::format("{} at step {}, {:%Y-%m-%d %H:%M}", r.state, p.step, local));
  page.tiles(
      {{"step", r.options.steps > 0 ? fmt::format("{} of {}", p.step, r.options.steps)
                                    : fmt::format("{}", p.step)},
       {"held out, nats per sample",
        number("{:.4f}", last_known(metrics.numbers("valid_nats_per_sample")))},
       {"best held out", p.best_step < 0
                             ? std::string("none")
                             : fmt::format("{:.4f} at step {}", p.best_nats, p.best_step)},
       {"training time", duration(p.seconds)},
       {"skipped steps", fmt::format("{}", p.skipped)},
       {"went back", fmt::format("{} times", p.setbacks)},
       {"parameters",
        fmt::format("{:.2f} M", 1e-6 * static_cast<double>(r.trainer.model().parameter_count()))},
       {"recordings", duration(r.trainer.corpus().seconds())}});
  page.heading("Curves");
  page.charts(charts(metrics, mixing, config));
  page.heading("Held-out recordings and their synthesis");
  if (r.valid != nullptr) {
    const auto said = clips(r.trainer, *r.valid);
    std::vector<report::SoundRow> rows;
    for (const RunLog::Clip& c : said)
      rows.push_back(
          {c.name, {{"recording", c.recording}, {"synthesis from its mel", c.synthesis}}});
    page.sounds(rows, config.mel.sample_rate_hz);
    r.log.sounds(p, said, config.mel.sample_rate_hz);
  } else {
    page.paragraph("None: the run has no --valid.");
  }
  add_skipped(page, read_csv(out + "/skipped.csv"));
  page.heading("Configuration and machine");
  config::ModelConfig shown = config;
  shown.mel_statistics = {};
  page.folded_text("Configuration", config::to_yaml(shown));
  page.folded_text("Machine", machine(r.options));
  page.folded_text("Data",
                   fmt::format("data: {}\nvalid: {}\nseed: {}", describe(r.options.data),
                               r.options.valid.empty() ? "none" : r.options.valid, r.options.seed));
  write_file(out + "/report.html", page.html());
}

}  // namespace glowvox::train
