/* SPDX-License-Identifier: MIT
 * The C interface from C99: everything it does, and every wrong argument refused.
 * Usage: test_c MODEL [STREAMS], of which the memory is watched, 1000 where it is not said. */
#include <glowvox.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

#define CHECK(condition)                                                                      \
  do {                                                                                        \
    if (!(condition)) {                                                                       \
      printf("%s:%d: CHECK( %s ) is false; last error: %s\n", __FILE__, __LINE__, #condition, \
             glowvox_last_error());                                                           \
      ++failures;                                                                             \
    }                                                                                         \
  } while (0)

/* Refused with the status, and with a message that names what is wrong. */
#define REFUSED(status, word, call)                      \
  do {                                                   \
    CHECK((call) == (status));                           \
    CHECK(strstr(glowvox_last_error(), (word)) != NULL); \
  } while (0)

enum { kFrames = 60 };

static float* speech_like_mel(int bands) {
  float* mel = malloc(sizeof(float) * kFrames * (size_t)bands);
  int f, b;
  for (f = 0; f < kFrames; ++f)
    for (b = 0; b < bands; ++b)
      mel[f * bands + b] = (float)(-5.0 + 2.0 * sin(0.21 * f + 0.3 * b) - 0.04 * b);
  return mel;
}

static void* read_whole(const char* path, size_t* size) {
  FILE* file = fopen(path, "rb");
  void* bytes;
  long length;
  if (!file) return NULL;
  fseek(file, 0, SEEK_END);
  length = ftell(file);
  rewind(file);
  bytes = malloc((size_t)length);
  *size = fread(bytes, 1, (size_t)length, file);
  fclose(file);
  return bytes;
}

struct sharer {
  const glowvox_model* model;
  const float *mel, *sound;
  size_t count;
  int same;
};

/* A stream of its own on the shared model. */
static void* stream_in_thread(void* argument) {
  struct sharer* s = argument;
  glowvox_info info = {sizeof info};
  glowvox_stream* stream = NULL;
  const float* piece = NULL;
  size_t size = 0, done = 0;
  int f;
  glowvox_model_info(s->model, &info);
  if (glowvox_stream_create(s->model, NULL, 1, &stream) != GLOWVOX_OK) return NULL;
  s->same = 1;
  for (f = 0; f <= kFrames; ++f) {
    const glowvox_status status =
        f < kFrames ? glowvox_stream_push(stream, s->mel + f * info.mel_bands, 1, &piece, &size)
                    : glowvox_stream_flush(stream, &piece, &size);
    if (status != GLOWVOX_OK || done + size > s->count ||
        memcmp(piece, s->sound + done, size * sizeof *piece) != 0) {
      s->same = 0;
      break;
    }
    done += size;
  }
  s->same = s->same && done == s->count;
  glowvox_stream_destroy(stream);
  return NULL;
}

static void test_synthesis(const glowvox_model* model, const glowvox_info* info, const float* mel) {
  glowvox_options options;
  glowvox_stream* stream = NULL;
  const float* piece = NULL;
  size_t size = 0, count = glowvox_sample_count(model, kFrames), i;
  float* sound = malloc(count * sizeof *sound);
  float* other = malloc(count * sizeof *other);
  float* bad = malloc(sizeof(float) * (size_t)info->mel_bands);
  struct sharer sharers[3];
  pthread_t threads[3];
  double power = 0.0;

  CHECK(count > 0 && count <= (size_t)(kFrames * info->hop_samples));
  CHECK(glowvox_sample_count(model, 0) == 0);
  CHECK(glowvox_sample_count(NULL, 1) == 0);
  CHECK(glowvox_synthesize(model, mel, kFrames, NULL, sound, count) == GLOWVOX_OK);
  for (i = 0; i < count; ++i) power += sound[i] * sound[i];
  CHECK(power > 0.0);

  /* Options: the usual ones are the same as none; another seed is another sound. */
  glowvox_options_init(&options);
  CHECK(options.struct_size == sizeof options);
  options.threads = 1;
  CHECK(glowvox_synthesize(model, mel, kFrames, &options, other, count) == GLOWVOX_OK);
  CHECK(memcmp(sound, other, count * sizeof *sound) == 0);
  options.seed = 2;
  CHECK(glowvox_synthesize(model, mel, kFrames, &options, other, count) == GLOWVOX_OK);
  CHECK(memcmp(sound, other, count * sizeof *sound) != 0);

  for (i = 0; i < 3; ++i) {
    sharers[i].model = model, sharers[i].mel = mel, sharers[i].sound = sound;
    sharers[i].count = count, sharers[i].same = 0;
    CHECK(pthread_create(&threads[i], NULL, stream_in_thread, &sharers[i]) == 0);
  }
  for (i = 0; i < 3; ++i) {
    pthread_join(threads[i], NULL);
    CHECK(sharers[i].same);
  }

  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model",
          glowvox_synthesize(NULL, mel, kFrames, NULL, sound, count));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "mel",
          glowvox_synthesize(model, NULL, kFrames, NULL, sound, count));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "frames",
          glowvox_synthesize(model, mel, 0, NULL, sound, count));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "samples",
          glowvox_synthesize(model, mel, kFrames, NULL, NULL, count));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "capacity",
          glowvox_synthesize(model, mel, kFrames, NULL, sound, count - 1));
  glowvox_options_init(&options);
  options.sigma = -1.0;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "sigma",
          glowvox_synthesize(model, mel, kFrames, &options, sound, count));
  glowvox_options_init(&options);
  options.corrections = 17;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "corrections",
          glowvox_stream_create(model, &options, 1, &stream));
  glowvox_options_init(&options);
  options.struct_size = 0;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "struct_size",
          glowvox_synthesize(model, mel, kFrames, &options, sound, count));
  /* A program compiled when there were fewer options. */
  glowvox_options_init(&options);
  options.struct_size = offsetof(glowvox_options, threads);
  options.threads = -5;
  CHECK(glowvox_synthesize(model, mel, kFrames, &options, other, count) == GLOWVOX_OK);
  CHECK(memcmp(sound, other, count * sizeof *sound) == 0);

  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model", glowvox_stream_create(NULL, NULL, 1, &stream));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "stream", glowvox_stream_create(model, NULL, 1, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "most_frames", glowvox_stream_create(model, NULL, 0, &stream));
  CHECK(stream == NULL);
  CHECK(glowvox_stream_create(model, NULL, 1, &stream) == GLOWVOX_OK);
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "stream", glowvox_stream_push(NULL, mel, 1, &piece, &size));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "frames", glowvox_stream_push(stream, NULL, 1, &piece, &size));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "count", glowvox_stream_push(stream, mel, 0, &piece, &size));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "samples", glowvox_stream_push(stream, mel, 1, NULL, &size));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "sample_count",
          glowvox_stream_push(stream, mel, 1, &piece, NULL));
  memcpy(bad, mel, sizeof(float) * (size_t)info->mel_bands);
  bad[3] = NAN;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "not finite",
          glowvox_stream_push(stream, bad, 1, &piece, &size));
  CHECK(glowvox_stream_push(stream, mel, 1, &piece, &size) == GLOWVOX_OK);
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "stream", glowvox_stream_flush(NULL, &piece, &size));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "samples", glowvox_stream_flush(stream, NULL, &size));
  CHECK(glowvox_stream_flush(stream, &piece, &size) == GLOWVOX_OK);
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "finished", glowvox_stream_push(stream, mel, 1, &piece, &size));
  CHECK(glowvox_stream_flush(stream, &piece, &size) == GLOWVOX_OK && size == 0);
  glowvox_stream_destroy(stream);
  glowvox_stream_destroy(NULL);
  free(bad);
  free(other);
  free(sound);
}

static void test_analysis(const glowvox_model* model, const glowvox_info* info, const float* mel) {
  const size_t count = glowvox_sample_count(model, kFrames);
  float* sound = malloc(count * sizeof *sound);
  float *analysed = NULL, *latents = NULL;
  int64_t frames = 0, rows = 0, scored = 0;
  double nats = 0.0;

  CHECK(glowvox_synthesize(model, mel, kFrames, NULL, sound, count) == GLOWVOX_OK);
  CHECK(glowvox_mel(model, sound, (int64_t)count, &analysed, &frames) == GLOWVOX_OK);
  CHECK(frames >= kFrames - 1 && frames <= kFrames + 1);
  CHECK(glowvox_encode(model, sound, (int64_t)count, 1, &latents, &rows, &nats, &scored) ==
        GLOWVOX_OK);
  CHECK(scored > 0 && rows * info->hop_samples == scored * info->rows_per_frame);
  CHECK(isfinite(nats) && nats / (double)scored > 0.0);
  CHECK(glowvox_encode(model, sound, (int64_t)count, 0, NULL, NULL, NULL, NULL) == GLOWVOX_OK);

  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model", glowvox_mel(NULL, sound, 100, &analysed, &frames));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "audio", glowvox_mel(model, NULL, 100, &analysed, &frames));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "samples", glowvox_mel(model, sound, 0, &analysed, &frames));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "mel", glowvox_mel(model, sound, 100, NULL, &frames));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "frames", glowvox_mel(model, sound, 100, &analysed, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model",
          glowvox_encode(NULL, sound, 100, 0, NULL, NULL, NULL, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "audio",
          glowvox_encode(model, NULL, 100, 0, NULL, NULL, NULL, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "", glowvox_encode(model, sound, 1, 0, NULL, NULL, NULL, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "threads",
          glowvox_encode(model, sound, (int64_t)count, -1, NULL, NULL, NULL, NULL));
  glowvox_free(analysed);
  glowvox_free(latents);
  glowvox_free(NULL);
  free(sound);
}

/* kB that the process holds; -1 where the system does not say. */
static long resident_kb(void) {
  char line[256];
  long kb = -1;
  FILE* file = fopen("/proc/self/status", "r");
  if (!file) return -1;
  while (fgets(line, sizeof line, file))
    if (sscanf(line, "VmRSS: %ld kB", &kb) == 1) break;
  fclose(file);
  return kb;
}

/* Streams of a group, the second a frame later, against each alone. */
static void test_group(const glowvox_model* model, const float* mel, int bands) {
  enum { kOf = 12 };
  glowvox_group* group = NULL;
  glowvox_group_frame frames[2];
  glowvox_stream* streams[2] = {NULL, NULL};
  const size_t whole = glowvox_sample_count(model, kOf);
  float* expected = malloc(sizeof(float) * whole);
  float* got[2];
  size_t sizes[2] = {0, 0};
  size_t i;
  int step;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "most", glowvox_group_create(model, 0, 1, &group));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model", glowvox_group_create(NULL, 1, 1, &group));
  CHECK(glowvox_group_create(model, 2, 1, &group) == GLOWVOX_OK);
  for (i = 0; i < 2; ++i) {
    got[i] = malloc(sizeof(float) * whole);
    CHECK(glowvox_group_open(group, NULL, &streams[i]) == GLOWVOX_OK);
  }
  for (step = 0; step <= kOf + 1; ++step) {
    size_t count = 0, of[2];
    for (i = 0; i < 2; ++i) {
      const int frame = step - (int)i;
      if (frame < 0 || frame > kOf) continue;
      frames[count].stream = streams[i];
      frames[count].frame = frame < kOf ? mel + frame * bands : NULL;
      of[count++] = i;
    }
    CHECK(glowvox_group_step(group, frames, count) == GLOWVOX_OK);
    for (i = 0; i < count; ++i) {
      memcpy(got[of[i]] + sizes[of[i]], frames[i].samples, sizeof(float) * frames[i].sample_count);
      sizes[of[i]] += frames[i].sample_count;
    }
  }
  CHECK(glowvox_synthesize(model, mel, kOf, NULL, expected, whole) == GLOWVOX_OK);
  for (i = 0; i < 2; ++i) {
    CHECK(sizes[i] == whole && memcmp(got[i], expected, sizeof(float) * whole) == 0);
    free(got[i]);
  }
  frames[0].frame = mel;
  frames[0].stream = streams[0];
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "finished", glowvox_group_step(group, frames, 1));
  frames[0].stream = NULL;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "stream", glowvox_group_step(group, frames, 1));
  glowvox_group_destroy(group);
  glowvox_group_destroy(NULL);
  for (i = 0; i < 2; ++i) glowvox_stream_destroy(streams[i]);
  free(expected);
}

static void test_many_streams(const glowvox_model* model, const float* mel, int streams) {
  const float* piece = NULL;
  size_t size = 0;
  long before = 0, after = 0;
  int i;
  for (i = 0; i < 100 + streams; ++i) {
    glowvox_stream* stream = NULL;
    if (i == 100) before = resident_kb();
    CHECK(glowvox_stream_create(model, NULL, 1, &stream) == GLOWVOX_OK);
    CHECK(glowvox_stream_push(stream, mel, 1, &piece, &size) == GLOWVOX_OK);
    glowvox_stream_destroy(stream);
  }
  after = resident_kb();
  printf("%d streams: %ld kB before, %ld kB after\n", streams, before, after);
#if !defined(__SANITIZE_ADDRESS__)
  CHECK(after - before < 2048);
#endif
}

/* 8 bits a weight: the flow's sound is near that of float32, and another one. */
static void test_int8(const glowvox_model* model, const char* path, const float* mel) {
  glowvox_options options;
  const size_t count = glowvox_sample_count(model, kFrames);
  float* sound = malloc(count * sizeof *sound);
  float* other = malloc(count * sizeof *other);
  double power = 0.0, error = 0.0;
  glowvox_model* int8 = NULL;
  size_t i;
  glowvox_options_init(&options);
  options.corrections = 0;
  CHECK(glowvox_load(path, GLOWVOX_PRECISION_INT8, &int8) == GLOWVOX_OK);
  CHECK(glowvox_synthesize(model, mel, kFrames, &options, sound, count) == GLOWVOX_OK);
  CHECK(glowvox_synthesize(int8, mel, kFrames, &options, other, count) == GLOWVOX_OK);
  for (i = 0; i < count; ++i) {
    power += sound[i] * sound[i];
    error += (sound[i] - other[i]) * (sound[i] - other[i]);
  }
  CHECK(error > 0.0 && error < 0.01 * power);
  glowvox_model_free(int8);
  free(other);
  free(sound);
}

/* The same sound but for rounding, of a file and of memory, which may go afterwards. */
static void test_small_memory(const glowvox_model* model, const char* path, const float* mel) {
  glowvox_load_options options;
  glowvox_model* small = NULL;
  const size_t count = glowvox_sample_count(model, kFrames);
  float* sound = malloc(count * sizeof *sound);
  float* other = malloc(count * sizeof *other);
  size_t size = 0, i;
  void* bytes = read_whole(path, &size);
  int in_memory;

  glowvox_load_options_init(NULL);
  glowvox_load_options_init(&options);
  CHECK(options.struct_size == sizeof options);
  CHECK(options.precision == GLOWVOX_PRECISION_AUTO && options.memory == GLOWVOX_MEMORY_FAST);
  options.memory = 2;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "memory", glowvox_load_with(path, &options, &small));
  options.memory = GLOWVOX_MEMORY_SMALL;
  options.precision = 7;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "precision", glowvox_load_with(path, &options, &small));
  options.precision = GLOWVOX_PRECISION_FLOAT32;
  options.struct_size = 0;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "struct_size", glowvox_load_with(path, &options, &small));
  options.struct_size = sizeof options;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "path", glowvox_load_with(NULL, &options, &small));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "bytes",
          glowvox_load_memory_with(NULL, size, &options, &small));
  REFUSED(GLOWVOX_BAD_MODEL, "no such file", glowvox_load_with("/nowhere", NULL, &small));
  CHECK(small == NULL);

  CHECK(glowvox_synthesize(model, mel, kFrames, NULL, sound, count) == GLOWVOX_OK);
  for (in_memory = 0; in_memory < 2; ++in_memory) {
    double most = 0.0, worst = 0.0;
    if (in_memory) {
      CHECK(glowvox_load_memory_with(bytes, size, &options, &small) == GLOWVOX_OK);
      memset(bytes, 0, size);
    } else {
      CHECK(glowvox_load_with(path, &options, &small) == GLOWVOX_OK);
    }
    CHECK(glowvox_synthesize(small, mel, kFrames, NULL, other, count) == GLOWVOX_OK);
    for (i = 0; i < count; ++i) {
      most = fmax(most, fabs(sound[i]));
      worst = fmax(worst, fabs(sound[i] - other[i]));
    }
    CHECK(most > 0.0 && worst <= 1e-4 * most);
    glowvox_model_free(small);
    small = NULL;
  }
  free(bytes);
  free(other);
  free(sound);
}

int main(int argc, char** argv) {
  glowvox_model *model = NULL, *copy = NULL;
  glowvox_info info = {sizeof info};
  void* bytes;
  size_t size = 0;
  float* mel;
  if (argc != 2 && argc != 3) return 2;

  CHECK(glowvox_abi() == GLOWVOX_ABI);
  CHECK(strcmp(glowvox_version(), GLOWVOX_VERSION) == 0);

  REFUSED(GLOWVOX_INVALID_ARGUMENT, "path", glowvox_load(NULL, GLOWVOX_PRECISION_AUTO, &model));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model", glowvox_load(argv[1], GLOWVOX_PRECISION_AUTO, NULL));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "precision", glowvox_load(argv[1], 7, &model));
  REFUSED(GLOWVOX_BAD_MODEL, "no such file",
          glowvox_load("/nowhere", GLOWVOX_PRECISION_AUTO, &model));
  REFUSED(GLOWVOX_BAD_MODEL, "safetensors", glowvox_load(argv[0], GLOWVOX_PRECISION_AUTO, &model));
  CHECK(model == NULL);
  CHECK(glowvox_load(argv[1], GLOWVOX_PRECISION_FLOAT32, &model) == GLOWVOX_OK);
  if (!model) return 1;

  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model", glowvox_model_info(NULL, &info));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "info", glowvox_model_info(model, NULL));
  info.struct_size = 0;
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "struct_size", glowvox_model_info(model, &info));
  info.struct_size = sizeof info;
  CHECK(glowvox_model_info(model, &info) == GLOWVOX_OK);
  CHECK(info.sample_rate_hz == 22050 && info.hop_samples == 256 && info.mel_bands == 80);
  CHECK(info.bfloat16 == 0);
  CHECK(strstr(glowvox_model_mel(model), "22050") != NULL);
  CHECK(strcmp(glowvox_model_mel(NULL), "") == 0);

  bytes = read_whole(argv[1], &size);
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "bytes",
          glowvox_load_memory(NULL, size, GLOWVOX_PRECISION_AUTO, &copy));
  REFUSED(GLOWVOX_INVALID_ARGUMENT, "model",
          glowvox_load_memory(bytes, size, GLOWVOX_PRECISION_AUTO, NULL));
  REFUSED(GLOWVOX_BAD_MODEL, "model in memory",
          glowvox_load_memory(bytes, size / 2, GLOWVOX_PRECISION_AUTO, &copy));
  REFUSED(GLOWVOX_BAD_MODEL, "4 bytes",
          glowvox_load_memory(bytes, 4, GLOWVOX_PRECISION_AUTO, &copy));
  CHECK(glowvox_load_memory(bytes, size, GLOWVOX_PRECISION_FLOAT32, &copy) == GLOWVOX_OK);
  memset(bytes, 0, size);
  free(bytes);

  mel = speech_like_mel(info.mel_bands);
  test_synthesis(copy, &info, mel);
  test_synthesis(model, &info, mel);
  test_analysis(model, &info, mel);
  test_group(model, mel, info.mel_bands);
  test_int8(model, argv[1], mel);
  test_small_memory(model, argv[1], mel);
  test_many_streams(model, mel, argc == 3 ? atoi(argv[2]) : 1000);
  free(mel);
  glowvox_model_free(copy);
  glowvox_model_free(model);
  glowvox_model_free(NULL);
  printf(failures ? "%d checks failed\n" : "all checks passed\n", failures);
  return failures != 0;
}
