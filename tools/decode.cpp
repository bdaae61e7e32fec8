// SPDX-License-Identifier: MIT
// glowvox decode: latent to sound.
#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>

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
  std::optional<std::int64_t> samples;
  bool json = false;
};

// samples: of the recording that the mel is of.
Clips read_mels(const Options& o, const Vocoder& vocoder, std::optional<std::int64_t>* samples) {
  if (o.wav.empty()) return read_mel_clips(o.mel, vocoder.mel().bands);
  Recording r = read_recording(o.wav, vocoder);
  if (!*samples) *samples = r.samples;
  return {1, r.mel.frames, r.mel.bands, {std::move(r.mel.values)}};
}

int run(const Options& o) {
  if (o.mel.empty() == o.wav.empty()) throw UsageError("--mel or --wav", "expected one of them");
  check_inputs({o.mel, o.wav, o.latent});
  check_output(o.out, o.json);
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  const Clips z = read_latent_clips(o.latent);
  std::optional<std::int64_t> wanted = o.samples;
  const Clips mels = read_mels(o, vocoder, &wanted);
  const std::int64_t frames = z.rows / vocoder.rows_per_frame();
  // A mel may have a frame more, as a centred spectrogram has, or a frame less, where the last hop
  // was filled with zeros.
  if (z.rows % vocoder.rows_per_frame() != 0 || std::abs(mels.rows - frames) > 1 || frames == 0 ||
      z.clips != mels.clips || z.columns != vocoder.channels())
    throw Error(o.latent,
                fmt::format("expected [{}, {}, {}] (clips, channels, frames) for this "
                            "mel, got [{}, {}, {}]",
                            mels.clips, vocoder.channels(), mels.rows * vocoder.rows_per_frame(),
                            z.clips, z.columns, z.rows));
  const std::int64_t most = frames * vocoder.mel().hop_samples;
  if (o.samples && (*o.samples < 1 || *o.samples > most))
    throw UsageError("--samples",
                     fmt::format("expected 1 to {} for this latent, got {}", most, *o.samples));
  std::vector<std::vector<float>> clips;
  for (std::size_t i = 0; i < z.values.size(); ++i) {
    const Mel mel = fitted({mels.rows, mels.columns, mels.values[i]}, frames, o.latent);
    clips.push_back(vocoder.decode(mel, z.values[i], {0.0, 0, threads}));
    clips.back().resize(static_cast<std::size_t>(std::min(most, wanted.value_or(most))));
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
                 "Sound file that the latent was encoded from, for its mel and its length; - is "
                 "standard input");
  app.add_option("--latent", o->latent, "npy, [batch, channels, frames]")->required();
  app.add_option("-o,--out", o->out,
                 "wav, flac, ogg, or npy (float32, not clipped); - is standard output")
      ->required();
  app.add_option("--samples", o->samples,
                 "How many samples (default: the sound file's, with --mel all of the latent's)");
  add_format_to(app, &o->format);
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
