// SPDX-License-Identifier: MIT
// The library for JavaScript: plain functions on numbers and pointers that glowvox.js calls.
//
// One thread calls them. A function that returns `int` returns 1, or 0 where it failed; one that
// makes something returns null then. glowvox_js_error() says why. Values that a call makes lie in
// memory that is valid until the next call: glowvox_js_floats() and the rest say where.
#include <emscripten.h>

#include <cstdint>
#include <cstring>
#include <exception>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "glowvox/error.hpp"
#include "glowvox/version.h"
#include "glowvox/vocoder.hpp"

namespace {

using glowvox::Mel;
using glowvox::MelStream;
using glowvox::Stream;
using glowvox::SynthesisOptions;
using glowvox::Vocoder;

struct Result {
  std::string text;         // of an error, or of what is asked
  std::vector<float> kept;  // values of its own
  const float* floats = nullptr;
  std::size_t count = 0;
  std::vector<double> doubles;
};
Result result;

void give(std::vector<float> values) {
  result.kept = std::move(values);
  result.floats = result.kept.data();
  result.count = result.kept.size();
}

void give(const glowvox::Samples& samples) {
  result.floats = samples.data;
  result.count = samples.count;
}

// body()'s value; a null value, and the message, where it throws.
template <typename Body>
auto guarded(const Body& body) -> decltype(body()) {
  try {
    return body();
  } catch (const std::bad_alloc&) {
    result.text = "there is not enough memory";
  } catch (const std::exception& e) {
    result.text = e.what();
  }
  return {};
}

Mel mel_of(const Vocoder& vocoder, const float* values, int frames) {
  const int bands = vocoder.mel().bands;
  return {frames, bands, std::vector<float>(values, values + std::ptrdiff_t{frames} * bands)};
}

// corrections, denoise: below 0: what the model file asks for.
SynthesisOptions options_of(double sigma, double seed, int corrections, double denoise) {
  SynthesisOptions o;
  o.sigma = sigma;
  o.seed = static_cast<std::uint64_t>(seed);
  o.threads = 1;
  if (corrections >= 0) o.corrections = corrections;
  if (denoise >= 0.0) o.denoise = denoise;
  return o;
}

}  // namespace

extern "C" {

EMSCRIPTEN_KEEPALIVE const char* glowvox_js_error() { return result.text.c_str(); }
EMSCRIPTEN_KEEPALIVE const char* glowvox_js_text() { return result.text.c_str(); }
EMSCRIPTEN_KEEPALIVE const float* glowvox_js_floats() { return result.floats; }
EMSCRIPTEN_KEEPALIVE std::size_t glowvox_js_float_count() { return result.count; }
EMSCRIPTEN_KEEPALIVE const double* glowvox_js_doubles() { return result.doubles.data(); }
EMSCRIPTEN_KEEPALIVE std::size_t glowvox_js_double_count() { return result.doubles.size(); }

EMSCRIPTEN_KEEPALIVE Vocoder* glowvox_js_load(const char* bytes, std::size_t size) {
  return guarded([&] {
    return new Vocoder(Vocoder::load(bytes, size, "model", glowvox::Precision::kFloat32));
  });
}

EMSCRIPTEN_KEEPALIVE void glowvox_js_free(Vocoder* vocoder) { delete vocoder; }

// Text: what the model is, as a JSON object.
EMSCRIPTEN_KEEPALIVE int glowvox_js_info(const Vocoder* vocoder) {
  return guarded([&] {
    const glowvox::MelSpec& spec = vocoder->mel();
    result.text =
        nlohmann::json{{"version", GLOWVOX_VERSION},
                       {"name", vocoder->name()},
                       {"sampleRate", spec.sample_rate_hz},
                       {"hop", spec.hop_samples},
                       {"bands", spec.bands},
                       {"mel", glowvox::describe(spec)},
                       {"melFloor", glowvox::mel_floor(spec)},
                       {"channels", vocoder->channels()},
                       {"rowsPerFrame", vocoder->rows_per_frame()},
                       {"corrections", vocoder->corrections()},
                       {"denoise", vocoder->denoise()},
                       {"delaySamples", vocoder->look_ahead_samples() + vocoder->overlap_samples()},
                       {"correctionDelaySamples", vocoder->correction_delay_samples(1)},
                       {"liveCorrections", vocoder->live_corrections()},
                       {"denoiseDelaySamples", vocoder->denoise_delay_samples()}}
            .dump();
    return 1;
  });
}

// Floats: [frames][bands].
EMSCRIPTEN_KEEPALIVE int glowvox_js_mel(const Vocoder* vocoder, const float* audio, int samples) {
  return guarded([&] {
    give(vocoder->mel_of(audio, samples).values);
    return 1;
  });
}

// Floats: samples.
EMSCRIPTEN_KEEPALIVE int glowvox_js_synthesize(const Vocoder* vocoder, const float* mel, int frames,
                                               double sigma, double seed, int corrections,
                                               double denoise) {
  return guarded([&] {
    give(vocoder->synthesize(mel_of(*vocoder, mel, frames),
                             options_of(sigma, seed, corrections, denoise)));
    return 1;
  });
}

// With its own mel where mel is null, whose frames are as many as the audio's whole hops otherwise.
// Floats: latents [rows][channels]; doubles: log-likelihood, samples scored, and the nats of every
// frame.
EMSCRIPTEN_KEEPALIVE int glowvox_js_encode(const Vocoder* vocoder, const float* audio, int samples,
                                           const float* mel, int frames) {
  return guarded([&] {
    glowvox::Encoding encoding =
        mel == nullptr ? vocoder->encode(audio, samples, 1)
                       : vocoder->encode(mel_of(*vocoder, mel, frames), audio, samples, 1);
    give(std::move(encoding.latents));
    result.doubles = {encoding.log_likelihood, static_cast<double>(encoding.samples)};
    result.doubles.insert(result.doubles.end(), encoding.frame_log_likelihoods.begin(),
                          encoding.frame_log_likelihoods.end());
    return 1;
  });
}

// latents: [frames * rows per frame][channels]. Floats: samples.
EMSCRIPTEN_KEEPALIVE int glowvox_js_decode(const Vocoder* vocoder, const float* mel, int frames,
                                           const float* latents, int count) {
  return guarded([&] {
    give(vocoder->decode(mel_of(*vocoder, mel, frames),
                         std::vector<float>(latents, latents + count), options_of(0.0, 0, 0, 0.0)));
    return 1;
  });
}

EMSCRIPTEN_KEEPALIVE Stream* glowvox_js_stream(const Vocoder* vocoder, double sigma, double seed,
                                               int corrections, double denoise, int most_frames) {
  return guarded([&] {
    return new Stream(*vocoder, options_of(sigma, seed, corrections, denoise), most_frames);
  });
}

EMSCRIPTEN_KEEPALIVE int glowvox_js_stream_push(Stream* stream, const float* frames, int count) {
  return guarded([&] {
    give(stream->push(frames, count));
    return 1;
  });
}

EMSCRIPTEN_KEEPALIVE int glowvox_js_stream_finish(Stream* stream) {
  return guarded([&] {
    give(stream->finish());
    return 1;
  });
}

EMSCRIPTEN_KEEPALIVE void glowvox_js_stream_free(Stream* stream) { delete stream; }

// The mel of sound that arrives in pieces. Floats of push and finish: [frames][bands].
EMSCRIPTEN_KEEPALIVE MelStream* glowvox_js_mel_stream(const Vocoder* vocoder) {
  return guarded([&] { return new MelStream(vocoder->mel()); });
}

EMSCRIPTEN_KEEPALIVE int glowvox_js_mel_stream_push(MelStream* stream, const float* audio,
                                                    int samples) {
  return guarded([&] {
    give(stream->push(audio, static_cast<std::size_t>(samples)).values);
    return 1;
  });
}

EMSCRIPTEN_KEEPALIVE int glowvox_js_mel_stream_finish(MelStream* stream) {
  return guarded([&] {
    give(stream->finish().values);
    return 1;
  });
}

EMSCRIPTEN_KEEPALIVE void glowvox_js_mel_stream_free(MelStream* stream) { delete stream; }

}  // extern "C"
