// SPDX-License-Identifier: MIT
#include "glowvox/stream_group.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "core/cpu.hpp"
#include "engine/stream_state.hpp"
#include "engine/together.hpp"
#include "glowvox/error.hpp"

namespace glowvox {

namespace {

constexpr int kMostStreams = 1 << 20;

std::size_t checked_most(int most) {
  if (most < 1 || most > kMostStreams)
    throw Error("most", fmt::format("expected 1 to {} streams, got {}", kMostStreams, most));
  return static_cast<std::size_t>(most);
}

}  // namespace

struct GLOWVOX_LOCAL StreamGroup::State {
  State(const Vocoder& v, int threads, std::size_t most)
      : vocoder(v), together(*Stream::State::model_of(v), threads, most) {
    members.reserve(most);
  }
  Vocoder vocoder;  // keeps the model
  engine::Together together;
  std::vector<engine::Together::Member*> members;
};

StreamGroup::StreamGroup(const Vocoder& vocoder, int most, int threads)
    : state_(std::make_unique<State>(vocoder, threads_for(threads, available_cores()),
                                     checked_most(most))) {}

StreamGroup::~StreamGroup() = default;
StreamGroup::StreamGroup(StreamGroup&& other) noexcept = default;
StreamGroup& StreamGroup::operator=(StreamGroup&& other) noexcept = default;

Stream StreamGroup::open(const SynthesisOptions& options) const {
  return {state_->vocoder, options, 1, 0};
}

void StreamGroup::step(Step* steps, std::size_t count) {
  State& group = *state_;
  group.members.clear();
  const auto release = [&group] {
    for (engine::Together::Member* member : group.members)
      static_cast<Stream::State*>(member)->stepping = false;
  };
  try {
    for (std::size_t i = 0; i < count; ++i) {
      if (steps[i].stream == nullptr) throw Error("stream", "expected one, got none");
      Stream::State& s = *steps[i].stream->state_;
      if (!s.grouped) throw Error("stream", "is not a group's", "open it by StreamGroup::open");
      if (s.finished) throw Error("stream", "it has been finished", "start another one");
      if (s.stepping) throw Error("stream", "stands twice in a step");
      if (steps[i].frame != nullptr)
        engine::check_finite(steps[i].frame, 1, static_cast<int>(s.bands));
      s.stepping = true;
      s.frame = steps[i].frame;
      group.members.push_back(&s);
    }
  } catch (...) {
    release();
    throw;
  }
  if (count == 0) return;
  group.together.run(group.members);
  release();
  for (std::size_t i = 0; i < count; ++i) steps[i].samples = steps[i].stream->state_->made;
}

int StreamGroup::threads() const { return state_->together.threads(); }

}  // namespace glowvox
