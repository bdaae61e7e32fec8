// SPDX-License-Identifier: MIT
// A mel spectrogram on a sound card, heard as soon as its first frames are made.
// Usage: playback MODEL MEL.npy [DEVICE]
#include <cstdio>
#include <glowvox/playback.hpp>
#include <glowvox/vocoder.hpp>

#include "files.h"

int main(int argc, char** argv) try {
  if (argc < 3) return std::fprintf(stderr, "usage: %s MODEL MEL.npy [DEVICE]\n", argv[0]), 2;
  const glowvox::Vocoder vocoder = glowvox::Vocoder::load(argv[1]);
  std::int64_t frames = 0;
  float* mel = read_mel(argv[2], vocoder.mel().bands, &frames);
  if (!mel) return std::fprintf(stderr, "%s: no float32 mel for this model\n", argv[2]), 1;

  glowvox::PlaybackOptions options;
  if (argc > 3) options.device = argv[3];
  glowvox::Playback playback(vocoder.mel().sample_rate_hz, options);
  glowvox::Stream stream(vocoder);
  for (std::int64_t i = 0; i < frames; ++i) {
    const glowvox::Samples sound = stream.push(mel + i * vocoder.mel().bands, 1);
    playback.write(sound.data, sound.count);
  }
  const glowvox::Samples rest = stream.finish();
  playback.write(rest.data, rest.count);
  playback.finish();
  std::free(mel);
  std::printf("played on %s\n", playback.device().c_str());
  return 0;
} catch (const glowvox::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
