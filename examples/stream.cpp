// SPDX-License-Identifier: MIT
// Frames of a mel one by one, as an acoustic model would bring them, and a callback that gets the
// sound as soon as it is there. Usage: stream MODEL MEL.npy OUT.wav
#include <cstdio>
#include <functional>
#include <glowvox/vocoder.hpp>

#include "files.h"

using Callback = std::function<void(const float* samples, std::size_t count)>;

static void speak(const glowvox::Vocoder& vocoder, const float* frames, std::int64_t count,
                  const Callback& callback) {
  glowvox::SynthesisOptions options;
  options.corrections = 0;  // one takes half as long again, each further one adds 12 ms of delay
  glowvox::Stream stream(vocoder, options);
  for (std::int64_t i = 0; i < count; ++i) {
    const glowvox::Samples sound = stream.push(frames + i * vocoder.mel().bands, 1);
    if (sound.count > 0) callback(sound.data, sound.count);
  }
  const glowvox::Samples rest = stream.finish();
  callback(rest.data, rest.count);
}

int main(int argc, char** argv) try {
  if (argc != 4) return std::fprintf(stderr, "usage: %s MODEL MEL.npy OUT.wav\n", argv[0]), 2;
  const glowvox::Vocoder vocoder = glowvox::Vocoder::load(argv[1]);
  std::int64_t frames = 0;
  float* mel = read_mel(argv[2], vocoder.mel().bands, &frames);
  if (!mel) return std::fprintf(stderr, "%s: no float32 mel for this model\n", argv[2]), 1;
  std::vector<float> all;
  int pieces = 0;
  speak(vocoder, mel, frames, [&](const float* samples, std::size_t count) {
    all.insert(all.end(), samples, samples + count);
    ++pieces;
  });
  std::free(mel);
  std::printf("%d pieces, %.2f s\n", pieces,
              static_cast<double>(all.size()) / vocoder.mel().sample_rate_hz);
  return write_wav(argv[3], all.data(), all.size(), vocoder.mel().sample_rate_hz) ? 0 : 1;
} catch (const glowvox::Error& e) {
  std::fprintf(stderr, "%s\n", e.what());
  return 1;
}
