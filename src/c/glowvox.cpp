// SPDX-License-Identifier: MIT
// The C interface on the C++ one: pointers are checked, exceptions become statuses.
#include "glowvox.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <new>
#include <optional>
#include <string>

#include "core/printable.hpp"
#include "glowvox/error.hpp"
#include "glowvox/stream_group.hpp"
#include "glowvox/vocoder.hpp"

struct glowvox_model {
  glowvox::Vocoder vocoder;
  std::string mel = describe(vocoder.mel());
};

struct glowvox_stream {
  glowvox::Stream stream;
};

struct glowvox_group {
  glowvox::StreamGroup group;
  std::vector<glowvox::StreamGroup::Step> steps;
};

namespace {

using glowvox::Error;

thread_local std::string last_error;

glowvox_status failed(glowvox_status status, const char* why) noexcept {
  try {
    last_error = glowvox::printable(why);
  } catch (...) {
    last_error.clear();
  }
  return status;
}

// What a call throws, as a status; an Error as the one given.
template <typename Body>
glowvox_status guarded(glowvox_status of_error, const Body& body) noexcept {
  try {
    body();
    return GLOWVOX_OK;
  } catch (const Error& e) {
    return failed(of_error, e.what());
  } catch (const std::bad_alloc&) {
    return failed(GLOWVOX_OUT_OF_MEMORY, "there is not enough memory");
  } catch (const std::exception& e) {
    return failed(GLOWVOX_INTERNAL_ERROR, e.what());
  } catch (...) {
    return failed(GLOWVOX_INTERNAL_ERROR, "unknown exception");
  }
}

template <typename T>
T* given(T* pointer, const char* name) {
  if (pointer == nullptr) throw Error(name, "is null");
  return pointer;
}

std::int64_t at_least(std::int64_t least, std::int64_t value, const char* name) {
  if (value < least)
    throw Error(name,
                "expected " + std::to_string(least) + " or more, got " + std::to_string(value));
  return value;
}

glowvox::Precision precision_of(std::int32_t precision) {
  switch (precision) {
    case GLOWVOX_PRECISION_AUTO:
      return glowvox::Precision::kAuto;
    case GLOWVOX_PRECISION_FLOAT32:
      return glowvox::Precision::kFloat32;
    case GLOWVOX_PRECISION_BFLOAT16:
      return glowvox::Precision::kBfloat16;
    case GLOWVOX_PRECISION_AUTO_STREAM:
      return glowvox::Precision::kAutoStream;
    case GLOWVOX_PRECISION_INT8:
      return glowvox::Precision::kInt8;
    default:
      throw Error("precision", "there is no " + std::to_string(precision));
  }
}

glowvox::Memory memory_of(std::int32_t memory) {
  switch (memory) {
    case GLOWVOX_MEMORY_FAST:
      return glowvox::Memory::kFast;
    case GLOWVOX_MEMORY_SMALL:
      return glowvox::Memory::kSmall;
    default:
      throw Error("memory", "there is no " + std::to_string(memory));
  }
}

// Copies as much of a structure as both sides know of.
template <typename Struct>
std::size_t common_size(std::size_t theirs, const char* name) {
  if (theirs < sizeof(std::size_t))
    throw Error(name, "struct_size is not set",
                std::string("set it to sizeof(glowvox_") + name + ")");
  return std::min(theirs, sizeof(Struct));
}

struct LoadOptions {
  glowvox::Precision precision;
  glowvox::Memory memory;
};

LoadOptions options_of(const glowvox_load_options* options) {
  glowvox_load_options known;
  glowvox_load_options_init(&known);
  if (options != nullptr)
    std::memcpy(&known, options,
                common_size<glowvox_load_options>(options->struct_size, "load_options"));
  return {precision_of(known.precision), memory_of(known.memory)};
}

// A model that `load` makes with these options, into *model.
template <typename Load>
glowvox_status load_with(const void* source, const char* name, const glowvox_load_options* options,
                         glowvox_model** model, const Load& load) {
  LoadOptions o{};
  const glowvox_status arguments = guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(source, name);
    given(model, "model");
    o = options_of(options);
  });
  if (arguments != GLOWVOX_OK) return arguments;
  return guarded(GLOWVOX_BAD_MODEL, [&] { *model = new glowvox_model{load(o)}; });
}

glowvox_load_options with_precision(std::int32_t precision) {
  glowvox_load_options options;
  glowvox_load_options_init(&options);
  options.precision = precision;
  return options;
}

glowvox::SynthesisOptions options_of(const glowvox_options* options) {
  glowvox_options known;
  glowvox_options_init(&known);
  if (options != nullptr)
    std::memcpy(&known, options, common_size<glowvox_options>(options->struct_size, "options"));
  glowvox::SynthesisOptions o;
  o.sigma = known.sigma;
  o.seed = known.seed;
  o.threads = known.threads;
  if (known.corrections != -1) o.corrections = known.corrections;
  if (known.denoise != -1.0) o.denoise = known.denoise;
  return o;
}

glowvox::Mel mel_of(const glowvox_model* model, const float* mel, std::int64_t frames) {
  at_least(1, frames, "frames");
  const std::int64_t bands = model->vocoder.mel().bands;
  return {frames, bands, std::vector<float>(mel, mel + frames * bands)};
}

template <typename T>
T* to_caller(const std::vector<T>& values) {
  auto* memory = static_cast<T*>(std::malloc(std::max<std::size_t>(1, values.size()) * sizeof(T)));
  if (memory == nullptr) throw std::bad_alloc();
  std::copy(values.begin(), values.end(), memory);
  return memory;
}

}  // namespace

const char* glowvox_version(void) { return GLOWVOX_VERSION; }
int glowvox_abi(void) { return GLOWVOX_ABI; }
const char* glowvox_last_error(void) { return last_error.c_str(); }

glowvox_status glowvox_load(const char* path, int32_t precision, glowvox_model** model) {
  const glowvox_load_options options = with_precision(precision);
  return glowvox_load_with(path, &options, model);
}

glowvox_status glowvox_load_memory(const void* bytes, size_t size, int32_t precision,
                                   glowvox_model** model) {
  const glowvox_load_options options = with_precision(precision);
  return glowvox_load_memory_with(bytes, size, &options, model);
}

void glowvox_load_options_init(glowvox_load_options* options) {
  if (options == nullptr) return;
  *options = {};
  options->struct_size = sizeof(glowvox_load_options);
}

glowvox_status glowvox_load_with(const char* path, const glowvox_load_options* options,
                                 glowvox_model** model) {
  return load_with(path, "path", options, model, [path](const LoadOptions& o) {
    return glowvox::Vocoder::load(path, o.precision, o.memory);
  });
}

glowvox_status glowvox_load_memory_with(const void* bytes, size_t size,
                                        const glowvox_load_options* options,
                                        glowvox_model** model) {
  return load_with(bytes, "bytes", options, model, [bytes, size](const LoadOptions& o) {
    return glowvox::Vocoder::load(bytes, size, "model in memory", o.precision, o.memory);
  });
}

void glowvox_model_free(glowvox_model* model) { delete model; }

glowvox_status glowvox_model_info(const glowvox_model* model, glowvox_info* info) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(info, "info");
    const std::size_t size = common_size<glowvox_info>(info->struct_size, "info");
    const glowvox::Vocoder& v = model->vocoder;
    glowvox_info known = {};
    known.struct_size = info->struct_size;
    known.name = v.name().c_str();
    known.sample_rate_hz = v.mel().sample_rate_hz;
    known.hop_samples = v.mel().hop_samples;
    known.mel_bands = v.mel().bands;
    known.bfloat16 = v.precision() == glowvox::Precision::kBfloat16 ? 1 : 0;
    known.latent_channels = v.channels();
    known.rows_per_frame = v.rows_per_frame();
    known.corrections = v.corrections();
    known.denoise = v.denoise();
    known.delay_samples = v.look_ahead_samples() + v.overlap_samples();
    known.correction_delay_samples = v.correction_delay_samples(1);
    known.denoise_delay_samples = v.denoise_delay_samples();
    std::memcpy(info, &known, size);
  });
}

const char* glowvox_model_mel(const glowvox_model* model) {
  return model == nullptr ? "" : model->mel.c_str();
}

void glowvox_options_init(glowvox_options* options) {
  if (options == nullptr) return;
  const glowvox::SynthesisOptions usual;
  *options = {};
  options->struct_size = sizeof(glowvox_options);
  options->sigma = usual.sigma;
  options->seed = usual.seed;
  options->threads = usual.threads;
  options->corrections = -1;
  options->denoise = -1.0;
}

size_t glowvox_sample_count(const glowvox_model* model, int64_t frames) {
  if (model == nullptr || frames < 1) return 0;
  return static_cast<std::size_t>(model->vocoder.sample_count(frames));
}

glowvox_status glowvox_synthesize(const glowvox_model* model, const float* mel, int64_t frames,
                                  const glowvox_options* options, float* samples, size_t capacity) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(mel, "mel");
    given(samples, "samples");
    at_least(1, frames, "frames");
    const std::size_t count = glowvox_sample_count(model, frames);
    at_least(static_cast<std::int64_t>(count), static_cast<std::int64_t>(capacity), "capacity");
    const std::vector<float> sound =
        model->vocoder.synthesize(mel_of(model, mel, frames), options_of(options));
    std::copy(sound.begin(), sound.end(), samples);
  });
}

glowvox_status glowvox_stream_create(const glowvox_model* model, const glowvox_options* options,
                                     int32_t most_frames, glowvox_stream** stream) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(stream, "stream");
    *stream = new glowvox_stream{glowvox::Stream(model->vocoder, options_of(options), most_frames)};
  });
}

glowvox_status glowvox_stream_push(glowvox_stream* stream, const float* frames, int64_t count,
                                   const float** samples, size_t* sample_count) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(stream, "stream");
    given(frames, "frames");
    given(samples, "samples");
    given(sample_count, "sample_count");
    at_least(1, count, "count");
    const glowvox::Samples made = stream->stream.push(frames, count);
    *samples = made.data;
    *sample_count = made.count;
  });
}

glowvox_status glowvox_stream_flush(glowvox_stream* stream, const float** samples,
                                    size_t* sample_count) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(stream, "stream");
    given(samples, "samples");
    given(sample_count, "sample_count");
    const glowvox::Samples made = stream->stream.finish();
    *samples = made.data;
    *sample_count = made.count;
  });
}

void glowvox_stream_destroy(glowvox_stream* stream) { delete stream; }

glowvox_status glowvox_group_create(const glowvox_model* model, int32_t most, int32_t threads,
                                    glowvox_group** group) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(group, "group");
    *group = new glowvox_group{glowvox::StreamGroup(model->vocoder, most, threads), {}};
    (*group)->steps.reserve(static_cast<std::size_t>(most));
  });
}

glowvox_status glowvox_group_open(const glowvox_group* group, const glowvox_options* options,
                                  glowvox_stream** stream) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(group, "group");
    given(stream, "stream");
    *stream = new glowvox_stream{group->group.open(options_of(options))};
  });
}

glowvox_status glowvox_group_step(glowvox_group* group, glowvox_group_frame* frames, size_t count) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(group, "group");
    if (count > 0) given(frames, "frames");
    group->steps.clear();
    for (std::size_t i = 0; i < count; ++i)
      group->steps.push_back({&given(frames[i].stream, "stream")->stream, frames[i].frame, {}});
    group->group.step(group->steps.data(), count);
    for (std::size_t i = 0; i < count; ++i) {
      frames[i].samples = group->steps[i].samples.data;
      frames[i].sample_count = group->steps[i].samples.count;
    }
  });
}

void glowvox_group_destroy(glowvox_group* group) { delete group; }

glowvox_status glowvox_mel(const glowvox_model* model, const float* audio, int64_t samples,
                           float** mel, int64_t* frames) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(audio, "audio");
    given(mel, "mel");
    given(frames, "frames");
    at_least(1, samples, "samples");
    const glowvox::Mel made = glowvox::log_mel(audio, samples, model->vocoder.mel());
    *mel = to_caller(made.values);
    *frames = made.frames;
  });
}

glowvox_status glowvox_encode(const glowvox_model* model, const float* audio, int64_t samples,
                              int32_t threads, float** latents, int64_t* rows,
                              double* log_likelihood, int64_t* scored_samples) {
  return guarded(GLOWVOX_INVALID_ARGUMENT, [&] {
    given(model, "model");
    given(audio, "audio");
    at_least(1, samples, "samples");
    const glowvox::Encoding made = model->vocoder.encode(audio, samples, threads);
    if (latents != nullptr) *latents = to_caller(made.latents);
    if (rows != nullptr)
      *rows = static_cast<std::int64_t>(made.latents.size()) / model->vocoder.channels();
    if (log_likelihood != nullptr) *log_likelihood = made.log_likelihood;
    if (scored_samples != nullptr) *scored_samples = made.samples;
  });
}

void glowvox_free(void* memory) { std::free(memory); }
