// glowvox decode: latent to sound.
#include <fmt/format.h>

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
  std::string model, mel, wav, latent, out;
  int threads = 0;
  bool json = false;
};

int run(const Options& o) {
  if (o.mel.empty() == o.wav.empty()) throw UsageError("--mel or --wav", "expected one of them");
  use_threads(o.threads);
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  const format::ModelConfig& config = model->config();
  const torch::Tensor z = read_latent_npy(o.latent);
  torch::Tensor mel =
      o.mel.empty() ? read_recording(o.wav, config).mel : read_mel_npy(o.mel, config.mel.bands);
  // A centred spectrogram has a frame more than its audio has hops.
  const int64_t frames = z.size(0) * config.lift.channels / config.mel.hop_samples;
  if (mel.size(1) == frames + 1) mel = mel.narrow(1, 0, frames);
  if (z.size(0) != mel.size(1) * config.mel.hop_samples / config.lift.channels ||
      z.size(1) != mel.size(0) || z.size(2) != config.lift.channels)
    throw Error(o.latent,
                fmt::format("expected [{}, {}, {}] (clips, channels, frames) for this mel, "
                            "got [{}, {}, {}]",
                            mel.size(0), config.lift.channels,
                            mel.size(1) * config.mel.hop_samples / config.lift.channels, z.size(1),
                            z.size(2), z.size(0)));
  const torch::Tensor audio = model->decode(z, mel);
  const int64_t clipped = write_signal(o.out, audio, config.mel.sample_rate_hz);
  const double seconds = static_cast<double>(audio.size(1)) / config.mel.sample_rate_hz;
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"out", o.out},
                                      {"clips", audio.size(0)},
                                      {"samples", audio.size(1)},
                                      {"seconds", seconds},
                                      {"clipped", clipped}}
                           .dump(2));
  else
    fmt::print("{}: {:.2f} s, {} samples clipped\n", o.out, seconds, clipped);
  return 0;
}

}  // namespace

std::function<int()> setup_decode(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--model", o->model, "Model file")->required();
  app.add_option("--mel", o->mel, "npy of the mel that the latent was encoded with");
  app.add_option("--wav", o->wav, "Sound file that the latent was encoded from, for its mel");
  app.add_option("--latent", o->latent, "npy, [batch, channels, frames]")->required();
  app.add_option("-o,--out", o->out, "wav, flac, ogg, or npy (float32, not clipped)")->required();
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
