// SPDX-License-Identifier: MIT
// A stream's memory and its passes from mel frames to samples.
#pragma once

#include <memory>
#include <vector>

#include "dsp/next_frame.hpp"
#include "engine/conditioner_stages.hpp"
#include "engine/flow_output.hpp"
#include "engine/passes.hpp"
#include "engine/prepared.hpp"
#include "engine/step_stages.hpp"

namespace glowvox::engine {

class Pipeline {
 public:
  // threads: of every pass; 0: of passes that are made with other streams' (Together).
  // draws_next: of every frame the one after it is guessed (dsp::NextFrame) and its row
  // drawn in the same pass, from the noise that this row will have; FlowOutput::ahead has it, and
  // then it is taken back. Frames are then passed one at a time.
  Pipeline(std::shared_ptr<const PreparedModel> model, const Latent& latent, int threads,
           int most_frames, bool skip_alignment, bool draws_next = false);
  // Where a frame's row is complete when the frame has come, and its mel a logarithm.
  static bool can_draw_next(const PreparedModel& model);

  // Each returns what stays until the next call.
  const FlowOutput& push(const float* frames, std::int64_t count);
  const FlowOutput& finish();

  // The same in parts, with passes by somebody else. Frames, at most most_frames, one where
  // draws_next, or the mel's end;
  // then a pass, after the end one pass after the other until none has rows to make; then what
  // became final since begin().
  void begin(const float* frames, std::int64_t count);
  void begin_end();
  Passes& passes() { return passes_; }
  const FlowOutput& collect();

 private:
  bool pass();
  void append(const float* frames, std::int64_t count);

  std::shared_ptr<const PreparedModel> model_;
  bool draws_next_;
  dsp::NextFrame next_frame_;
  int most_frames_;             // of a pass, the guessed one included
  std::vector<float> newest_;   // frame; empty: none yet
  std::vector<float> guessed_;  // frame
  bool drawn_ = false;          // the last row of this pass
  RowWindow mel_;
  Condition condition_;
  OutputState output_;
  std::vector<std::unique_ptr<StepState>> states_;
  FlowOutput made_;
  bool finished_ = false;
  Passes passes_;
};

}  // namespace glowvox::engine
