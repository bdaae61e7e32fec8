// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <optional>

#include "model/flow_vocoder.hpp"
#include "train/corpus.hpp"
#include "train/ranks.hpp"
#include "train/sample_loss.hpp"

namespace glowvox::train {

// A whole recording as the model takes it.
struct Recording {
  torch::Tensor audio;  // [1, frames * hop], the remainder of the last hop left out
  torch::Tensor mel;    // [1, frames, bands]
};

// The mel that belongs to these samples, aligned as the model's configuration says: mel frame t
// conditions audio [t * hop, (t + 1) * hop). Throws Error when there is not one whole hop.
Recording as_recording(const std::vector<float>& samples, const config::ModelConfig& config,
                       const std::string& where);

// Clip `clip` of a corpus as held-out likelihoods take it: on the model's device, with
// dequantisation noise of one 16-bit step that is the same every time; with its predicted mel where
// it has one.
Recording held_out(const Corpus& corpus, std::size_t clip, const model::FlowVocoder& model);

constexpr int kBands = 4;  // equal parts of the spectrum, the lowest first

// Exact log-likelihood of a recording, in nats.
struct Likelihood {
  double samples = 0.0, nats = 0.0;
  // What each band has of it. Empty where the model's channels are not frequencies or its layers
  // mix them.
  std::vector<double> bands;
};
Likelihood likelihood(model::FlowVocoder& model, const Recording& recording);

struct Validation {
  double nats_per_sample = 0.0;    // mean over all samples
  double swapped_mel_loss = 0.0;   // what the same loses with another clip's mel
  double feature_variation = 0.0;  // see FlowVocoder::feature_variation
  // What each band's coefficients have on average; the mean over the bands is nats_per_sample.
  // Empty where Likelihood's are.
  std::vector<double> band_nats;
  // See SampleDistances; means over all samples, NaN where they are off.
  double fit = std::numeric_limits<double>::quiet_NaN();
  double spread = std::numeric_limits<double>::quiet_NaN();
  double mel = std::numeric_limits<double>::quiet_NaN();
};

// Exact log-likelihood of every whole clip of the corpus, each rank taking a share of the clips;
// with a sample_loss also the energy distance of the clips that are long enough for it. Nothing
// where a rank saw `stop` before it was through.
std::optional<Validation> validate(model::FlowVocoder& model, const Corpus& corpus, Ranks& ranks,
                                   const SampleLoss* sample_loss, const std::atomic<bool>& stop);
// The same by one process, without sample_loss.
Validation validate(model::FlowVocoder& model, const Corpus& corpus);

}  // namespace glowvox::train
