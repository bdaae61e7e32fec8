// SPDX-License-Identifier: MIT
#include "train/score.hpp"

#include <fmt/format.h>

#include "audio/endpoints.hpp"
#include "core/messages.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "flow/to_vector.hpp"
#include "flow/torch_threads.hpp"
#include "model/model_file.hpp"
#include "report/picture.hpp"
#include "train/memory_meter.hpp"
#include "train/segment_sampler.hpp"
#include "train/sound_list.hpp"
#include "train/validation.hpp"

namespace glowvox::train {

namespace {

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
  std::string text() const {
    return fmt::format("{}: {:.1f} nats in {:.2f} s, {:.1f} per second, {:.4f} per sample\n", path,
                       nats, seconds, nats / seconds, nats / samples);
  }
};

Score score_of(model::FlowVocoder& model, const std::string& path, const ScoreOptions& o) {
  const config::ModelConfig& config = model.config();
  std::vector<float> samples = o.list.empty() ? audio::read_sound(path, config.mel.sample_rate_hz)
                                              : read_listed(path, config.mel.sample_rate_hz);
  if (!o.exact_samples) dequantise(samples, 1, 0, 0);
  const Recording r = as_recording(samples, config, input_name(path));
  const torch::Tensor frames = model.encode(r.audio, r.mel).frame_log_prob().select(1, 0);  // [T]
  const double count = static_cast<double>(r.audio.size(1));
  if (!o.plot.empty()) {
    std::vector<double> curve;
    for (const float nats : flow::to_vector(frames)) curve.push_back(nats / config.lift.channels);
    report::write_spectrogram(o.plot, flow::to_vector(r.audio), config.mel.sample_rate_hz,
                              {"nats per sample", curve});
  }
  return {input_name(path), frames.to(torch::kDouble).sum().item<double>(),
          count / config.mel.sample_rate_hz, count};
}

}  // namespace

std::vector<float> read_listed(const std::string& path, int sample_rate_hz) {
  try {
    return audio::read_sound(path, sample_rate_hz);
  } catch (const Error& e) {
    throw Error(e.where(), e.problem(), "--skip-unreadable goes on without such files");
  }
}

void score(ScoreOptions o) {
  if (!o.list.empty())
    for (const std::string& path :
         o.skip_unreadable ? readable_recordings(o.list, say) : list_recordings(o.list))
      o.wavs.push_back(path);
  check_inputs(o.wavs);
  if (o.wavs.empty()) throw UsageError("--wav or --list", "expected at least one recording");
  if (!o.plot.empty() && o.wavs.size() > 1)
    throw UsageError("--plot", fmt::format("expected one recording, got {}", o.wavs.size()));
  flow::use_threads(o.threads);
  MemoryMeter::install();
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  Score total{"all", 0.0, 0.0, 0.0};
  nlohmann::json files = nlohmann::json::array();
  for (const std::string& path : o.wavs) {
    const Score s = score_of(*model, path, o);
    total.nats += s.nats;
    total.seconds += s.seconds;
    total.samples += s.samples;
    files.push_back(s.json());
    if (!o.json) print_result(false, {}, s.text());
  }
  if (o.json || o.wavs.size() > 1)
    print_result(o.json, {{"files", files}, {"all", total.json()}}, total.text());
}

}  // namespace glowvox::train
