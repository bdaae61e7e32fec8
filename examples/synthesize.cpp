// SPDX-License-Identifier: MIT
// A mel spectrogram to sound. Usage: synthesize MODEL MEL.npy OUT.wav
#include <cstdio>
#include <glowvox/vocoder.hpp>

#include "files.h"

int main(int argc, char** argv) try {
  if (argc != 4) return std::fprintf(stderr, "usage: %s MODEL MEL.npy OUT.wav\n", argv[0]), 2;
  const glowvox::Vocoder vocoder = glowvox::Vocoder::load(argv[1]);
  glowvox::Mel mel{0, vocoder.mel().bands, {}};
  float* values = read_mel(argv[2], mel.bands, &mel.frames);
  if (!values) return std::fprintf(stderr, "%s: no float32 mel for this model\n", argv[2]), 1;
  mel.values.assign(values, values + mel.frames * mel.bands);
  std::free(values);
  const std::vector<float> sound = vocoder.synthesize(mel);
  return write_wav(argv[3], sound.data(), sound.size(), vocoder.mel().sample_rate_hz) ? 0 : 1;
} catch (const glowvox::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
