// SPDX-License-Identifier: MIT
// glowvox score: exact log-likelihood.
#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "core/printable.hpp"
#include "core/streams.hpp"
#include "data_options.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "report/picture.hpp"
#include "signals.hpp"
#include "sound.hpp"
#include "torch_threads.hpp"
#include "train/segment_sampler.hpp"
#include "train/validation.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string model, list, plot;
  std::vector<std::string> wavs;
  int threads = 0;
  bool exact_samples = false, skip_unreadable = false, json = false;
};

struct Score {
  std::string path;
  double nats = 0.0, seconds = 0.0, samples = 0.0;
  nlohmann::json json() const {
    return {{"path", path},
            {"nats", nats},
            {"seconds", seconds},
            {"nats_per_second", nats / seconds},
            {"nats_per_sample", nats / samples}};
  }
  void print() const {
    fmt::print("{}: {:.1f} nats in {:.2f} s, {:.1f} per second, {:.4f} per sample\n",
               printable(path), nats, seconds, nats / seconds, nats / samples);
  }
};

Score score(model::FlowVocoder& model, const std::string& path, const Options& o) {
  const config::ModelConfig& config = model.config();
  std::vector<float> samples = o.list.empty() ? read_sound(path, config.mel.sample_rate_hz)
                                              : read_listed(path, config.mel.sample_rate_hz);
  if (!o.exact_samples) train::dequantise(samples, 1, 0, 0);
  const train::Recording r = train::as_recording(samples, config, input_name(path));
  const torch::Tensor frames = model.encode(r.audio, r.mel).frame_log_prob().select(1, 0);  // [T]
  const double count = static_cast<double>(r.audio.size(1));
  if (!o.plot.empty()) {
    std::vector<double> curve;
    for (const float nats : to_vector(frames)) curve.push_back(nats / config.lift.channels);
    report::write_spectrogram(o.plot, to_vector(r.audio), config.mel.sample_rate_hz,
                              {"nats per sample", curve});
  }
  return {input_name(path), frames.to(torch::kDouble).sum().item<double>(),
          count / config.mel.sample_rate_hz, count};
}

int run(Options& o) {
  if (!o.list.empty())
    for (const std::string& path : o.skip_unreadable ? train::readable_recordings(o.list, say)
                                                     : train::list_recordings(o.list))
      o.wavs.push_back(path);
  check_inputs(o.wavs);
  if (o.wavs.empty()) throw UsageError("--wav or --list", "expected at least one recording");
  if (!o.plot.empty() && o.wavs.size() > 1)
    throw UsageError("--plot", fmt::format("expected one recording, got {}", o.wavs.size()));
  use_threads(o.threads);
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  Score total{"all", 0.0, 0.0, 0.0};
  nlohmann::json files = nlohmann::json::array();
  for (const std::string& path : o.wavs) {
    const Score s = score(*model, path, o);
    total.nats += s.nats;
    total.seconds += s.seconds;
    total.samples += s.samples;
    if (o.json)
      files.push_back(s.json());
    else
      s.print();
  }
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"files", files}, {"all", total.json()}}.dump(
                           2, ' ', false, nlohmann::json::error_handler_t::replace));
  else if (o.wavs.size() > 1)
    total.print();
  return 0;
}

}  // namespace

std::function<int()> setup_score(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--model", o->model, "Model file")->required();
  app.add_option("--wav", o->wavs, "Sound files; - is standard input");
  app.add_option("--list", o->list, "A folder, or a list of sound files as train takes it");
  add_skip_unreadable(app, o->skip_unreadable);
  app.add_option("--plot", o->plot,
                 "Spectrogram and nats per sample over time: .svg with axes, .png without");
  app.add_flag("--exact-samples", o->exact_samples,
               "Score the samples as they are, without dequantisation noise of one 16-bit step");
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
