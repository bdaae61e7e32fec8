// SPDX-License-Identifier: MIT
// Mel to sound: what an application embeds.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

// Of matrix products. kAuto, kAutoStream: where the processor multiplies bfloat16 and the model
// file allows it, whichever is measured to be the faster, of whole utterances and of streams of
// single frames; float32 elsewhere. See PrecisionChoice. kInt8, only where it is stated: float32,
// but the weights of the couplings' nets are rounded to whole numbers of 8 bits with a scale for
// each output, a quarter of the bytes; faster where few frames share the weights, on every
// processor.
enum class Precision { kAuto, kFloat32, kBfloat16, kAutoStream, kInt8 };

// kFast: weights lie in memory as they are multiplied fastest. kSmall: weights that are half
// precision (or bfloat16) in the model file stay so in memory, half as much, and are widened while
// they are multiplied (with AVX2, or AVX-512 without bf16, kFast does that too); whole utterances
// are made in smaller blocks; and from then on the process's streams have their buffers from the
// heap, to which they go back, not from large pages. The sound is the same but for rounding.
enum class Memory { kFast, kSmall };

// Whether Precision::kBfloat16 is possible here.
GLOWVOX_API bool has_bfloat16();

// Why a model runs in the precision that it does. Where there is a choice, loading it times
// products of its shapes in both precisions, for some tens of milliseconds, and keeps the times in
// a file of the user's cache folder (GLOWVOX_CACHE, or glowvox in XDG_CACHE_HOME, or
// ~/.cache/glowvox), so that the next load with the same processor, cores, shapes and library reads
// them. GLOWVOX_CACHE=off keeps nothing. Times vary from run to run: a stated precision alone is
// the same everywhere.
struct PrecisionChoice {
  // By whoever loaded the model; by processor or model, which leave no choice; by times measured in
  // this load; by those of an earlier one.
  enum class Source { kStated, kOnlyOne, kMeasured, kCached };
  // Seconds that the timed products take; 0 where nothing was timed.
  struct Times {
    double float32 = 0.0, bfloat16 = 0.0;
  };
  Precision precision = Precision::kFloat32;  // or kBfloat16, kInt8
  Source source = Source::kOnlyOne;
  Times utterances, frames;  // of a piece of a whole utterance on all cores; of a frame on one
  std::string cache_file;    // where the times are kept; empty: nowhere
};

struct SynthesisOptions {
  double sigma = 0.7;      // temperature, >= 0
  std::uint64_t seed = 1;  // the same seed gives the same sound whatever the chunks or threads
  int threads = 0;         // 0: all cores for a whole utterance, one for a stream
  // Strength of the bias denoiser, >= 0; 0: off; none: what the model file asks for. It takes off
  // what the model hums when nothing is said, and delays a stream by denoise_delay_samples().
  std::optional<double> denoise = std::nullopt;
  // Frames, 0 to 16, that are corrected together so that the sound's own mel comes nearer to the
  // one it is made from: the more, the nearer, and the later a stream (correction_delay_samples());
  // none: what the model file asks for. For one alone the flow draws every next row ahead, where it
  // can: up to twice a stream's work, and a whole utterance is then made like a stream, frame by
  // frame, many times slower than with more corrections or none.
  std::optional<int> corrections = std::nullopt;
};

// Sound as the flow sees it.
struct Encoding {
  std::vector<float> latents;  // [frames * rows_per_frame()][channels()], as decode takes them
  std::vector<double> frame_log_likelihoods;  // nats that every mel frame's rows add
  double log_likelihood = 0.0;  // nats, of all samples given the mel; the base's constants included
  double log_det = 0.0;         // what of it is the flow's own, the rest the latents' density
  std::int64_t samples = 0;     // that it covers: mel.frames * hop
};

// A model, ready for synthesis. Copies share the weights; every function may be called from several
// threads at once.
class GLOWVOX_API Vocoder {
 public:
  // Throws Error for a file that is not a model, is damaged, or cannot be inverted, and for
  // Precision::kBfloat16 on a processor without it.
  static Vocoder load(const std::string& path, Precision precision = Precision::kAuto,
                      Memory memory = Memory::kFast);
  // The same of a model file's bytes, of which a copy is kept until a sound is encoded. name: for
  // messages.
  static Vocoder load(const void* bytes, std::size_t size, const std::string& name = "model",
                      Precision precision = Precision::kAuto, Memory memory = Memory::kFast);

  const MelSpec& mel() const;
  const std::string& name() const;
  // Mean and deviation of every band of the mels that it was trained on, in the specification's
  // units; empty where the model file does not say.
  const std::vector<float>& mel_means() const;
  const std::vector<float>& mel_deviations() const;
  Precision precision() const;  // the one in use: kFloat32, kBfloat16 or kInt8
  const PrecisionChoice& precision_choice() const;
  int channels() const;        // of the latent
  int rows_per_frame() const;  // latent rows for each mel frame
  // What a sample depends on ahead of its own mel frame, and the overlap of the lapped transform:
  // the algorithmic latency of a stream.
  std::int64_t look_ahead_samples() const;
  std::int64_t overlap_samples() const;
  double denoise() const;                      // the strength that the model file asks for
  std::int64_t denoise_delay_samples() const;  // together with corrections, overlap_samples() more
  int corrections() const;                     // what the model file asks for
  // By which so many corrections delay a stream: the first by nothing where a lapped transform of a
  // quarter of a frame knows enough of the next samples, else by up to that; each further one by a
  // hop.
  std::int64_t correction_delay_samples(int corrections) const;
  // For a stream that somebody waits for: 1 where the model asks for corrections and the first adds
  // no delay, else 0.
  int live_corrections() const;

  // How many frames of an utterance of `frames` are best pushed at once where nobody waits for
  // them, to a stream of so many threads (0: all cores).
  int block_frames(std::int64_t frames, int threads = 0) const;

  // Samples that synthesis makes of so many frames, of one or more: a hop for each.
  std::int64_t sample_count(std::int64_t frames) const;
  // Samples at mel().sample_rate_hz, at sample 0 of the audio that the mel was or would be computed
  // from; values may lie outside [-1, 1]. Throws Error for another band count, no frames or values
  // that are not finite.
  std::vector<float> synthesize(const Mel& mel, const SynthesisOptions& options = {}) const;
  // Each as it would be alone.
  std::vector<std::vector<float>> synthesize(const std::vector<Mel>& mels,
                                             const SynthesisOptions& options = {}) const;
  // The exact inverse of encoding: latents [mel.frames * rows_per_frame()][channels()] to
  // [mel.frames * hop] samples (sample 0 is the first one that frame 0 conditions). sigma and seed
  // have no effect.
  std::vector<float> decode(const Mel& mel, const std::vector<float>& latents,
                            const SynthesisOptions& options = {}) const;

  // The exact inverse of decoding, and the exact log-density of the samples: audio [samples] in
  // [-1, 1] at mel().sample_rate_hz, mel frame t being given for samples [t * hop, (t + 1) * hop);
  // less than a hop may be left over at the end, which is left out. Always in float32: a model that
  // synthesizes in bfloat16 or int8 has its weights prepared once more when the first sound is
  // encoded, from its file, which stays mapped until then. threads: 0: all cores; the result is the
  // same for any number. Throws Error for a mel that does not fit the audio, for values that are
  // not finite, and for a model file that was overwritten in place before the first call.
  Encoding encode(const Mel& mel, const float* audio, std::int64_t samples, int threads = 0) const;
  // With the audio's own mel, mel_of.
  Encoding encode(const float* audio, std::int64_t samples, int threads = 0) const;
  // The mel that this model was trained to hear with the audio, a frame for every whole hop.
  // log_mel(audio, samples, mel()) where the model does not move its frames (see shift_samples
  // there), but for a frame that centred padding has more. Throws Error for less than a hop.
  Mel mel_of(const float* audio, std::int64_t samples) const;

 private:
  friend class Stream;
  friend class StreamGroup;
  struct Model;
  explicit Vocoder(std::shared_ptr<const Model> model);
  std::shared_ptr<const Model> model_;
};

// Samples in a stream's own memory, valid until its next call.
struct Samples {
  const float* data = nullptr;
  std::size_t count = 0;
};

// One utterance whose mel arrives in pieces; what all calls return, one after the other, is what
// Vocoder::synthesize gives for the whole mel, bit for bit. Keeps its own share of the model. A
// stream is used from one thread at a time.
class GLOWVOX_API Stream {
 public:
  // most_frames: how many frames one push usually brings. Pushes of up to so many do not allocate
  // memory; larger ones are cut. From 32 on, where nobody waits, and with several threads, a push
  // is corrected and denoised beside the next one, allocates, and its samples come with that one.
  Stream(const Vocoder& vocoder, const SynthesisOptions& options = {}, int most_frames = 1);
  ~Stream();
  Stream(Stream&& other) noexcept;
  Stream& operator=(Stream&& other) noexcept;

  // frames: [count][bands] as the specification stores them. Returns the samples that have become
  // final. Throws Error for values that are not finite (nothing is taken then) and after finish.
  Samples push(const float* frames, std::int64_t count);
  // The mel ends here: the remaining samples.
  Samples finish();

 private:
  friend class Vocoder;
  friend class StreamGroup;
  Stream(const Vocoder& vocoder, const SynthesisOptions& options, int most_frames, int threads);
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox
