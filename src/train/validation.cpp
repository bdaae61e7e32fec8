// SPDX-License-Identifier: MIT
#include "train/validation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "glowvox/error.hpp"
#include "train/predicted_mels.hpp"
#include "train/segment_sampler.hpp"

namespace glowvox::train {

namespace {
constexpr std::uint64_t kHeldOutSeed = 1;
constexpr std::uint32_t kHeldOutNoiseStream = 3;

// The mel repeated or cut to `frames` frames.
torch::Tensor fit(const torch::Tensor& mel, std::int64_t frames) {
  const std::int64_t copies = (frames + mel.size(1) - 1) / mel.size(1);
  return mel.repeat({1, copies, 1}).narrow(1, 0, frames);
}

// The hops that have a whole frame of the predicted mel: frame t's begins at t * hop - shift.
Recording with_predicted(const std::vector<float>& samples, const config::ModelConfig& config,
                         const PredictedMels& mels, std::size_t clip, const std::string& where) {
  const std::int64_t hop = config.mel.hop_samples, shift = config::alignment_shift_samples(config);
  const std::int64_t frame = (shift + hop - 1) / hop, first = frame * hop - shift;
  const std::int64_t frames = (static_cast<std::int64_t>(samples.size()) - first) / hop;
  if (frames < 1)
    throw Error(where,
                fmt::format("expected {} samples or more, got {}", first + hop, samples.size()));
  const Mel mel = mels.read(clip, frame, frames);
  return {torch::tensor(samples).narrow(0, first, frames * hop).unsqueeze(0),
          torch::tensor(mel.values).view({1, frames, mel.bands})};
}

}  // namespace

Recording as_recording(const std::vector<float>& samples, const config::ModelConfig& config,
                       const std::string& where) {
  const std::int64_t hop = config.mel.hop_samples;
  const std::int64_t frames = static_cast<std::int64_t>(samples.size()) / hop;
  if (frames == 0)
    throw Error(where, fmt::format("expected {} samples or more, got {}", hop, samples.size()));
  Mel mel;
  try {
    mel = log_mel(samples.data(), static_cast<std::int64_t>(samples.size()), config.mel,
                  config::alignment_shift_samples(config));
  } catch (const Error& e) {
    throw Error(where, e.what());
  }
  return {torch::tensor(samples).narrow(0, 0, frames * hop).unsqueeze(0),
          torch::tensor(mel.values).view({1, mel.frames, mel.bands}).narrow(1, 0, frames)};
}

Recording held_out(const Corpus& corpus, std::size_t clip, const model::FlowVocoder& model) {
  std::vector<float> audio = corpus.load(clip);
  dequantise(audio, kHeldOutSeed, kHeldOutNoiseStream, clip);
  const PredictedMels* mels = corpus.predicted();
  const Recording r = mels != nullptr && mels->has(clip)
                          ? with_predicted(audio, model.config(), *mels, clip, corpus.path(clip))
                          : as_recording(audio, model.config(), corpus.path(clip));
  return {r.audio.to(model.device()), r.mel.to(model.device())};
}

Likelihood likelihood(model::FlowVocoder& model, const Recording& recording) {
  const torch::NoGradGuard no_grad;
  const model::Encoded encoded = model.encode(recording.audio, recording.mel);
  Likelihood l{static_cast<double>(recording.audio.size(1)), encoded.log_prob().item<double>(), {}};
  const torch::Tensor channels = encoded.channel_log_prob();
  if (!channels.defined() || !model.spectral() || channels.size(2) % kBands != 0) return l;
  const torch::Tensor bands =
      channels.to(torch::kDouble).sum(torch::IntArrayRef({0, 1})).view({kBands, -1}).sum(1).cpu();
  for (int b = 0; b < kBands; ++b) l.bands.push_back(bands[b].item<double>());
  return l;
}

namespace {

// Sums over what a rank has seen, in the order in which they travel.
struct Sums {
  double samples = 0.0, nats = 0.0, swapped = 0.0, variation = 0.0, separable = 0.0;
  double fit = 0.0, spread = 0.0, mel = 0.0;  // mel: NaN where it is not taken
  double compared = 0.0;                      // samples of the clips long enough
  double stopped = 0.0;                       // ranks
  std::array<double, kBands> bands{};

  void add_over(Ranks& ranks) {
    const std::vector<double*> fields = {&samples, &nats,   &swapped, &variation, &separable,
                                         &fit,     &spread, &mel,     &compared,  &stopped};
    std::vector<double> all;
    for (const double* field : fields) all.push_back(*field);
    all.insert(all.end(), bands.begin(), bands.end());
    all = ranks.sum(all);
    for (std::size_t i = 0; i < fields.size(); ++i) *fields[i] = all[i];
    std::copy_n(all.begin() + static_cast<std::ptrdiff_t>(fields.size()), kBands, bands.begin());
  }

  void add(const SampleDistances& d, double weight) {
    fit += weight * d.fit.item<double>();
    spread += weight * d.spread.item<double>();
    mel += d.mel.defined() ? weight * d.mel.item<double>() : std::nan("");
    compared += weight;
  }
};

}  // namespace

std::optional<Validation> validate(model::FlowVocoder& model, const Corpus& corpus, Ranks& ranks,
                                   const SampleLoss* sample_loss, const std::atomic<bool>& stop) {
  const torch::NoGradGuard no_grad;
  const std::size_t clips = corpus.size();
  Sums sums;
  for (std::size_t clip = static_cast<std::size_t>(ranks.rank()); clip < clips;
       clip += static_cast<std::size_t>(ranks.count())) {
    if (stop) {
      sums.stopped = 1.0;
      break;
    }
    const Recording r = held_out(corpus, clip, model);
    // A lone clip gets its own second half first.
    const torch::Tensor other = clips > 1 ? held_out(corpus, (clip + 1) % clips, model).mel
                                          : r.mel.roll(r.mel.size(1) / 2, 1);
    const Likelihood own = likelihood(model, r);
    sums.samples += own.samples;
    sums.nats += own.nats;
    sums.swapped += model.log_prob(r.audio, fit(other, r.mel.size(1))).item<double>();
    sums.variation += model.feature_variation(r.mel);
    if (sample_loss != nullptr && sample_loss->long_enough(r.mel.size(1)))
      sums.add(sample_loss->held_out(model, r.audio, r.mel, clip), own.samples);
    if (own.bands.empty()) continue;
    ++sums.separable;
    for (int b = 0; b < kBands; ++b) sums.bands[b] += own.bands[b];
  }
  ranks.wait_for_all();
  sums.add_over(ranks);
  if (sums.stopped > 0.0) return std::nullopt;
  Validation v{sums.nats / sums.samples,
               (sums.nats - sums.swapped) / sums.samples,
               sums.variation / static_cast<double>(clips),
               {}};
  if (sums.compared > 0.0) {
    v.fit = sums.fit / sums.compared;
    v.spread = sums.spread / sums.compared;
    v.mel = sums.mel / sums.compared;
  }
  if (sums.separable > 0.0)
    for (const double nats : sums.bands) v.band_nats.push_back(nats / (sums.samples / kBands));
  return v;
}

Validation validate(model::FlowVocoder& model, const Corpus& corpus) {
  Ranks alone;
  const std::atomic<bool> stop{false};
  return *validate(model, corpus, alone, nullptr, stop);
}

}  // namespace glowvox::train
