// SPDX-License-Identifier: MIT
// Training segments, a pure function of the seed and the step.
#pragma once

#include <torch/torch.h>

#include <array>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "train/augment.hpp"
#include "train/corpus.hpp"
#include "train/mixture.hpp"

namespace glowvox::train {

struct Batch {
  torch::Tensor audio;  // [B, segment_frames * hop + 2 * margin]
  torch::Tensor mel;    // [B, segment_frames, bands]
  // Latents of two samples of each segment (see sample_noise); undefined where none are drawn.
  std::array<torch::Tensor, 2> noise;
};

// Adds uniform noise of one 16-bit step, centred: what makes a density of quantised samples
// meaningful (Theis, van den Oord, Bethge 2016). A function of (seed, stream, index).
void dequantise(std::vector<float>& samples, std::uint64_t seed, std::uint32_t stream,
                std::uint64_t index);

// Picks segments over lists, speakers and samples (see Mixture); clips too short for a segment with
// the mel's windows around it are left out; where a segment is silent, or its clip cannot be read,
// another of the same list is drawn. The mel is the one that the whole file has at that place; with
// augmentation, the one that the augmented sound has. Where a predicted one is taken, the segment
// begins where one of its frames does.
class SegmentSampler {
 public:
  SegmentSampler(const Corpus& corpus, const config::ModelConfig& config, std::int64_t margin,
                 std::uint64_t seed, const Notify& notify);
  // Segments [first, first + count) of the configuration's batch number `draw`, the same whoever
  // draws which of them; draws -1, -2, ... are batches for initialisation. Thread-safe. pinned: in
  // memory that a GPU copies from without making anybody wait.
  Batch batch(std::int64_t draw, std::int64_t first, std::int64_t count, bool pinned = false) const;
  Batch batch(std::int64_t draw) const;  // all of them
  // A batch in two halves: what its segment number `index` is (draw * batch + place in the batch),
  // and that segment itself.
  SegmentPlan plan(std::uint64_t index) const;
  void render(const SegmentPlan& plan, float* audio, float* mel) const;
  // The recordings that a batch comes from, each once.
  std::vector<std::string> files(std::int64_t draw) const;
  // Clips that could not be read since the last call, with the reason; each is told once.
  std::vector<std::string> take_unreadable() const;

 private:
  struct Found {
    SegmentPlan plan;
    Samples samples;  // of its clip
  };
  // Sets the plan's clip and first sample, and its speed where the clip is too short for it.
  void place(const Mixture::Start& start, SegmentPlan& plan) const;
  void place_predicted(const Mixture::Start& start, SegmentPlan& plan) const;
  std::int64_t mel_frame(const SegmentPlan& plan) const;  // a predicted segment's first
  Found find(std::uint64_t index) const;
  void render(const Found& found, float* audio, float* mel) const;

  const Corpus& corpus_;
  config::ModelConfig config_;
  MelSpec inner_mel_;  // the model's mel without padding
  std::int64_t margin_;
  std::uint64_t seed_;
  std::int64_t mel_first_;        // start of the mel's first window, relative to the segment
  std::int64_t before_, length_;  // samples needed before a segment's start, and altogether
  std::int64_t shift_;            // of the model's frames, see MelAlignment
  Mixture mixture_;
  mutable std::mutex mutex_;
  mutable std::map<std::string, std::string> unreadable_;  // reason by path; empty: told
};

}  // namespace glowvox::train
