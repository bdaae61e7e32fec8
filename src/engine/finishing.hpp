// SPDX-License-Identifier: MIT
// What a sound goes through after the flow.
#pragma once

#include <memory>
#include <vector>

#include "core/thread_team.hpp"
#include "engine/denoiser.hpp"
#include "engine/flow_output.hpp"
#include "engine/mel_correction.hpp"

namespace glowvox::engine {

// The denoiser, where there is one, and then the correction of so many frames together, if any.
// What all calls return, one after the other, is the same whatever the pieces.
class Finishing {
 public:
  struct Options {
    std::vector<double> bias;  // of the denoiser; empty: none
    int bias_hop = 0;
    double denoise = 0.0;
    int corrections = 0;
    int threads = 1;  // of the denoiser
    // Of those who work at a push while the caller goes on: what it gives then comes from the next
    // call. Null: it is done at once.
    ThreadTeam* aside = nullptr;
    std::int64_t most_frames = 1;    // of a push
    std::int64_t frames_ahead = 0;   // of the mel, before their samples come
    std::int64_t ahead_samples = 0;  // of FlowOutput, behind each row
  };
  Finishing(const MelSpec& spec, const Options& options);
  ~Finishing();
  Finishing(const Finishing&) = delete;
  Finishing& operator=(const Finishing&) = delete;

  void push_mel(const float* frames, std::int64_t count);
  // Samples that stay until the next call.
  const std::vector<float>& push(const FlowOutput& made) { return take(made, false); }
  const std::vector<float>& finish(const FlowOutput& made) { return take(made, true); }

 private:
  const std::vector<float>& take(const FlowOutput& made, bool last);
  const std::vector<float>& run(const FlowOutput& made, bool last);

  std::int64_t bands_;
  std::unique_ptr<ThreadTeam> team_;  // null: alone
  std::unique_ptr<Denoiser> denoiser_;
  std::unique_ptr<MelCorrection> correction_;
  std::vector<float> now_;
  FlowOutput denoised_;
  // Of work aside: what it works at, what it has given, the mel that has come meanwhile.
  ThreadTeam* aside_ = nullptr;
  FlowOutput input_;
  std::vector<float> given_, mel_;
};

}  // namespace glowvox::engine
