// SPDX-License-Identifier: MIT
// What a stream consists of.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "engine/finishing.hpp"
#include "engine/pipeline.hpp"
#include "engine/together.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox {

struct GLOWVOX_LOCAL Stream::State : engine::Together::Member {
  engine::Pipeline flow;
  std::unique_ptr<engine::Finishing> finishing;
  std::int64_t bands = 0, hop_samples = 0;
  bool ends_early =
      false;             // frames are centred on the hops' beginnings: half a hop lacks at the end
  bool grouped = false;  // a StreamGroup makes its passes
  std::vector<float> last, rest;         // frame, [bands]; what finish returns
  std::int64_t frames = 0, samples = 0;  // taken, given
  bool finished = false;
  // Of a group's step.
  const float* frame = nullptr;  // null: the mel ends
  bool stepping = false;
  Samples made;

  // What streams of a vocoder run.
  static std::shared_ptr<const engine::PreparedModel> model_of(const Vocoder& vocoder);
  // The number asked for, 0: all cores. Throws Error.
  static int threads_of_group(int threads);

  // threads 0: of a group.
  State(std::shared_ptr<const engine::PreparedModel> model, const engine::Latent& latent,
        int threads, int most_frames, bool draws_next);
  void take(const float* new_frames, std::int64_t count);
  Samples give(const engine::FlowOutput& from);  // what the flow has made
  void end(const engine::FlowOutput& rest_of_flow, std::int64_t left);
  std::int64_t left() const { return frames * hop_samples - samples; }

  engine::Pipeline& pipeline() override { return flow; }
  void before() override;
  void after(engine::Scratch& scratch) override;

 private:
  std::int64_t left_at_end_ = 0;
};

}  // namespace glowvox
