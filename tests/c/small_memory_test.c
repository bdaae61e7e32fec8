/* SPDX-License-Identifier: MIT
 * What a program holds that loads a voice into small memory and streams it with its own correction:
 * at most 30 MB of the shipped one. Linux's count of the process's private pages: those that it
 * shares with other programs, of libraries, are there in any case.
 * Usage: test_small_memory MODEL */
#include <glowvox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { kFrames = 200, kMostBytes = 30000000 };

/* Bytes of a process's pages whose lines begin with `what`; -1 where the system does not say. */
static long bytes_of(const char* what) {
  FILE* file = fopen("/proc/self/smaps_rollup", "r");
  char line[256];
  long kib = -1;
  if (!file) return -1;
  while (fgets(line, sizeof line, file))
    if (strncmp(line, what, strlen(what)) == 0) {
      const char* value = strchr(line, ':');
      kib = (kib < 0 ? 0 : kib) + (value ? strtol(value + 1, NULL, 10) : 0);
    }
  fclose(file);
  return kib < 0 ? -1 : kib * 1024;
}

static int failed(const char* what) {
  printf("%s: %s\n", what, glowvox_last_error());
  return 1;
}

int main(int argc, char** argv) {
  glowvox_model* model = NULL;
  glowvox_stream* stream = NULL;
  glowvox_load_options options;
  glowvox_info info = {sizeof info};
  float* frame;
  size_t samples = 0;
  long held;
  int i;
  if (argc != 2) return printf("usage: %s MODEL\n", argv[0]), 2;
  if (getenv("GLOWVOX_EMULATED")) return printf("skipped: the emulator's memory is counted\n"), 0;
  if (bytes_of("Private") < 0) return printf("skipped: the system does not say\n"), 0;

  glowvox_load_options_init(&options);
  options.precision = GLOWVOX_PRECISION_FLOAT32;
  options.memory = GLOWVOX_MEMORY_SMALL;
  if (glowvox_load_with(argv[1], &options, &model)) return failed("load");
  if (glowvox_model_info(model, &info)) return failed("info");
  frame = malloc(sizeof *frame * (size_t)info.mel_bands);
  for (i = 0; frame && i < info.mel_bands; ++i) frame[i] = -4.0F - 0.02F * (float)i;
  if (!frame || glowvox_stream_create(model, NULL, 1, &stream)) return failed("stream");
  for (i = 0; i < kFrames; ++i) {
    const float* piece = NULL;
    size_t size = 0;
    if (glowvox_stream_push(stream, frame, 1, &piece, &size)) return failed("push");
    samples += size;
  }
  held = bytes_of("Private");
  printf("%d samples; private: %.1f MB, resident: %.1f MB\n", (int)samples, (double)held / 1e6,
         (double)bytes_of("Rss") / 1e6);
  glowvox_stream_destroy(stream);
  glowvox_model_free(model);
  free(frame);
  return samples > 0 && held <= kMostBytes ? 0 : 1;
}
