// SPDX-License-Identifier: MIT
// Sounds, mels and latents as encode, decode and morph take them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/vocoder.hpp"

namespace glowvox::latents {

// Clips of [rows][columns] values each.
struct Clips {
  std::int64_t clips = 1, rows = 0, columns = 0;
  std::vector<std::vector<float>> values;
};

// npy, [samples] or [batch, samples]: a row for each clip.
Clips read_audio_clips(const std::string& path);
// npy, [bands, frames] or [frames, bands], with or without a leading batch axis: rows of bands.
Clips read_mel_clips(const std::string& path, int bands);
// npy, [channels, frames] or [batch, channels, frames]: rows of channels.
Clips read_latent_clips(const std::string& path);
void write_mel_clips(const std::string& path, const Clips& mels);  // [bands, frames] of one
void write_latent_clips(const std::string& path,
                        const Clips& latents);  // [batch, channels, frames]

// Sound as a model encodes it.
struct Recording {
  std::vector<float> audio;  // [mel.frames * hop]: zeros behind it fill the last hop
  Mel mel;                   // Vocoder::mel_of
  std::int64_t samples = 0;  // of the sound itself
};
// Errors name `path`.
Recording as_recording(std::vector<float> samples, const Vocoder& vocoder, const std::string& path);
// Of a sound file; says on standard error what was converted.
Recording read_recording(const std::string& path, const Vocoder& vocoder);

// With so many frames: a last one more once again, or left out. Throws Error naming `path` where it
// has more than one too many or too few.
Mel fitted(Mel mel, std::int64_t frames, const std::string& path);

double rms(const std::vector<std::vector<float>>& clips);

// Writes clips of equal length as npy, [samples] or [clips, samples], or one clip as a sound file;
// returns the number of clipped samples.
std::int64_t write_signal(const std::string& path, const std::vector<std::vector<float>>& clips,
                          int sample_rate_hz, const std::string& format);

}  // namespace glowvox::latents
