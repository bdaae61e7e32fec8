// SPDX-License-Identifier: MIT
// glowvox decode: latent to sound.
#include <fmt/format.h>

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
  std::string mel, wav, latent, out, format;
  bool json = false;
};

Clips read_mels(const Options& o, const Vocoder& vocoder) {
  if (!o.wav.empty()) {
    const Mel mel = read_recording(o.wav, vocoder).mel;
    return {1, mel.frames, mel.bands, {mel.values}};
  }
  return read_mel_clips(o.mel, vocoder.mel().bands);
}

int run(const Options& o) {
  if (o.mel.empty() == o.wav.empty()) throw UsageError("--mel or --wav", "expected one of them");
  check_inputs({o.mel, o.wav, o.latent});
  check_output(o.out, o.json);
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  const Clips z = read_latent_clips(o.latent);
  const Clips mels = read_mels(o, vocoder);
  // A centred spectrogram has a frame more than its audio has hops.
  std::int64_t frames = mels.rows;
  if (frames == z.rows / vocoder.rows_per_frame() + 1) --frames;
  if (z.rows != frames * vocoder.rows_per_frame() || z.clips != mels.clips ||
      z.columns != vocoder.channels())
    throw Error(o.latent,
                fmt::format("expected [{}, {}, {}] (clips, channels, frames) for this "
                            "mel, got [{}, {}, {}]",
                            mels.clips, vocoder.channels(), frames * vocoder.rows_per_frame(),
                            z.clips, z.columns, z.rows));
  std::vector<std::vector<float>> clips;
  for (std::size_t i = 0; i < z.values.size(); ++i) {
    Mel mel{frames, mels.columns, mels.values[i]};
    mel.values.resize(static_cast<std::size_t>(frames * mels.columns));
    clips.push_back(vocoder.decode(mel, z.values[i], {0.0, 0, threads}));
  }
  const std::int64_t clipped = write_signal(o.out, clips, vocoder.mel().sample_rate_hz, o.format);
  const std::size_t samples = clips.front().size();
  const double seconds = static_cast<double>(samples) / vocoder.mel().sample_rate_hz;
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"out", o.out},
                                      {"clips", clips.size()},
                                      {"samples", samples},
                                      {"seconds", seconds},
                                      {"clipped", clipped}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    fmt::print(figures_to(o.out), "{}: {:.2f} s, {} samples clipped\n",
               printable(output_name(o.out)), seconds, clipped);
  return 0;
}

}  // namespace

std::function<int()> setup_decode(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->engine.precision = "fp32";  // the exact inverse
  o->engine.add_to(app);
  app.add_option("--mel", o->mel, "npy of the mel that the latent was encoded with");
  app.add_option("--wav", o->wav,
                 "Sound file that the latent was encoded from, for its mel; - is standard input");
  app.add_option("--latent", o->latent, "npy, [batch, channels, frames]")->required();
  app.add_option("-o,--out", o->out,
                 "wav, flac, ogg, or npy (float32, not clipped); - is standard output")
      ->required();
  add_format_to(app, &o->format);
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
