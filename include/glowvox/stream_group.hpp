// SPDX-License-Identifier: MIT
// Many streams of one model at once, their frames worked on together.
#pragma once

#include <cstddef>
#include <memory>

#include "glowvox/vocoder.hpp"

namespace glowvox {

// A frame by itself costs what it takes to read all of the model's weights; the frames of many
// streams share that. A stream's samples are, bit for bit, those that it has alone. A group is used
// from one thread at a time; its streams share the vocoder's weights and may outlive it.
class GLOWVOX_API StreamGroup {
 public:
  // most: streams that a step usually has (1 or more); more of them are allowed and allocate
  // memory. threads: that a step is shared out to; 0: all cores. Throws Error for other numbers.
  explicit StreamGroup(const Vocoder& vocoder, int most = 64, int threads = 0);
  ~StreamGroup();
  StreamGroup(StreamGroup&& other) noexcept;
  StreamGroup& operator=(StreamGroup&& other) noexcept;

  // A stream that this group steps; its own push and finish throw. options.threads has no effect.
  Stream open(const SynthesisOptions& options = {}) const;

  struct Step {
    Stream* stream = nullptr;
    const float* frame = nullptr;  // [bands] as the specification stores them; null: the mel ends
    Samples samples;  // that have become final, in the stream's memory until its next step
  };
  // A frame, or the end, of each of `count` streams, no stream twice. Allocates nothing. Throws
  // Error for a stream that is not a group's, has been finished or stands there twice, and for
  // values that are not finite; no stream has taken anything then.
  void step(Step* steps, std::size_t count);

  int threads() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace glowvox
