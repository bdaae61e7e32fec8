// SPDX-License-Identifier: MIT
// glowvox morph: arithmetic on latents, heard under one conditioning mel.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "clips.hpp"
#include "commands.hpp"
#include "core/printable.hpp"
#include "core/streams.hpp"
#include "engine_options.hpp"
#include "glowvox/error.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  EngineOptions engine;
  std::string from, to, out, format;
  std::vector<std::string> plus, minus;
  double amount = 0.5;
  bool json = false;
};

std::vector<float> latents_of(const Recording& r, const Vocoder& vocoder, int threads) {
  return vocoder.encode(r.mel, r.audio.data(), static_cast<std::int64_t>(r.audio.size()), threads)
      .latents;
}

// On the circle through both: a mixture of independent normal latents stays normal.
void go_between(const std::vector<float>& other, double amount, std::vector<float>* z) {
  const double angle = amount * M_PI / 2.0;
  const auto a = static_cast<float>(std::cos(angle)), b = static_cast<float>(std::sin(angle));
  for (std::size_t i = 0; i < z->size(); ++i) (*z)[i] = (*z)[i] * a + other[i] * b;
}

// Mean latent of a set of files, a value for each channel; of what zeros fill up nothing.
std::vector<double> mean_latent(const std::vector<std::string>& paths, const Vocoder& vocoder,
                                int threads) {
  const auto channels = static_cast<std::size_t>(vocoder.channels());
  std::vector<double> mean(channels);
  double rows = 0.0;
  for (const std::string& path : paths) {
    const Recording r = read_recording(path, vocoder);
    std::vector<float> z = latents_of(r, vocoder, threads);
    const std::int64_t whole_hops = r.samples / vocoder.mel().hop_samples;
    z.resize(
        static_cast<std::size_t>(std::max<std::int64_t>(1, whole_hops) * vocoder.rows_per_frame()) *
        channels);
    for (std::size_t i = 0; i < z.size(); ++i) mean[i % channels] += z[i];
    rows += static_cast<double>(z.size() / channels);
  }
  for (double& value : mean) value /= rows;
  return mean;
}

void check(const Options& o) {
  const bool pair = !o.to.empty();
  const bool attribute = !o.plus.empty() && !o.minus.empty();
  if (pair == attribute || (pair && (!o.plus.empty() || !o.minus.empty())))
    throw UsageError("--to, or --plus and --minus", "expected the one or the other two");
  if (pair && !(o.amount >= 0.0 && o.amount <= 1.0))
    throw UsageError("--amount",
                     fmt::format("expected a value in [0, 1] with --to, got {}", o.amount));
  std::vector<std::string> inputs = {o.from, o.to};
  for (const auto* more : {&o.plus, &o.minus})
    inputs.insert(inputs.end(), more->begin(), more->end());
  check_inputs(inputs);
  check_output(o.out, o.json);
}

int run(const Options& o) {
  check(o);
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  const MelSpec& spec = vocoder.mel();
  const Recording from = read_recording(o.from, vocoder);
  Mel mel = from.mel;
  auto samples = static_cast<std::size_t>(from.samples);
  std::vector<float> z = latents_of(from, vocoder, threads);
  if (!o.to.empty()) {
    const Recording to = read_recording(o.to, vocoder);
    const std::vector<float> other = latents_of(to, vocoder, threads);
    samples = std::min(samples, static_cast<std::size_t>(to.samples));
    mel.frames = std::min(mel.frames, to.mel.frames);
    mel.values.resize(static_cast<std::size_t>(mel.frames * mel.bands));
    z.resize(std::min(z.size(), other.size()));
    go_between(other, o.amount, &z);
  } else {
    const std::vector<double> plus = mean_latent(o.plus, vocoder, threads);
    const std::vector<double> minus = mean_latent(o.minus, vocoder, threads);
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t c = i % plus.size();
      z[i] += static_cast<float>(o.amount * (plus[c] - minus[c]));
    }
  }
  std::vector<float> audio = vocoder.decode(mel, z, {0.0, 0, threads});
  audio.resize(std::min(audio.size(), samples));
  const std::int64_t clipped = write_signal(o.out, {audio}, spec.sample_rate_hz, o.format);
  const double seconds = static_cast<double>(audio.size()) / spec.sample_rate_hz;
  const double latent_rms = rms({z});
  if (o.json)
    fmt::print(
        "{}\n",
        nlohmann::json{
            {"out", o.out}, {"seconds", seconds}, {"clipped", clipped}, {"latent_rms", latent_rms}}
            .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print(figures_to(o.out), "{}: {:.2f} s, latent rms {:.3f}, {} samples clipped\n",
               printable(output_name(o.out)), seconds, latent_rms, clipped);
  return 0;
}

}  // namespace

std::function<int()> setup_morph(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->engine.precision = "fp32";
  app.add_option("--model", o->engine.model, "Model file")->required();
  app.add_option("--from", o->from,
                 "Sound file, or - for standard input; its mel conditions the result")
      ->required();
  app.add_option("--to", o->to, "Sound file whose latent is mixed in");
  app.add_option("--plus", o->plus, "Sound files with an attribute");
  app.add_option("--minus", o->minus, "Sound files without it");
  app.add_option("--amount", o->amount, "How far: 0 is --from, 1 is --to, or the whole attribute")
      ->capture_default_str();
  app.add_option("-o,--out", o->out, "wav, flac, ogg or npy; - is standard output")->required();
  add_format_to(app, &o->format);
  app.add_option("--threads", o->engine.threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
