// SPDX-License-Identifier: MIT
#include "glowvox/vocoder.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <mutex>

#include "core/cpu.hpp"
#include "dsp/correction_rule.hpp"
#include "engine/aligned.hpp"
#include "engine/encoder.hpp"
#include "engine/finishing.hpp"
#include "engine/instruction_set.hpp"
#include "engine/pipeline.hpp"
#include "engine/precision.hpp"
#include "engine/stream_state.hpp"
#include "glowvox/error.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox {

namespace {

// Lifted rows worked on at a time in a whole utterance: enough that weights are read seldom, few
// enough that activations stay in the caches. A block's correction goes on beside the next one, and
// the last one's beside nothing: smaller blocks are then faster.
constexpr int kBlockRows = 256, kCorrectedBlockRows = 128;
constexpr int kSmallBlockRows = 64;  // of Memory::kSmall
constexpr int kBlockStep = 32;
constexpr std::int64_t kAsideFrames = 32;  // of a push for which nobody waits
constexpr int kNothingBeside = 1;          // block_frames()'s threads where nothing is corrected
constexpr int kThreadsOfFrames = 2;        // of passes over one: the flow's, and the correction's
constexpr int kMostThreads = 1024;
constexpr std::int64_t kMostRows = 1 << 22;  // of one push
constexpr double kMostSigma = 100.0;
constexpr std::int64_t kBiasFrames = 88;      // as many as WaveGlow's denoiser listens to
constexpr std::int64_t kBiasTransforms = 16;  // lengths of the transform that they have to span
constexpr std::int64_t kMostBiasEdge = 24;    // mel frames at either end that do not count

int denoiser_hop(int n_fft) { return std::max(1, n_fft / 4); }

// How weights that are multiplied in float32 lie in memory: as the file has the nets' first ones.
engine::Storage stored_weights(const safetensors::MappedSafetensors& file, Memory memory) {
  const bool narrow = memory == Memory::kSmall || engine::narrow_weights_are_faster();
  const auto found = file.tensors().find("step_0_coupling.net.start.weight");
  if (!narrow || found == file.tensors().end()) return engine::Storage::kFloat32;
  if (found->second.dtype == "F16") return engine::Storage::kHalf;
  return found->second.dtype == "BF16" ? engine::Storage::kBfloat16 : engine::Storage::kFloat32;
}

int threads_for(int threads, int usual) {
  if (threads < 0 || threads > kMostThreads)
    throw Error("threads",
                fmt::format("expected a number from 0 to {}, got {}", kMostThreads, threads));
  return threads > 0 ? threads : usual;
}

engine::Latent latent_of(const SynthesisOptions& options) {
  if (!(options.sigma >= 0.0 && options.sigma <= kMostSigma))
    throw Error("sigma",
                fmt::format("expected a number from 0 to {}, got {}", kMostSigma, options.sigma));
  return {options.sigma, options.seed, nullptr};
}

void check(const Mel& mel, int bands) {
  if (mel.bands != bands)
    throw Error("mel", fmt::format("expected {} bands, got {}", bands, mel.bands));
  if (mel.frames < 1)
    throw Error("mel", fmt::format("expected one frame or more, got {}", mel.frames));
  if (static_cast<std::int64_t>(mel.values.size()) != mel.frames * mel.bands)
    throw Error("mel", fmt::format("expected {} values for {} frames, got {}",
                                   mel.frames * mel.bands, mel.frames, mel.values.size()));
}

void check(const float* audio, std::int64_t samples, int hop) {
  if (samples < hop)
    throw Error("audio", fmt::format("expected {} samples or more, got {}", hop, samples));
  for (std::int64_t i = 0; i < samples; ++i)
    if (!std::isfinite(audio[i])) throw Error("audio", fmt::format("sample {} is not finite", i));
}

}  // namespace

struct GLOWVOX_LOCAL Vocoder::Model {
  static std::shared_ptr<const Model> make(
      std::unique_ptr<const safetensors::MappedSafetensors> file, const std::string& name,
      Precision precision, Memory memory);

  int block_rows = kBlockRows;
  PrecisionChoice choice;
  std::shared_ptr<const engine::PreparedModel> prepared;
  std::unique_ptr<engine::Encoder> encoder;
  // What the denoiser takes off, measured when it is first asked for.
  mutable std::mutex bias_mutex;
  mutable std::vector<double> bias_magnitudes;

  std::vector<double> bias(const Vocoder& vocoder, int threads) const;
  double denoise(const SynthesisOptions& options) const {
    return options.denoise.value_or(prepared->config.synthesis.denoise);
  }
  int corrections(const SynthesisOptions& options) const {
    return options.corrections.value_or(prepared->config.synthesis.corrections);
  }
  // Whether a stream draws each next row as well: for the correction of one frame.
  bool draws_next(const SynthesisOptions& options) const {
    return corrections(options) == 1 && denoise(options) == 0.0 &&
           engine::Pipeline::can_draw_next(*prepared);
  }
  std::unique_ptr<engine::Finishing> make_finishing(const Vocoder& vocoder,
                                                    const SynthesisOptions& options, int threads,
                                                    std::int64_t most_frames,
                                                    ThreadTeam* team) const;
};

bool has_bfloat16() { return engine::has_bfloat16_products(); }

Vocoder::Vocoder(std::shared_ptr<const Model> model) : model_(std::move(model)) {}

std::shared_ptr<const Vocoder::Model> Vocoder::Model::make(
    std::unique_ptr<const safetensors::MappedSafetensors> file, const std::string& name,
    Precision precision, Memory memory) {
  const config::ModelConfig config = safetensors::model_config(file->metadata(), name);
  const PrecisionChoice choice =
      engine::choose_precision(precision, config, stored_weights(*file, memory));
  const engine::DType dtype =
      choice.precision == Precision::kBfloat16 ? engine::DType::kBfloat16 : engine::DType::kFloat32;
  const engine::NetWeights nets = choice.precision == Precision::kInt8
                                      ? engine::NetWeights::kInt8
                                      : engine::NetWeights::kAsInFile;
  engine::Weights weights(file->tensors(), name);
  if (memory == Memory::kSmall) weights.save_memory(*file);
  try {
    auto model = std::make_shared<Model>();
    model->choice = choice;
    model->prepared = std::make_shared<const engine::PreparedModel>(
        engine::prepare(weights, config, dtype, nets));
    if (memory == Memory::kSmall) {
      model->block_rows = kSmallBlockRows;
      engine::save_memory();
    }
    model->encoder = std::make_unique<engine::Encoder>(model->prepared, std::move(file), name);
    return model;
  } catch (const Error& e) {
    if (e.where() == name) throw;
    throw Error(name, e.what());
  }
}

Vocoder Vocoder::load(const std::string& path, Precision precision, Memory memory) {
  return Vocoder(
      Model::make(std::make_unique<safetensors::MappedSafetensors>(path), path, precision, memory));
}

Vocoder Vocoder::load(const void* bytes, std::size_t size, const std::string& name,
                      Precision precision, Memory memory) {
  return Vocoder(Model::make(std::make_unique<safetensors::MappedSafetensors>(
                                 std::string(static_cast<const char*>(bytes), size), name),
                             name, precision, memory));
}

const MelSpec& Vocoder::mel() const { return model_->prepared->config.mel; }
const std::string& Vocoder::name() const { return model_->prepared->config.name; }
const std::vector<float>& Vocoder::mel_means() const {
  return model_->prepared->config.mel_statistics.mean;
}
const std::vector<float>& Vocoder::mel_deviations() const {
  return model_->prepared->config.mel_statistics.deviation;
}
int Vocoder::channels() const { return model_->prepared->config.lift.channels; }
int Vocoder::rows_per_frame() const { return model_->prepared->conditioner.rows_per_frame; }

Precision Vocoder::precision() const { return model_->choice.precision; }
const PrecisionChoice& Vocoder::precision_choice() const { return model_->choice; }

std::int64_t Vocoder::look_ahead_samples() const {
  return config::reach_of(model_->prepared->config).future_samples;
}

std::int64_t Vocoder::overlap_samples() const {
  return config::reach_of(model_->prepared->config).overlap_samples;
}

double Vocoder::denoise() const { return model_->prepared->config.synthesis.denoise; }

std::int64_t Vocoder::denoise_delay_samples() const {
  const int n_fft = model_->prepared->config.mel.n_fft;
  return n_fft - denoiser_hop(n_fft);
}

// The model's own sound for a mel at its floor, without noise; its ends, where the nets see less
// than they do in the middle, do not count.
std::vector<double> Vocoder::Model::bias(const Vocoder& vocoder, int threads) const {
  const MelSpec& spec = vocoder.mel();
  const std::lock_guard<std::mutex> lock(bias_mutex);
  if (bias_magnitudes.empty()) {
    const std::int64_t edge = std::min<std::int64_t>(
        kMostBiasEdge, 1 + config::reach_of(prepared->config).future_samples / spec.hop_samples);
    const std::int64_t inside =
        std::max<std::int64_t>(kBiasFrames, kBiasTransforms * spec.n_fft / spec.hop_samples);
    const std::int64_t frames = inside + 2 * edge;
    const Mel floor{frames, spec.bands,
                    std::vector<float>(static_cast<std::size_t>(frames * spec.bands),
                                       static_cast<float>(mel_floor(spec)))};
    const std::vector<float> hum = vocoder.synthesize(floor, {0.0, 0, threads, 0.0, 0});
    const auto cut = static_cast<std::ptrdiff_t>(edge * spec.hop_samples);
    bias_magnitudes = engine::mean_magnitudes({hum.begin() + cut, hum.end() - cut}, spec.n_fft,
                                              denoiser_hop(spec.n_fft));
  }
  return bias_magnitudes;
}

int Vocoder::corrections() const { return model_->prepared->config.synthesis.corrections; }

std::int64_t Vocoder::correction_delay_samples(int corrections) const {
  return config::correction_delay_samples(mel(), corrections, overlap_samples());
}

int Vocoder::live_corrections() const {
  return corrections() > 0 && denoise() == 0.0 && correction_delay_samples(1) == 0 ? 1 : 0;
}

std::unique_ptr<engine::Finishing> Vocoder::Model::make_finishing(const Vocoder& vocoder,
                                                                  const SynthesisOptions& options,
                                                                  int threads,
                                                                  std::int64_t most_frames,
                                                                  ThreadTeam* team) const {
  const MelSpec& spec = vocoder.mel();
  engine::Finishing::Options o;
  o.denoise = denoise(options);
  if (!(o.denoise >= 0.0 && o.denoise <= config::kMostDenoise))
    throw Error("denoise", fmt::format("expected a strength from 0 to {}, got {}",
                                       config::kMostDenoise, o.denoise));
  o.corrections = corrections(options);
  if (o.corrections < 0 || o.corrections > config::kMostCorrections)
    throw Error("corrections", fmt::format("expected a number from 0 to {}, got {}",
                                           config::kMostCorrections, o.corrections));
  if (o.corrections > 0 && !dsp::correction_possible(spec))
    throw Error("corrections", "mel frames of this specification overlap too little for them",
                "use 0");
  if (o.denoise > 0.0) {
    o.bias = bias(vocoder, options.threads);
    o.bias_hop = denoiser_hop(spec.n_fft);
  }
  o.threads = threads;
  o.aside = threads > 1 && most_frames >= kAsideFrames ? team : nullptr;
  o.most_frames = most_frames;
  o.ahead_samples = vocoder.overlap_samples() * (draws_next(options) ? 2 : 1);
  o.frames_ahead =
      (vocoder.look_ahead_samples() + vocoder.overlap_samples()) / spec.hop_samples + 1;
  return std::make_unique<engine::Finishing>(spec, o);
}

std::int64_t Vocoder::sample_count(std::int64_t frames) const { return frames * mel().hop_samples; }

std::vector<float> Vocoder::synthesize(const Mel& mel, const SynthesisOptions& options) const {
  check(mel, model_->prepared->conditioner.bands);
  int threads = threads_for(options.threads, available_cores());
  const int block = block_frames(mel.frames, threads);
  if (model_->draws_next(options)) threads = std::min(threads, kThreadsOfFrames);
  Stream stream(*this, options, block, threads);
  std::vector<float> all;
  all.reserve(static_cast<std::size_t>(mel.frames * this->mel().hop_samples));
  const auto take = [&all](const Samples& s) { all.insert(all.end(), s.data, s.data + s.count); };
  for (std::int64_t done = 0; done < mel.frames; done += block)
    take(stream.push(mel.values.data() + done * mel.bands,
                     std::min<std::int64_t>(block, mel.frames - done)));
  take(stream.finish());
  return all;
}

std::vector<std::vector<float>> Vocoder::synthesize(const std::vector<Mel>& mels,
                                                    const SynthesisOptions& options) const {
  std::vector<std::vector<float>> all;
  for (const Mel& mel : mels) all.push_back(synthesize(mel, options));
  return all;
}

std::vector<float> Vocoder::decode(const Mel& mel, const std::vector<float>& latents,
                                   const SynthesisOptions& options) const {
  check(mel, model_->prepared->conditioner.bands);
  const std::int64_t expected = mel.frames * rows_per_frame() * channels();
  if (static_cast<std::int64_t>(latents.size()) != expected)
    throw Error("latent", fmt::format("expected {} values for {} mel frames, got {}", expected,
                                      mel.frames, latents.size()));
  for (std::size_t i = 0; i < latents.size(); ++i)
    if (!std::isfinite(latents[i])) throw Error("latent", fmt::format("value {} is not finite", i));
  engine::Pipeline pipeline(model_->prepared, {0.0, 0, latents.data()},
                            threads_for(options.threads, available_cores()),
                            block_frames(mel.frames, kNothingBeside), false);
  std::vector<float> samples = pipeline.push(mel.values.data(), mel.frames).samples;
  const std::vector<float>& rest = pipeline.finish().samples;
  samples.insert(samples.end(), rest.begin(), rest.end());
  return samples;
}

Encoding Vocoder::encode(const Mel& mel, const float* audio, std::int64_t samples,
                         int threads) const {
  const int hop = this->mel().hop_samples;
  check(mel, model_->prepared->conditioner.bands);
  engine::check_finite(mel.values.data(), mel.frames, model_->prepared->conditioner.bands);
  check(audio, samples, hop);
  if (samples / hop != mel.frames)
    throw Error("audio", fmt::format("expected {} samples for {} mel frames, got {}",
                                     mel.frames * hop, mel.frames, samples));
  return engine::encode(*model_->encoder->prepared(), mel, audio,
                        threads_for(threads, available_cores()),
                        block_frames(mel.frames, kNothingBeside));
}

Encoding Vocoder::encode(const float* audio, std::int64_t samples, int threads) const {
  const Mel own = mel_of(audio, samples);
  return encode(own, audio, std::min(samples, own.frames * mel().hop_samples), threads);
}

Mel Vocoder::mel_of(const float* audio, std::int64_t samples) const {
  check(audio, samples, mel().hop_samples);
  Mel own =
      log_mel(audio, samples, mel(), config::alignment_shift_samples(model_->prepared->config));
  own.frames = std::min(own.frames, samples / mel().hop_samples);
  own.values.resize(static_cast<std::size_t>(own.frames * own.bands));
  return own;
}

int Vocoder::block_frames(std::int64_t frames, int threads) const {
  const bool aside = corrections() > 0 && threads_for(threads, available_cores()) > 1;
  const int most_rows =
      aside ? std::min(model_->block_rows, kCorrectedBlockRows) : model_->block_rows;
  const std::int64_t blocks = std::max<std::int64_t>(1, frames * rows_per_frame() / most_rows);
  const std::int64_t rows = frames * rows_per_frame() / blocks;
  const std::int64_t whole = (rows + kBlockStep - 1) / kBlockStep * kBlockStep;
  return static_cast<int>(
      std::clamp<std::int64_t>(whole / rows_per_frame(), 1, std::max<std::int64_t>(1, frames)));
}

std::shared_ptr<const engine::PreparedModel> Stream::State::model_of(const Vocoder& vocoder) {
  return vocoder.model_->prepared;
}

int Stream::State::threads_of_group(int threads) { return threads_for(threads, available_cores()); }

Stream::Stream(const Vocoder& vocoder, const SynthesisOptions& options, int most_frames)
    : Stream(vocoder, options, most_frames, threads_for(options.threads, 1)) {}

Stream::Stream(const Vocoder& vocoder, const SynthesisOptions& options, int most_frames,
               int threads) {
  const std::int64_t most = kMostRows / vocoder.rows_per_frame();
  if (most_frames < 1 || most_frames > most)
    throw Error("most_frames",
                fmt::format("expected a number from 1 to {}, got {}", most, most_frames));
  state_ = std::make_unique<State>(State::model_of(vocoder), latent_of(options), threads,
                                   most_frames, vocoder.model_->draws_next(options));
  state_->finishing = vocoder.model_->make_finishing(vocoder, options, threads, most_frames,
                                                     &state_->flow.passes().team());
}

}  // namespace glowvox
