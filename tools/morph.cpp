// SPDX-License-Identifier: MIT
// glowvox morph: arithmetic on latents, heard under one conditioning mel.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
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
  std::string model, from, to, out;
  std::vector<std::string> plus, minus;
  double amount = 0.5;
  int threads = 0;
  bool json = false;
};

// On the circle through both: a mixture of independent normal latents stays normal.
torch::Tensor between(const torch::Tensor& a, const torch::Tensor& b, double amount) {
  const double angle = amount * M_PI / 2.0;
  return a * std::cos(angle) + b * std::sin(angle);
}

// Mean latent of a set of files, [1, 1, C].
torch::Tensor mean_latent(model::FlowVocoder& model, const std::vector<std::string>& paths) {
  torch::Tensor sum = torch::zeros({1, 1, model.config().lift.channels});
  int64_t frames = 0;
  for (const std::string& path : paths) {
    const train::Recording r = read_recording(path, model.config());
    const torch::Tensor z = model.encode(r.audio, r.mel).z;
    sum += z.sum(0, true);
    frames += z.size(0);
  }
  return sum / static_cast<double>(frames);
}

void check(const Options& o) {
  const bool pair = !o.to.empty();
  const bool attribute = !o.plus.empty() && !o.minus.empty();
  if (pair == attribute || (pair && (!o.plus.empty() || !o.minus.empty())))
    throw UsageError("--to, or --plus and --minus", "expected the one or the other two");
  if (pair && !(o.amount >= 0.0 && o.amount <= 1.0))
    throw UsageError("--amount",
                     fmt::format("expected a value in [0, 1] with --to, got {}", o.amount));
}

int run(const Options& o) {
  check(o);
  use_threads(o.threads);
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  const config::ModelConfig& config = model->config();
  const train::Recording from = read_recording(o.from, config);
  torch::Tensor z = model->encode(from.audio, from.mel).z, mel = from.mel;
  if (!o.to.empty()) {
    const train::Recording to = read_recording(o.to, config);
    const torch::Tensor other = model->encode(to.audio, to.mel).z;
    const int64_t frames = std::min(from.mel.size(1), to.mel.size(1));
    const int64_t lifted = frames * config.mel.hop_samples / config.lift.channels;
    z = between(z.narrow(0, 0, lifted), other.narrow(0, 0, lifted), o.amount);
    mel = mel.narrow(1, 0, frames);
  } else {
    z = z + o.amount * (mean_latent(*model, o.plus) - mean_latent(*model, o.minus));
  }
  const torch::Tensor audio = model->decode(z, mel);
  const int64_t clipped = write_signal(o.out, audio, config.mel.sample_rate_hz);
  const double seconds = static_cast<double>(audio.size(1)) / config.mel.sample_rate_hz;
  const double rms = z.square().mean().sqrt().item<double>();
  if (o.json)
    fmt::print("{}\n",
               nlohmann::json{
                   {"out", o.out}, {"seconds", seconds}, {"clipped", clipped}, {"latent_rms", rms}}
                   .dump(2));
  else
    fmt::print("{}: {:.2f} s, latent rms {:.3f}, {} samples clipped\n", o.out, seconds, rms,
               clipped);
  return 0;
}

}  // namespace

std::function<int()> setup_morph(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--model", o->model, "Model file")->required();
  app.add_option("--from", o->from, "Sound file; its mel conditions the result")->required();
  app.add_option("--to", o->to, "Sound file whose latent is mixed in");
  app.add_option("--plus", o->plus, "Sound files with an attribute");
  app.add_option("--minus", o->minus, "Sound files without it");
  app.add_option("--amount", o->amount, "How far: 0 is --from, 1 is --to, or the whole attribute")
      ->capture_default_str();
  app.add_option("-o,--out", o->out, "wav, flac, ogg or npy")->required();
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
