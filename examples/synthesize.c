/* SPDX-License-Identifier: MIT
 * The C interface: a whole utterance, the same in pieces, its mel, and its likelihood.
 * Usage: synthesize_c MODEL MEL.npy OUT.wav */
#include <glowvox.h>

#include "files.h"

static int failed(const char* what) {
  fprintf(stderr, "%s: %s\n", what, glowvox_last_error());
  return 1;
}

int main(int argc, char** argv) {
  glowvox_model* model = NULL;
  glowvox_stream* stream = NULL;
  glowvox_info info = {sizeof info};
  int64_t frames = 0, i, analysed = 0, scored = 0;
  size_t count, same = 0;
  float *mel, *sound, *again = NULL;
  double nats = 0.0;

  if (argc != 4) return fprintf(stderr, "usage: %s MODEL MEL.npy OUT.wav\n", argv[0]), 2;
  if (glowvox_load(argv[1], GLOWVOX_PRECISION_AUTO, &model)) return failed("load");
  if (glowvox_model_info(model, &info)) return failed("info");
  printf("glowvox %s: %s at %d Hz, %d bands\n", glowvox_version(), info.name,
         (int)info.sample_rate_hz, (int)info.mel_bands);
  mel = read_mel(argv[2], info.mel_bands, &frames);
  if (!mel) return fprintf(stderr, "%s: no float32 mel for this model\n", argv[2]), 1;

  count = glowvox_sample_count(model, frames);
  sound = malloc(count * sizeof *sound);
  if (!sound || glowvox_synthesize(model, mel, frames, NULL, sound, count))
    return failed("synthesize");
  if (!write_wav(argv[3], sound, count, (int)info.sample_rate_hz)) return 1;

  if (glowvox_stream_create(model, NULL, 1, &stream)) return failed("stream");
  for (i = 0; i <= frames; ++i) {
    const float* piece = NULL;
    size_t size = 0;
    if (i < frames ? glowvox_stream_push(stream, mel + i * info.mel_bands, 1, &piece, &size)
                   : glowvox_stream_flush(stream, &piece, &size))
      return failed("push");
    if (memcmp(piece, sound + same, size * sizeof *sound) == 0) same += size;
  }
  printf("stream: %d of %d samples are the same\n", (int)same, (int)count);
  glowvox_stream_destroy(stream);

  if (glowvox_mel(model, sound, (int64_t)count, &again, &analysed)) return failed("mel");
  if (glowvox_encode(model, sound, (int64_t)count, 0, NULL, NULL, &nats, &scored))
    return failed("encode");
  printf("its own mel: %d frames; likelihood: %.2f nats a sample\n", (int)analysed,
         nats / (double)scored);
  glowvox_free(again);
  free(sound);
  free(mel);
  glowvox_model_free(model);
  return same == count ? 0 : 1;
}
