// SPDX-License-Identifier: MIT
// Sound whose short-time spectrum is changed on the way.
#pragma once

#include <complex>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "core/thread_team.hpp"
#include "engine/real_fft.hpp"

namespace glowvox::engine {

// Frames are weighted by the window before their transform is changed and after, and added up: the
// sound is as it was where nothing is changed, ends included. Works on sound in pieces: what all
// calls append is the same whatever the pieces and the threads. A sample comes out window - hop
// samples after it went in, and up to a hop later where pieces are no multiples of it; none is
// lost.
class OverlapAdd {
 public:
  struct Frame {
    std::int64_t first;  // sample; negative in frames that begin before the sound does
    bool whole;          // lies inside the sound
    int thread;          // of the team
    std::complex<float>* spectrum;
  };
  // Called for the frames of one piece in any order, from several threads.
  using Change = std::function<void(const Frame&)>;

  // hop: at most half of the window. A frame begins at the samples first_frame + any multiple of
  // the hop. most_samples: of a push; more need more memory. team: null, or one that outlives this.
  OverlapAdd(const std::vector<double>& window, int hop, std::int64_t first_frame,
             std::size_t most_samples, ThreadTeam* team, Change change);
  void push(const float* samples, std::size_t count, std::vector<float>* out);
  void finish(std::vector<float>* out);  // the rest

 private:
  void transform(std::size_t frame, int thread);
  void take_frames(std::vector<float>* out);

  std::vector<float> window_, norm_;
  std::size_t hop_;
  ThreadTeam* team_;
  Change change_;
  std::vector<std::unique_ptr<RealFft>> ffts_;  // of each thread
  std::vector<float> in_;                       // from the next frame's first sample on
  std::vector<float> changed_;                  // [frame][window] of this piece
  std::vector<float> sum_;  // of the frames so far, from the next frame's first sample on
  std::vector<int> pieces_;
  ThreadTeam::Work work_;
  std::size_t frames_ = 0;  // of this piece
  std::size_t skip_;        // before the first sample
  std::int64_t first_;      // sample of in_
  std::size_t taken_ = 0, given_ = 0;
};

}  // namespace glowvox::engine
