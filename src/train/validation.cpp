#include "train/validation.hpp"

#include <fmt/format.h>

#include "glowvox/error.hpp"
#include "train/segment_sampler.hpp"

namespace glowvox::train {

namespace {
constexpr std::uint64_t kSeed = 1;
constexpr std::uint32_t kNoiseStream = 3;

// The mel repeated or cut to `frames` frames.
torch::Tensor fit(const torch::Tensor& mel, std::int64_t frames) {
  const std::int64_t copies = (frames + mel.size(1) - 1) / mel.size(1);
  return mel.repeat({1, copies, 1}).narrow(1, 0, frames);
}

}  // namespace

Recording as_recording(const std::vector<float>& samples, const format::ModelConfig& config,
                       const std::string& where) {
  const std::int64_t hop = config.mel.hop_samples;
  const std::int64_t frames = static_cast<std::int64_t>(samples.size()) / hop;
  if (frames == 0)
    throw Error(where, fmt::format("expected {} samples or more, got {}", hop, samples.size()));
  Mel mel;
  try {
    mel = log_mel(samples.data(), static_cast<std::int64_t>(samples.size()), config.mel,
                  format::alignment_shift_samples(config));
  } catch (const Error& e) {
    throw Error(where, e.what());
  }
  return {torch::tensor(samples).narrow(0, 0, frames * hop).unsqueeze(0),
          torch::tensor(mel.values).view({1, mel.frames, mel.bands}).narrow(1, 0, frames)};
}

Validation validate(model::FlowVocoder& model, const Corpus& corpus) {
  const torch::NoGradGuard no_grad;
  double samples = 0.0, sum = 0.0, swapped = 0.0, variation = 0.0;
  std::vector<Recording> recordings;
  for (std::size_t clip = 0; clip < corpus.size(); ++clip) {
    std::vector<float> audio = corpus.load(clip);
    dequantise(audio, kSeed, kNoiseStream, clip);
    recordings.push_back(as_recording(audio, model.config(), corpus.path(clip)));
  }
  for (std::size_t clip = 0; clip < recordings.size(); ++clip) {
    const Recording& r = recordings[clip];
    // A lone clip gets its own second half first.
    const torch::Tensor other = recordings.size() > 1
                                    ? recordings[(clip + 1) % recordings.size()].mel
                                    : r.mel.roll(r.mel.size(1) / 2, 1);
    samples += static_cast<double>(r.audio.size(1));
    sum += model.log_prob(r.audio, r.mel).item<double>();
    swapped += model.log_prob(r.audio, fit(other, r.mel.size(1))).item<double>();
    variation += model.feature_variation(r.mel) / static_cast<double>(recordings.size());
  }
  return {sum / samples, (sum - swapped) / samples, variation};
}

}  // namespace glowvox::train
