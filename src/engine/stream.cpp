// SPDX-License-Identifier: MIT
#include <algorithm>

#include "engine/stream_state.hpp"

namespace glowvox {

Stream::State::State(std::shared_ptr<const engine::PreparedModel> model,
                     const engine::Latent& latent, int threads, int most_frames, bool draws_next)
    : flow(model, latent, threads, most_frames, true, draws_next),
      bands(model->config.mel.bands),
      hop_samples(model->config.mel.hop_samples),
      ends_early(config::alignment_shift_samples(model->config) > 0),
      grouped(threads == 0),
      last(static_cast<std::size_t>(bands)) {}

void Stream::State::take(const float* new_frames, std::int64_t count) {
  finishing->push_mel(new_frames, count);
  if (count > 0) std::copy_n(new_frames + (count - 1) * bands, bands, last.begin());
  frames += count;
}

Samples Stream::State::give(const engine::FlowOutput& from) {
  const std::vector<float>& finished_samples = finishing->push(from);
  samples += static_cast<std::int64_t>(finished_samples.size());
  return {finished_samples.data(), finished_samples.size()};
}

void Stream::State::end(const engine::FlowOutput& rest_of_flow, std::int64_t left) {
  finished = true;
  const std::vector<float>& more = finishing->finish(rest_of_flow);
  rest.insert(rest.end(), more.begin(), more.end());
  rest.resize(std::min(rest.size(), static_cast<std::size_t>(left)));
}

void Stream::State::before() {
  left_at_end_ = left();
  const bool once_more = frame == nullptr && ends_early && frames > 0;
  const float* next = once_more ? last.data() : frame;
  flow.begin(next, next != nullptr ? 1 : 0);
  if (next != nullptr) take(next, 1);
}

void Stream::State::after(engine::Scratch& scratch) {
  made = give(flow.collect());
  if (frame != nullptr) return;
  rest.assign(made.data, made.data + made.count);
  flow.begin_end();
  end(engine::run_to_end(flow, scratch), left_at_end_);
  made = {rest.data(), rest.size()};
}

Stream::~Stream() = default;
Stream::Stream(Stream&& other) noexcept = default;
Stream& Stream::operator=(Stream&& other) noexcept = default;

Samples Stream::push(const float* frames, std::int64_t count) {
  State& s = *state_;
  if (s.grouped) throw Error("stream", "belongs to a group", "use StreamGroup::step");
  const engine::FlowOutput& from = s.flow.push(frames, count);
  s.take(frames, count);
  return s.give(from);
}

Samples Stream::finish() {
  State& s = *state_;
  if (s.grouped) throw Error("stream", "belongs to a group", "use StreamGroup::step");
  s.rest.clear();
  if (s.finished) return {};
  const std::int64_t left = s.left();
  if (s.frames > 0 && s.ends_early) {
    const Samples more = push(s.last.data(), 1);
    s.rest.assign(more.data, more.data + more.count);
  }
  s.end(s.flow.finish(), left);
  return {s.rest.data(), s.rest.size()};
}

}  // namespace glowvox
