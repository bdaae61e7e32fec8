// Training segments, a pure function of the seed and the step.
#pragma once

#include <torch/torch.h>

#include "format/config.hpp"
#include "train/corpus.hpp"

namespace glowvox::train {

struct Batch {
  torch::Tensor audio;  // [B, segment_frames * hop + 2 * margin]
  torch::Tensor mel;    // [B, segment_frames, bands]
};

// Adds uniform noise of one 16-bit step, centred: what makes a density of quantised samples
// meaningful (Theis, van den Oord, Bethge 2016). A function of (seed, stream, index).
void dequantise(std::vector<float>& samples, std::uint64_t seed, std::uint32_t stream,
                std::uint64_t index);

// Picks segments uniformly over the corpus' samples; clips too short for a segment with the mel's
// windows around it are left out, silent segments are drawn again. The mel is the one that the
// whole file has at that place.
class SegmentSampler {
 public:
  SegmentSampler(const Corpus& corpus, const format::ModelConfig& config, std::int64_t margin,
                 std::uint64_t seed, const Notify& notify);
  // Batch of a step; step -1, -2, ... are batches for initialisation. Thread-safe.
  Batch batch(std::int64_t step) const;

 private:
  struct Source {
    std::size_t clip;
    std::int64_t first, count;  // permitted starts of a segment in the clip
  };
  void draw(std::uint64_t index, float* audio, float* mel) const;

  const Corpus& corpus_;
  format::ModelConfig config_;
  MelSpec inner_mel_;  // the model's mel without padding
  std::int64_t margin_;
  std::uint64_t seed_;
  std::int64_t before_, length_;  // samples needed before a segment's start, and altogether
  std::int64_t mel_first_;        // start of the mel's first window, relative to the segment
  std::vector<Source> sources_;
  std::vector<double> cumulative_;
};

}  // namespace glowvox::train
