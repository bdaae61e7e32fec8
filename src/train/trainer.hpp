// The training run: sampler, likelihood, optimizer, checkpoints.
#pragma once

#include <memory>
#include <string>

#include "model/flow_vocoder.hpp"
#include "train/batch_loader.hpp"
#include "train/corpus.hpp"
#include "train/optimizer.hpp"
#include "train/segment_sampler.hpp"
#include "train/validation.hpp"

namespace glowvox::train {

struct StepResult {
  double nats_per_sample = 0.0;
  double gradient_norm = 0.0;
  double rate = 0.0;
  bool skipped = false;  // loss or gradient not finite: the weights are as before
};

// Position of a run, stored in its checkpoints.
struct Progress {
  std::int64_t step = 0;  // steps done, skipped ones included
  std::int64_t skipped = 0;
  double seconds = 0.0;  // of training, over all sittings
};

class Trainer {
 public:
  // A run from random weights, initialised from the data.
  Trainer(const format::ModelConfig& config, const std::string& data, std::uint64_t seed,
          const Notify& notify);

  // Replaces the weights by a model's (--init-from); its configuration must be the same network.
  void init_from(const std::string& model_path);
  // Data-dependent initialisation; not after init_from or restore.
  void initialize();

  // One step at `fraction` of the run (0 to 1), which the schedule follows.
  StepResult step(double fraction);
  // Linear warm-up, then a cosine from the peak to final_rate of it.
  double rate_at(double fraction) const;

  // The averaged weights' held-out likelihood.
  Validation validate_on(const Corpus& corpus);
  void save_model(const std::string& path, bool half);  // the averaged weights
  void save_checkpoint(const std::string& path);        // everything, atomically
  void restore(const std::string& path);  // throws Error when it belongs to another configuration

  Progress& progress() { return progress_; }
  const Progress& progress() const { return progress_; }
  model::FlowVocoder& model() { return *model_; }
  const Corpus& corpus() const { return corpus_; }
  double seconds_per_batch() const;  // of audio

 private:
  void measure_mels(const torch::Tensor& mel);  // [B, F, bands]
  std::vector<Batch> first_batches();           // that no step trains on

  format::ModelConfig config_;
  std::uint64_t seed_;
  Corpus corpus_;
  std::shared_ptr<model::FlowVocoder> model_;
  SegmentSampler sampler_;
  Optimizer optimizer_;
  Progress progress_;
  std::unique_ptr<BatchLoader> loader_;  // starts at the first step
};

}  // namespace glowvox::train
