/* SPDX-License-Identifier: MIT
 * Just enough of two file formats for the examples: float32 arrays of NumPy in, 16-bit wav out. */
#ifndef EXAMPLES_FILES_H
#define EXAMPLES_FILES_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A mel [frames][bands] from a float32 npy file of either axis first, to be freed; null: it is
 * none, or has other bands. */
static float* read_mel(const char* path, int64_t bands, int64_t* frames) {
  char header[4096] = {0};
  unsigned char start[10];
  long long shape[2] = {0, 0};
  float *values = NULL, *mel = NULL;
  FILE* file = fopen(path, "rb");
  const char* at;
  size_t i, count = 0;
  if (!file) return NULL;
  if (fread(start, 1, 10, file) == 10 && memcmp(start, "\x93NUMPY\x01", 7) == 0) {
    const size_t length = (size_t)start[8] + 256 * (size_t)start[9];
    if (length < sizeof header && fread(header, 1, length, file) == length &&
        strstr(header, "'<f4'") && strstr(header, "'fortran_order': False") &&
        (at = strstr(header, "'shape': (")) != NULL &&
        sscanf(at, "'shape': (%lld, %lld)", &shape[0], &shape[1]) == 2 &&
        (shape[0] == bands || shape[1] == bands) && shape[0] > 0 && shape[1] > 0)
      count = (size_t)(shape[0] * shape[1]);
  }
  if (count > 0) {
    values = (float*)malloc(count * sizeof(float));
    mel = (float*)malloc(count * sizeof(float));
  }
  if (mel && values && fread(values, sizeof(float), count, file) == count) {
    const size_t b = (size_t)bands, f = count / b;
    for (i = 0; i < count; ++i) mel[i] = shape[1] == bands ? values[i] : values[i % b * f + i / b];
    *frames = (int64_t)f;
  } else {
    free(mel);
    mel = NULL;
  }
  free(values);
  fclose(file);
  return mel;
}

static void put(FILE* file, uint32_t value, int bytes) {
  for (; bytes > 0; --bytes, value >>= 8) fputc((int)(value & 255), file);
}

/* Whether one channel of samples in [-1, 1] was written. */
static int write_wav(const char* path, const float* samples, size_t count, int rate_hz) {
  size_t i;
  FILE* file = fopen(path, "wb");
  if (!file) return 0;
  fputs("RIFF", file), put(file, (uint32_t)(36 + 2 * count), 4), fputs("WAVEfmt ", file);
  put(file, 16, 4), put(file, 1, 2), put(file, 1, 2), put(file, (uint32_t)rate_hz, 4);
  put(file, (uint32_t)(2 * rate_hz), 4), put(file, 2, 2), put(file, 16, 2);
  fputs("data", file), put(file, (uint32_t)(2 * count), 4);
  for (i = 0; i < count; ++i) {
    const float x = samples[i] < -1.0F ? -1.0F : samples[i] > 1.0F ? 1.0F : samples[i];
    put(file, (uint32_t)(int32_t)(x * 32767.0F), 2);
  }
  return fclose(file) == 0;
}

#endif
