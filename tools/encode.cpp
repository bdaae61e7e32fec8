// SPDX-License-Identifier: MIT
// glowvox encode: sound to latent.
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "signals.hpp"
#include "torch_threads.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string model, wav, audio, mel, write_mel, out;
  int threads = 0;
  bool json = false;
};

// The audio cut to whole hops, and the mel given for it or computed from it.
train::Recording inputs(const Options& o, const config::ModelConfig& config) {
  train::Recording r;
  if (!o.wav.empty()) {
    r = read_recording(o.wav, config);
  } else {
    const torch::Tensor audio = read_audio_npy(o.audio);
    std::vector<torch::Tensor> audios, mels;
    for (int64_t i = 0; i < audio.size(0); ++i) {
      const train::Recording one = train::as_recording(to_vector(audio[i]), config, o.audio);
      audios.push_back(one.audio);
      mels.push_back(one.mel);
    }
    r = {torch::cat(audios), torch::cat(mels)};
  }
  if (o.mel.empty()) return r;
  const torch::Tensor mel = read_mel_npy(o.mel, config.mel.bands);
  const int64_t given = mel.size(1), hops = r.mel.size(1);
  if (std::abs(given - hops) > 1 || mel.size(0) != r.audio.size(0))
    throw Error(o.mel, fmt::format("expected {} clips of {} frames for this audio, got {} of {}",
                                   r.audio.size(0), hops, mel.size(0), given));
  const int64_t frames = std::min(given, hops);
  return {r.audio.narrow(1, 0, frames * config.mel.hop_samples), mel.narrow(1, 0, frames)};
}

int run(const Options& o) {
  if (o.wav.empty() == o.audio.empty())
    throw UsageError("--wav or --audio", "expected one of them");
  use_threads(o.threads);
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  const train::Recording r = inputs(o, model->config());
  const model::Encoded e = model->encode(r.audio, r.mel);
  const torch::Tensor log_prob = e.log_prob();
  if (!o.write_mel.empty()) write_mel_npy(o.write_mel, r.mel);
  write_latent_npy(o.out, e.z);
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"latent", o.out},
                                      {"shape", {e.z.size(1), e.z.size(2), e.z.size(0)}},
                                      {"log_det", to_vector(e.log_det)},
                                      {"log_prob", to_vector(log_prob)}}
                           .dump(2));
  else
    fmt::print("{}: [{}, {}, {}] (clips, channels, frames), rms {:.3f}, {:.4f} nats per sample\n",
               o.out, e.z.size(1), e.z.size(2), e.z.size(0),
               e.z.square().mean().sqrt().item<double>(),
               log_prob.sum().item<double>() / static_cast<double>(r.audio.numel()));
  return 0;
}

}  // namespace

std::function<int()> setup_encode(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--model", o->model, "Model file")->required();
  app.add_option("--wav", o->wav, "Sound file");
  app.add_option("--audio", o->audio, "npy, [samples] or [batch, samples], at the model's rate");
  app.add_option(
      "--mel", o->mel,
      "npy of the mel, frame t for hop t of the audio (default: computed from the audio)");
  app.add_option("--write-mel", o->write_mel, "npy to write the mel to that was used, for decode");
  app.add_option("-o,--out", o->out, "npy, [batch, channels, frames], early outputs first")
      ->required();
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
