// SPDX-License-Identifier: MIT
// glowvox decode: latent to sound.
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <memory>
#include <nlohmann/json.hpp>

#include "arrays/npy.hpp"
#include "commands.hpp"
#include "config/model_config.hpp"
#include "engine_options.hpp"
#include "glowvox/error.hpp"
#include "safetensors/model_metadata.hpp"
#include "safetensors/safetensors.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  EngineOptions engine;
  std::string mel, wav, latent, out;
  bool json = false;
};

// Clips of [rows][columns] values each.
struct Clips {
  std::int64_t clips = 1, rows = 0, columns = 0;
  std::vector<std::vector<float>> values;
};

std::string shape_of(const arrays::Array& array) {
  return fmt::format("[{}]", fmt::join(array.shape, ", "));
}

arrays::Array read_array(const std::string& path) {
  arrays::Array array = arrays::read_array(path);
  if (array.values.empty()) throw Error(path, "holds no values");
  for (const float value : array.values)
    if (!std::isfinite(value)) throw Error(path, "holds values that are not finite");
  if (array.shape.size() == 2) array.shape.insert(array.shape.begin(), 1);
  return array;
}

// transposed: the file has [columns][rows].
Clips split(const arrays::Array& array, bool transposed) {
  Clips c;
  c.clips = array.shape[0];
  c.rows = array.shape[transposed ? 2 : 1];
  c.columns = array.shape[transposed ? 1 : 2];
  for (std::int64_t clip = 0; clip < c.clips; ++clip) {
    const float* from = &array.values[static_cast<std::size_t>(clip * c.rows * c.columns)];
    std::vector<float> values(static_cast<std::size_t>(c.rows * c.columns));
    for (std::int64_t r = 0; r < c.rows; ++r)
      for (std::int64_t k = 0; k < c.columns; ++k)
        values[static_cast<std::size_t>(r * c.columns + k)] =
            transposed ? from[k * c.rows + r] : from[r * c.columns + k];
    c.values.push_back(std::move(values));
  }
  return c;
}

Clips read_latents(const std::string& path) {
  const arrays::Array array = read_array(path);
  if (array.shape.size() != 3)
    throw Error(path,
                "expected latents of shape [channels, frames] or [batch, channels, frames], got " +
                    shape_of(array));
  return split(array, true);
}

Clips read_mels(const Options& o, const config::ModelConfig& config) {
  if (!o.wav.empty()) {
    const Mel mel = mel_of_sound(o.wav, read_sound(o.wav, config.mel.sample_rate_hz), config.mel,
                                 config::alignment_shift_samples(config));
    return {1, mel.frames, mel.bands, {mel.values}};
  }
  const arrays::Array array = read_array(o.mel);
  const bool fits = array.shape.size() == 3;
  if (fits && array.shape[1] == config.mel.bands) return split(array, true);
  if (fits && array.shape[2] == config.mel.bands) return split(array, false);
  throw Error(o.mel, fmt::format("expected a mel of {} bands, got shape {}", config.mel.bands,
                                 shape_of(array)));
}

int run(const Options& o) {
  if (o.mel.empty() == o.wav.empty()) throw UsageError("--mel or --wav", "expected one of them");
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  const config::ModelConfig config = safetensors::model_config(
      safetensors::MappedSafetensors(o.engine.model).metadata(), o.engine.model);
  const Clips z = read_latents(o.latent);
  const Clips mels = read_mels(o, config);
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
  const std::int64_t clipped = write_signal(o.out, clips, config.mel.sample_rate_hz);
  const std::size_t samples = clips.front().size();
  const double seconds = static_cast<double>(samples) / config.mel.sample_rate_hz;
  if (o.json)
    fmt::print("{}\n", nlohmann::json{{"out", o.out},
                                      {"clips", clips.size()},
                                      {"samples", samples},
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
  o->engine.precision = "fp32";  // the exact inverse
  o->engine.add_to(app);
  app.add_option("--mel", o->mel, "npy of the mel that the latent was encoded with");
  app.add_option("--wav", o->wav, "Sound file that the latent was encoded from, for its mel");
  app.add_option("--latent", o->latent, "npy, [batch, channels, frames]")->required();
  app.add_option("-o,--out", o->out, "wav, flac, ogg, or npy (float32, not clipped)")->required();
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
