/* SPDX-License-Identifier: MIT
 *
 * glowvox for C and everything that calls C: mel spectrograms to sound, and back.
 *
 * Models and streams are opaque. A model may be used from several threads at once, by any number of
 * streams, each of which is used by one thread at a time and keeps its own share of the model: a
 * model may be freed before its streams. Nothing is ever printed, no signal handler, locale,
 * environment variable or floating-point mode is touched, and no C++ exception comes out.
 *
 * Functions that can fail return a glowvox_status; glowvox_last_error() says in a sentence what was
 * wrong. A failed call changes nothing and leaves its outputs alone.
 */
#ifndef GLOWVOX_H
#define GLOWVOX_H

#include <stddef.h>
#include <stdint.h>

#include "glowvox/export.h"
#include "glowvox/version.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef enum glowvox_status {
  GLOWVOX_OK = 0,
  GLOWVOX_INVALID_ARGUMENT = 1, /* a null pointer, an option out of range, values no mel can have */
  GLOWVOX_BAD_MODEL = 2,        /* not readable, not a model, damaged, or from another version */
  GLOWVOX_OUT_OF_MEMORY = 3,
  GLOWVOX_INTERNAL_ERROR = 4
} glowvox_status;

typedef enum glowvox_precision {
  /* What is measured to be the faster for whole utterances, where processor and model allow
   * bfloat16, else float32. What was measured is kept in the user's cache folder, see
   * PrecisionChoice in glowvox/vocoder.hpp. */
  GLOWVOX_PRECISION_AUTO = 0,
  GLOWVOX_PRECISION_FLOAT32 = 1,
  GLOWVOX_PRECISION_BFLOAT16 = 2,
  GLOWVOX_PRECISION_AUTO_STREAM = 3, /* likewise for streams of single frames */
  /* float32, with the nets' weights rounded to 8 bits: faster for streams of single frames */
  GLOWVOX_PRECISION_INT8 = 4
} glowvox_precision;

typedef enum glowvox_memory {
  GLOWVOX_MEMORY_FAST = 0, /* weights lie in memory as they are multiplied fastest */
  /* Weights that are half precision in the model file stay so in memory, half as much, and whole
   * utterances are made in smaller blocks; the sound is the same but for rounding. */
  GLOWVOX_MEMORY_SMALL = 1
} glowvox_memory;

typedef struct glowvox_model glowvox_model;
typedef struct glowvox_stream glowvox_stream;
typedef struct glowvox_group glowvox_group;

/* Of the library that runs; the header's are GLOWVOX_VERSION and GLOWVOX_ABI. A program is right
 * where the ABI numbers are the same. */
GLOWVOX_API const char* glowvox_version(void);
GLOWVOX_API int glowvox_abi(void);

/* Why this thread's latest failed call failed, in one line; valid until its next call. */
GLOWVOX_API const char* glowvox_last_error(void);

/* Loads a model file, or one in memory, whose bytes may go afterwards: a copy of them is kept until
 * something is encoded. precision: a glowvox_precision. */
GLOWVOX_API glowvox_status glowvox_load(const char* path, int32_t precision, glowvox_model** model);
GLOWVOX_API glowvox_status glowvox_load_memory(const void* bytes, size_t size, int32_t precision,
                                               glowvox_model** model);
GLOWVOX_API void glowvox_model_free(glowvox_model* model); /* null: does nothing */

/* How a model is held; structures grow as glowvox_info does, below. */
typedef struct glowvox_load_options {
  size_t struct_size; /* sizeof(glowvox_load_options) */
  int32_t precision;  /* a glowvox_precision; GLOWVOX_PRECISION_AUTO */
  int32_t memory;     /* a glowvox_memory; GLOWVOX_MEMORY_FAST */
} glowvox_load_options;
/* The usual ones, as given above. */
GLOWVOX_API void glowvox_load_options_init(glowvox_load_options* options);
/* glowvox_load and glowvox_load_memory with these options; null: the usual ones. */
GLOWVOX_API glowvox_status glowvox_load_with(const char* path, const glowvox_load_options* options,
                                             glowvox_model** model);
GLOWVOX_API glowvox_status glowvox_load_memory_with(const void* bytes, size_t size,
                                                    const glowvox_load_options* options,
                                                    glowvox_model** model);

/* struct_size is set by the caller to sizeof(glowvox_info): a later version may add members at the
 * end. */
typedef struct glowvox_info {
  size_t struct_size;
  const char* name; /* lives as long as the model */
  int32_t sample_rate_hz;
  int32_t hop_samples; /* samples for each mel frame */
  int32_t mel_bands;
  int32_t bfloat16;        /* 1: matrix products are in bfloat16 */
  int32_t latent_channels; /* of encoding */
  int32_t rows_per_frame;  /* latent rows for each mel frame */
  int32_t corrections;     /* what the model file asks for, see glowvox_options */
  int32_t reserved;
  double denoise;                   /* likewise */
  int64_t delay_samples;            /* of a stream without corrections and denoiser */
  int64_t correction_delay_samples; /* that the first correction adds; each further one: a hop */
  int64_t denoise_delay_samples;    /* that the denoiser adds */
} glowvox_info;
GLOWVOX_API glowvox_status glowvox_model_info(const glowvox_model* model, glowvox_info* info);

/* A line that says how the model's mels are made: window, hop, bands, logarithm and so on; lives as
 * long as the model. */
GLOWVOX_API const char* glowvox_model_mel(const glowvox_model* model);

typedef struct glowvox_options {
  size_t struct_size;  /* sizeof(glowvox_options) */
  double sigma;        /* temperature, 0 to 100; 0.7 */
  uint64_t seed;       /* the same seed gives the same sound, whatever the threads or pieces; 1 */
  int32_t threads;     /* 0: all cores for a whole utterance, one for a stream */
  int32_t corrections; /* towards the given mel, 0 to 16; -1: what the model file asks for */
  double denoise;      /* strength of the bias denoiser; -1: what the model file asks for */
} glowvox_options;
/* The usual ones, as given above. Wherever options are taken, null stands for these. */
GLOWVOX_API void glowvox_options_init(glowvox_options* options);

/* Samples that synthesis makes of so many frames, a hop for each; 0 for none or no model. */
GLOWVOX_API size_t glowvox_sample_count(const glowvox_model* model, int64_t frames);

/* mel: [frames][mel_bands]. samples: room for `capacity` of them, glowvox_sample_count() at least;
 * they may lie outside [-1, 1]. */
GLOWVOX_API glowvox_status glowvox_synthesize(const glowvox_model* model, const float* mel,
                                              int64_t frames, const glowvox_options* options,
                                              float* samples, size_t capacity);

/* A stream gives, piece by piece, what glowvox_synthesize gives for the whole mel, bit for bit.
 * most_frames: how many frames one push usually brings, 1 or more; pushes of up to so many allocate
 * no memory. */
GLOWVOX_API glowvox_status glowvox_stream_create(const glowvox_model* model,
                                                 const glowvox_options* options,
                                                 int32_t most_frames, glowvox_stream** stream);
/* frames: [count][mel_bands]. *samples is the stream's own memory, valid until its next call. */
GLOWVOX_API glowvox_status glowvox_stream_push(glowvox_stream* stream, const float* frames,
                                               int64_t count, const float** samples,
                                               size_t* sample_count);
/* The mel ends here: the remaining samples, and none when called again. Nothing can be pushed any
 * more. */
GLOWVOX_API glowvox_status glowvox_stream_flush(glowvox_stream* stream, const float** samples,
                                                size_t* sample_count);
GLOWVOX_API void glowvox_stream_destroy(glowvox_stream* stream); /* null: does nothing */

/* Many streams whose frames are worked on together, which costs far less than one by one; the
 * samples of each are those that it has alone. A group is used by one thread at a time. most:
 * streams that a step usually has, 1 or more; threads: that a step is shared out to, 0: all cores.
 */
GLOWVOX_API glowvox_status glowvox_group_create(const glowvox_model* model, int32_t most,
                                                int32_t threads, glowvox_group** group);
/* A stream that is pushed and flushed by glowvox_group_step alone; it may outlive the group. */
GLOWVOX_API glowvox_status glowvox_group_open(const glowvox_group* group,
                                              const glowvox_options* options,
                                              glowvox_stream** stream);
typedef struct {
  glowvox_stream* stream;
  const float* frame;   /* [mel_bands]; null: the mel ends here */
  const float* samples; /* out: the stream's own memory, valid until its next step */
  size_t sample_count;  /* out */
} glowvox_group_frame;
/* A frame, or the end, of each of `count` streams, no stream twice. Where it is refused, no stream
 * has taken anything. */
GLOWVOX_API glowvox_status glowvox_group_step(glowvox_group* group, glowvox_group_frame* frames,
                                              size_t count);
GLOWVOX_API void glowvox_group_destroy(glowvox_group* group); /* null: does nothing */

/* The mel of a recording, as synthesis takes it: audio [samples] at sample_rate_hz to
 * *mel [*frames][mel_bands], to be freed by glowvox_free. */
GLOWVOX_API glowvox_status glowvox_mel(const glowvox_model* model, const float* audio,
                                       int64_t samples, float** mel, int64_t* frames);

/* The exact inverse of synthesis, and how likely the model holds the recording. audio [samples] at
 * sample_rate_hz to *latents [*rows][latent_channels], to be freed by glowvox_free, and
 * *log_likelihood in nats, of *scored_samples samples given their mel. Outputs may be null where
 * they are not wanted. threads: 0: all cores. */
GLOWVOX_API glowvox_status glowvox_encode(const glowvox_model* model, const float* audio,
                                          int64_t samples, int32_t threads, float** latents,
                                          int64_t* rows, double* log_likelihood,
                                          int64_t* scored_samples);

GLOWVOX_API void glowvox_free(void* memory); /* null: does nothing */

#ifdef __cplusplus
}
#endif

#endif
