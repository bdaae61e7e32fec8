// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "glowvox/error.hpp"
#include "latents/clips.hpp"
#include "latents/latents.hpp"

namespace glowvox::latents {

namespace {

std::vector<Recording> recordings(const EncodeOptions& o, const Vocoder& vocoder) {
  if (!o.wav.empty()) return {read_recording(o.wav, vocoder)};
  std::vector<Recording> all;
  for (const std::vector<float>& samples : read_audio_clips(o.audio).values)
    all.push_back(as_recording(samples, vocoder, o.audio));
  return all;
}

// Puts the mel of a file in the place of the sound's own.
void replace_mels(const std::string& path, const MelSpec& spec, std::vector<Recording>* all) {
  const Clips given = read_mel_clips(path, spec.bands);
  if (given.clips != static_cast<std::int64_t>(all->size()))
    throw Error(path,
                fmt::format("expected {} clips for this audio, got {}", all->size(), given.clips));
  for (std::size_t i = 0; i < all->size(); ++i) {
    Mel& mel = (*all)[i].mel;
    mel = fitted({given.rows, spec.bands, given.values[i]}, mel.frames, path);
  }
}

}  // namespace

void encode(const EncodeOptions& o) {
  if (o.wav.empty() == o.audio.empty())
    throw UsageError("--wav or --audio", "expected one of them");
  check_inputs({o.wav, o.audio, o.mel});
  check_output(o.out, o.json, "latent");
  check_output(o.write_mel, o.json, "mel");
  if (is_standard(o.out) && is_standard(o.write_mel))
    throw UsageError("--write-mel", "standard output carries the latent already");
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  std::vector<Recording> all = recordings(o, vocoder);
  if (!o.mel.empty()) replace_mels(o.mel, vocoder.mel(), &all);

  const auto clips = static_cast<std::int64_t>(all.size());
  const std::int64_t frames = all.front().mel.frames;
  Clips latents{clips, frames * vocoder.rows_per_frame(), vocoder.channels(), {}};
  Clips mels{clips, frames, vocoder.mel().bands, {}};
  std::vector<double> log_det, log_prob;
  double nats = 0.0;
  for (Recording& r : all) {
    Encoding e =
        vocoder.encode(r.mel, r.audio.data(), static_cast<std::int64_t>(r.audio.size()), threads);
    latents.values.push_back(std::move(e.latents));
    mels.values.push_back(std::move(r.mel.values));
    log_det.push_back(e.log_det);
    log_prob.push_back(e.log_likelihood);
    nats += e.log_likelihood;
  }
  if (!o.write_mel.empty()) write_mel_clips(o.write_mel, mels);
  write_latent_clips(o.out, latents);
  const std::string text = fmt::format(
      "{}: [{}, {}, {}] (clips, channels, frames) of {} samples, rms {:.3f}, {:.4f} nats per "
      "sample",
      output_name(o.out), clips, latents.columns, latents.rows, all.front().samples,
      rms(latents.values), nats / static_cast<double>(clips * latents.rows * latents.columns));
  print_result(o.json,
               {{"latent", o.out},
                {"shape", {clips, latents.columns, latents.rows}},
                {"samples", all.front().samples},
                {"log_det", log_det},
                {"log_prob", log_prob}},
               text, is_standard(o.write_mel) ? o.write_mel : o.out);
}

}  // namespace glowvox::latents
