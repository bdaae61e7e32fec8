// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>

#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "glowvox/error.hpp"
#include "latents/clips.hpp"
#include "latents/latents.hpp"

namespace glowvox::latents {

namespace {

// samples: of the recording that the mel is of.
Clips read_mels(const DecodeOptions& o, const Vocoder& vocoder,
                std::optional<std::int64_t>* samples) {
  if (o.wav.empty()) return read_mel_clips(o.mel, vocoder.mel().bands);
  Recording r = read_recording(o.wav, vocoder);
  if (!*samples) *samples = r.samples;
  return {1, r.mel.frames, r.mel.bands, {std::move(r.mel.values)}};
}

}  // namespace

void decode(const DecodeOptions& o) {
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
  print_result(
      o.json,
      {{"out", o.out},
       {"clips", clips.size()},
       {"samples", samples},
       {"seconds", seconds},
       {"clipped", clipped}},
      fmt::format("{}: {:.2f} s, {} samples clipped", output_name(o.out), seconds, clipped), o.out);
}

}  // namespace glowvox::latents
