/* SPDX-License-Identifier: MIT
 * What a program holds that loads a voice into small memory and streams it with its own correction:
 * at most so many MB. Where an emulator runs it, whose own memory would be counted too, and on
 * Windows, what it holds more than before it loaded the voice.
 * Usage: test_small_memory MODEL MEGABYTES */
#define _DEFAULT_SOURCE
#include <glowvox.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#if defined(_WIN32)
#define PSAPI_VERSION 2
#include <windows.h>
/* after it */
#include <psapi.h>
#else
#include <sys/mman.h>
#include <unistd.h>
#endif

enum { kFrames = 200, kMegabyte = 1000000 };

#if defined(_WIN32)
static long long held(void) {
  PROCESS_MEMORY_COUNTERS counters;
  if (!GetProcessMemoryInfo(GetCurrentProcess(), &counters, sizeof counters)) return -1;
  return (long long)counters.WorkingSetSize;
}
static int from_nothing(void) { return 0; }
/* The model file's pages are counted too. */
static long long also_counted(const char* path) {
  FILE* file = fopen(path, "rb");
  long size = 0;
  if (!file) return 0;
  if (fseek(file, 0, SEEK_END) == 0) size = ftell(file);
  fclose(file);
  return size;
}
#else
static long long also_counted(const char* path) { return (void)path, 0; }
/* Linux's count of the process's private pages: what it has written, and what it has read of the
 * model file. What is read of programs and libraries is there in any case, and counts as private
 * where no other process happens to have them open. */
static long long private_pages(void) {
  FILE* file = fopen("/proc/self/smaps", "r");
  char line[1024];
  int model = 0;
  long long kib = -1;
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) {
    const int of_a_mapping =
        line[0] >= 'A' && line[0] <= 'Z'; /* else its first line, with a path */
    if (!of_a_mapping) {
      model = strstr(line, ".safetensors") != NULL;
    } else if (strncmp(line, "Private_Dirty:", 14) == 0 ||
               (model && strncmp(line, "Private_Clean:", 14) == 0)) {
      kib = (kib < 0 ? 0 : kib) + strtoll(strchr(line, ':') + 1, NULL, 10);
    }
  }
  fclose(file);
  return kib < 0 ? -1 : kib * 1024;
}
/* Of a range of addresses, in bytes. */
static long long resident(unsigned long first, unsigned long last) {
  const unsigned long page = (unsigned long)sysconf(_SC_PAGESIZE), pages = (last - first) / page;
  unsigned char* there = malloc(pages);
  long long count = 0;
  unsigned long i;
  if (there && mincore((void*)first, last - first, there) == 0)
    for (i = 0; i < pages; ++i) count += there[i] & 1;
  free(there);
  return count * (long long)page;
}

/* The same of an emulated process: of the addresses that the emulator gives. */
static long long private_addresses(void) {
  FILE* file = fopen("/proc/self/maps", "r");
  char line[1024];
  long long bytes = 0;
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) {
    char* rest = NULL;
    const unsigned long first = strtoul(line, &rest, 16), last = strtoul(rest + 1, &rest, 16);
    if (strncmp(rest, " rw-p", 5) == 0) bytes += resident(first, last);
  }
  fclose(file);
  return bytes;
}

static int from_nothing(void) { return !getenv("GLOWVOX_EMULATED"); }
static long long held(void) { return from_nothing() ? private_pages() : private_addresses(); }
#endif

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
  long long bytes, before;
  int i;
  if (argc != 3) return printf("usage: %s MODEL MEGABYTES\n", argv[0]), 2;
  before = held();
  if (before < 0) return printf("skipped: the system does not say\n"), 0;
  if (from_nothing()) before = 0;

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
  bytes = held() - before;
  printf("%d samples; %.1f MB %s\n", (int)samples, (double)bytes / 1e6,
         from_nothing() ? "written" : "more than before");
  glowvox_stream_destroy(stream);
  glowvox_model_free(model);
  free(frame);
  return samples > 0 && bytes > 0 && bytes <= atol(argv[2]) * kMegabyte + also_counted(argv[1]) ? 0
                                                                                                : 1;
}
