// SPDX-License-Identifier: MIT
// Streams that are worked on together against each of them alone.
#include "glowvox/stream_group.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <memory>

#include "allocations.hpp"
#include "engine/signals.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

// One utterance among others: when it begins, how often it has no frame, how it is drawn.
struct Utterance {
  Mel mel;
  SynthesisOptions options;
  int begins = 0;       // step
  int pauses_each = 0;  // steps; 0: never
  std::unique_ptr<Stream> stream;
  std::int64_t pushed = 0;
  bool ended = false;
  std::vector<float> samples;
};

Utterance utterance(const Vocoder& vocoder, std::int64_t frames, int number) {
  Utterance u;
  u.mel = speech_like_mel(vocoder.mel(), frames, static_cast<std::uint64_t>(number));
  constexpr int kCorrections[] = {0, 1, 0, 16, 8, 0, 2};
  u.options = {0.5 + 0.1 * (number % 4), static_cast<std::uint64_t>(number + 1), 1,
               number % 5 == 4 ? 0.5 : 0.0, kCorrections[number % 7]};
  u.begins = 2 * (number % 4);
  u.pauses_each = number % 3 == 0 ? 0 : 2 + number % 4;
  return u;
}

// All of them, as their frames come.
void step_through(const Vocoder& vocoder, std::vector<Utterance>* all, int threads) {
  StreamGroup group(vocoder, static_cast<int>(all->size()), threads);
  bool left = true;
  for (int step = 0; left; ++step) {
    left = false;
    std::vector<StreamGroup::Step> steps;
    std::vector<Utterance*> of;
    for (Utterance& u : *all) {
      left = left || !u.ended;
      if (u.ended || step < u.begins) continue;
      if (u.pauses_each > 0 && step % u.pauses_each == 0) continue;
      if (!u.stream) u.stream = std::make_unique<Stream>(group.open(u.options));
      const float* frame =
          u.pushed < u.mel.frames ? &u.mel.values[u.pushed * u.mel.bands] : nullptr;
      steps.push_back({u.stream.get(), frame, {}});
      of.push_back(&u);
    }
    group.step(steps.data(), steps.size());
    for (std::size_t i = 0; i < of.size(); ++i) {
      const Samples& s = steps[i].samples;
      of[i]->samples.insert(of[i]->samples.end(), s.data, s.data + s.count);
      of[i]->ended = steps[i].frame == nullptr;
      ++of[i]->pushed;
      if (of[i]->ended) of[i]->stream.reset();
    }
  }
}

}  // namespace

TEST_CASE("streams together are what each is alone, whenever they begin, pause and end") {
  for (const std::string& path :
       {kShippedModel, golden_model("waveglow"), golden_model("squeezewave")}) {
    for (const Precision precision : precisions_here()) {
      const Vocoder vocoder = Vocoder::load(path, precision);
      for (const int threads : {1, 2, 3}) {
        CAPTURE(path);
        CAPTURE(threads);
        std::vector<Utterance> all;
        for (int i = 0; i < 7; ++i) all.push_back(utterance(vocoder, 3 + 4 * (i % 5), i));
        step_through(vocoder, &all, threads);
        for (const Utterance& u : all) {
          CHECK(u.samples == vocoder.synthesize(u.mel, u.options));
          CHECK(largest(u.samples) > 1e-4);
        }
      }
    }
  }
}

TEST_CASE("more streams than a tile has rows are what each is alone") {
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  std::vector<Utterance> all;
  for (int i = 0; i < 131; ++i) {
    all.push_back(utterance(vocoder, 3, i));
    all.back().options.corrections = i % 2;  // one makes two rows of a frame
    all.back().options.denoise = 0.0;
  }
  step_through(vocoder, &all, 1);
  for (const Utterance& u : all) REQUIRE(u.samples == vocoder.synthesize(u.mel, u.options));
}

TEST_CASE("a mel without frames has no sound, and a stream that outlives its group is sound") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  auto group = std::make_unique<StreamGroup>(vocoder, 2, 1);
  Stream stream = group->open();
  StreamGroup::Step step{&stream, nullptr, {}};
  group->step(&step, 1);
  CHECK(step.samples.count == 0);
  group->step(nullptr, 0);
  group.reset();
}

TEST_CASE("a step of a group allocates nothing") {
  for (const std::string& path : {kShippedModel, golden_model("waveglow")}) {
    const Vocoder vocoder = Vocoder::load(path);
    const Mel mel = speech_like_mel(vocoder.mel(), 100, 6);
    StreamGroup group(vocoder, 4, 1);
    std::vector<Stream> streams;
    for (int i = 0; i < 4; ++i) {
      SynthesisOptions options = uncorrected(0.7, i, 1);
      options.corrections = i % 2 * vocoder.live_corrections();
      streams.push_back(group.open(options));
    }
    std::vector<StreamGroup::Step> steps(4);
    for (std::int64_t frame = 0; frame < mel.frames; ++frame) {
      for (std::size_t i = 0; i < 4; ++i)
        steps[i] = {&streams[i], &mel.values[frame * mel.bands], {}};
      const std::int64_t before = allocations();
      group.step(steps.data(), 1 + static_cast<std::size_t>(frame) % 4);
      if (frame > 0) REQUIRE(allocations() == before);
    }
  }
}

TEST_CASE("what a group cannot step is refused, and nothing is taken") {
  const Vocoder vocoder = Vocoder::load(kShippedModel);
  const Mel mel = speech_like_mel(vocoder.mel(), 6, 1);
  StreamGroup group(vocoder, 2, 1);
  const SynthesisOptions options = uncorrected(0.7, 3, 1);
  Stream one = group.open(options), other = group.open(options), alone(vocoder, options);
  std::vector<float> bad(mel.values.begin(), mel.values.begin() + mel.bands), samples;
  bad[5] = std::nanf("");
  const auto refused = [&](std::vector<StreamGroup::Step> steps) {
    return error_of([&] { group.step(steps.data(), steps.size()); });
  };
  const float* frame = mel.values.data();
  for (std::int64_t t = 0; t < mel.frames; ++t) {
    CHECK(contains(refused({{&one, frame, {}}, {&other, bad.data(), {}}}), "value 5 of frame 0"));
    CHECK(contains(refused({{&one, frame, {}}, {&one, frame, {}}}), "twice"));
    CHECK(contains(refused({{&one, frame, {}}, {&alone, frame, {}}}), "not a group's"));
    CHECK(contains(refused({{&one, frame, {}}, {nullptr, frame, {}}}), "expected one"));
    StreamGroup::Step step{&one, &mel.values[t * mel.bands], {}};
    group.step(&step, 1);
    samples.insert(samples.end(), step.samples.data, step.samples.data + step.samples.count);
  }
  StreamGroup::Step end{&one, nullptr, {}};
  group.step(&end, 1);
  samples.insert(samples.end(), end.samples.data, end.samples.data + end.samples.count);
  CHECK(samples == vocoder.synthesize(mel, options));
  CHECK(contains(refused({{&one, frame, {}}}), "has been finished"));
  CHECK(contains(error_of([&] { one.push(frame, 1); }), "belongs to a group"));
  CHECK(contains(error_of([&] { other.finish(); }), "belongs to a group"));
  CHECK(contains(error_of([&] { StreamGroup(vocoder, 0); }), "most: expected 1"));
  CHECK(contains(error_of([&] { StreamGroup(vocoder, 1, -1); }), "threads"));
}
