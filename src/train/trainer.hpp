// SPDX-License-Identifier: MIT
// The training run: sampler, objectives, optimizer, checkpoints.
#pragma once

#include <atomic>
#include <functional>
#include <limits>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "model/flow_vocoder.hpp"
#include "safetensors/safetensors.hpp"
#include "train/batch_loader.hpp"
#include "train/corpus.hpp"
#include "train/guard.hpp"
#include "train/optimizer.hpp"
#include "train/sample_loss.hpp"
#include "train/segment_sampler.hpp"
#include "train/setting.hpp"
#include "train/validation.hpp"

namespace glowvox::train {

struct StepResult {
  double nats_per_sample = 0.0;  // mean over the batch, all ranks' shares of it
  // See SampleDistances; NaN where they are off.
  double fit = std::numeric_limits<double>::quiet_NaN();
  double spread = std::numeric_limits<double>::quiet_NaN();
  double mel = std::numeric_limits<double>::quiet_NaN();
  double gradient_norm = 0.0;
  double rate = 0.0;
  Verdict verdict = Verdict::kGood;
  bool skipped() const { return verdict != Verdict::kGood; }  // the weights are as before
};

// Position of a run, stored in its checkpoints.
struct Progress {
  std::int64_t step = 0;   // steps done, skipped ones included
  std::int64_t draws = 0;  // batches drawn: more than steps after the run went back
  std::int64_t skipped = 0;
  std::int64_t skipped_in_a_row = 0;
  std::int64_t setbacks = 0;  // each halved the rate
  double seconds = 0.0;       // of training, over all sittings
  double best_nats = 0.0;     // held-out likelihood at best_step
  std::int64_t best_step = -1;
};

class Trainer {
 public:
  // A run from random weights, to be initialised from the data. The configuration's batch is
  // divided among the ranks, and a rank's part into `accumulate` passes; throws Error when that
  // does not come out even.
  Trainer(const config::ModelConfig& config, const DataOptions& data, std::uint64_t seed,
          const Notify& notify, const Setting& setting = {});

  // Replaces the weights by a model's (--init-from): of the same network, or of a wider one, which
  // is made narrower by what it computes on batches of initialisation. Throws Error for any other.
  void init_from(
      const std::string& model_path, const Notify& notify = [](const std::string&) {});
  // Data-dependent initialisation; not after init_from or restore.
  void initialize();

  // Decides in what the nets' products are, unless it is decided: by the setting, the
  // configuration, the machine or a checkpoint. Measures passes in float and in bfloat16 and says
  // what came of it; the same on every rank. Until then they are in float. After initialisation.
  void choose_products(const Notify& notify);
  bool bf16() const { return bf16_.value_or(false); }

  // One step at `fraction` of the run (0 to 1), which the schedule follows.
  StepResult step(double fraction);
  // Linear warm-up, then a cosine from the peak to final_rate of it; half of that for every
  // setback.
  double rate_at(double fraction) const;
  // The recordings that the last step's batch came from.
  std::vector<std::string> last_files() const { return sampler_.files(progress_.draws - 1); }

  // Recordings that could not be read since the last call, with the reason; others took their
  // place.
  std::vector<std::string> take_unreadable() const { return sampler_.take_unreadable(); }

  // Goes back to a checkpoint of this run, at half the rate; goes on with batches not drawn yet.
  void set_back(const safetensors::Safetensors& checkpoint, const std::string& where);

  // The averaged weights' held-out likelihood, every rank taking its share of the clips; nothing
  // where `stop` came first.
  std::optional<Validation> validate_on(const Corpus& corpus, const std::atomic<bool>& stop);
  // Runs body with the averaged weights in the model.
  void with_averages(const std::function<void()>& body);
  void save_model(const std::string& path, bool half);  // the averaged weights
  safetensors::Safetensors checkpoint() const;          // everything
  // Throws Error when it belongs to another configuration.
  void restore(const safetensors::Safetensors& checkpoint, const std::string& where);
  // Gives every rank what rank 0 has: weights, moments, averages, progress, kind of products.
  void share_state();

  // What one pass over `segments` segments takes, measured; the weights stay.
  struct Cost {
    double seconds = 0.0;
    double peak_bytes = 0.0;  // of tensors, beyond what was there before
  };
  Cost measure_pass(std::int64_t segments);

  Progress& progress() { return progress_; }
  const Progress& progress() const { return progress_; }
  model::FlowVocoder& model() { return *model_; }
  const Corpus& corpus() const { return corpus_; }
  const Share& share() const { return share_; }
  double seconds_per_batch() const;  // of audio
  double parameter_bytes() const;    // of the weights alone

 private:
  void measure_mels(const torch::Tensor& mel);  // [B, F, bands]
  Batch first_segments(std::int64_t batches);   // that no step trains on, on the device
  // What one pass contributes to the step's objective, and the figures to report.
  struct Loss {
    torch::Tensor objective, nats_per_sample, fit, spread, mel;  // []; undefined where off
    torch::Tensor figures() const;  // of those that are defined, in order: [n] of doubles there
  };
  // first: of the pass's segments in the batch; segments: how many the whole batch has.
  Loss loss_of(const Batch& batch, std::int64_t first, std::int64_t segments);
  Batch batch_of(std::int64_t draw, std::int64_t first, std::int64_t count) const;
  void add_noise(Batch& batch, std::uint64_t segment) const;
  // Of a step's losses, the means over all ranks; and of its gradients.
  struct Figures {
    std::vector<double> losses;
    double gradient_norm;
  };
  Figures walk();
  torch::Tensor nats_of(const Batch& batch, std::int64_t first, std::int64_t segments);
  std::vector<torch::Tensor> state();  // every tensor that a checkpoint holds

  config::ModelConfig config_;
  std::uint64_t seed_;
  Setting setting_;
  Corpus corpus_;
  std::shared_ptr<model::FlowVocoder> model_;
  Share share_;
  std::optional<bool> bf16_;  // nothing: not decided yet
  SegmentSampler sampler_;
  std::optional<SampleLoss> sample_loss_;
  Optimizer optimizer_;
  Guard guard_;
  Progress progress_;
  torch::Tensor index_of(const std::vector<std::int64_t>& segments);
  // Segments of a pass, on the device: copied there once.
  std::map<std::vector<std::int64_t>, torch::Tensor> indices_;
  std::unique_ptr<BatchLoader> loader_;  // starts at the first step
};

}  // namespace glowvox::train
