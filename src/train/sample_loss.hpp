// SPDX-License-Identifier: MIT
// What training minimises besides the likelihood: a proper scoring rule of the flow's own samples.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <vector>

#include "model/flow_vocoder.hpp"
#include "train/mel_distance.hpp"
#include "train/sample_correction.hpp"
#include "train/spectral_distance.hpp"

namespace glowvox::train {

// Of a batch, [B] each: the energy distance's parts (see EnergyDistance), the mel's own distance
// (see MelDistance; undefined where it has no weight), and what training minimises: both as they
// are weighted.
struct SampleDistances {
  Tensor fit, spread, mel, objective;
};

class SampleLoss {
 public:
  SampleLoss(const config::ModelConfig& config, std::uint64_t seed);
  // The distances of two samples, at sigma 1, of each segment's mel. audio [B, F * hop + 2 *
  // margin], mel [B, F, bands]: training segments;
  // noise: theirs. Only the first sample has a gradient (see EnergyDistance). corrected: those
  // of the segments that are compared after SampleCorrection, or undefined. All on the model's
  // device.
  SampleDistances operator()(model::FlowVocoder& model, const Tensor& audio, const Tensor& mel,
                             const std::array<Tensor, 2>& noise, const Tensor& corrected) const;
  // Of training segments with `frames` mel frames, the first of them number `segment` of the run.
  // In the calling thread alone, so that loaders' threads make it.
  std::array<Tensor, 2> noise(std::uint64_t segment, std::int64_t batch, std::int64_t frames,
                              bool pinned) const;
  // Of whole held-out clips, audio [B, F * hop], without correction; needs no segment.
  SampleDistances held_out(model::FlowVocoder& model, const Tensor& audio, const Tensor& mel,
                           std::uint64_t clip) const;
  bool long_enough(std::int64_t mel_frames) const;

 private:
  SampleDistances compare(model::FlowVocoder& model, const Tensor& audio, const Tensor& mel,
                          const std::array<Tensor, 2>& noise, const Tensor& corrected) const;
  std::array<Tensor, 2> noise_of(std::uint32_t stream, std::uint64_t segment, std::int64_t batch,
                                 std::int64_t frames, bool pinned) const;

  config::SampleLossConfig config_;
  int sample_rate_hz_;
  MelDistance mel_distance_;
  std::optional<SampleCorrection> correction_;
  std::uint64_t seed_;
  // Samples: of a mel frame; left out at both ends, the overlap of the lift included.
  std::int64_t hop_, before_, after_;
  std::int64_t channels_;  // of the lift
};

// Latents of two samples of every clip, N(0, 1), [F, B, C] each; a function of (seed, stream,
// segment
// + b) whatever else is in the batch. pinned: in memory that a GPU copies from by itself.
std::array<Tensor, 2> sample_noise(std::uint64_t seed, std::uint32_t stream, std::uint64_t segment,
                                   std::int64_t batch, std::int64_t frames, std::int64_t channels,
                                   bool pinned = false);

}  // namespace glowvox::train
