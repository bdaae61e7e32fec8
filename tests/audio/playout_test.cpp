// SPDX-License-Identifier: MIT
// The callback's part, driven by hand: every call of render is a block of a device.
#include "audio/playout.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>

#include "allocations.hpp"

using glowvox::audio::Playout;

namespace {

constexpr int kRate = 22050;
constexpr std::size_t kBlock = 256;

float tone(std::size_t i) {
  return 0.5F * static_cast<float>(std::sin(0.05 * static_cast<double>(i)));
}

// A device that takes blocks and a source of a tone.
struct Bench {
  explicit Bench(double latency_ms) : playout(kRate, latency_ms) { playout.begin(); }
  void make(std::size_t count) {
    for (std::size_t i = 0; i < count; ++i, ++made) {
      const float x = tone(made);
      REQUIRE(playout.write(&x, 1) == 1);
    }
  }
  void take(std::size_t blocks = 1) {
    for (std::size_t i = 0; i < blocks; ++i) {
      heard.resize(heard.size() + kBlock);
      playout.render(heard.data() + heard.size() - kBlock, kBlock, 1);
    }
  }
  double steepest() const {
    double most = 0.0;
    for (std::size_t i = 1; i < heard.size(); ++i)
      most = std::max(most, std::fabs(static_cast<double>(heard[i]) - heard[i - 1]));
    return most;
  }
  Playout playout;
  std::size_t made = 0;
  std::vector<float> heard;
};

// Of the tone; a fade of 5 ms adds its own slope.
const double kSteepestTone = 0.5 * 0.05;
const double kSteepestFade = 0.5 * 3.1416 / 2.0 / (0.005 * kRate);

bool silent(const std::vector<float>& x, std::size_t begin, std::size_t end) {
  for (std::size_t i = begin; i < end; ++i)
    if (x[i] != 0.0F) return false;
  return true;
}

}  // namespace

TEST_CASE("sound begins at the target and passes unchanged to its end") {
  Bench b(80.0);
  b.make(1000);
  b.take(3);
  CHECK(silent(b.heard, 0, 3 * kBlock));
  CHECK(b.playout.wants());
  b.make(1000);  // the target is 1764
  CHECK(!b.playout.wants());
  b.playout.end();
  b.take(10);
  for (std::size_t i = 0; i < 2000; ++i) REQUIRE(b.heard[3 * kBlock + i] == tone(i));
  CHECK(silent(b.heard, 3 * kBlock + 2000, b.heard.size()));
  CHECK(b.playout.idle());
  CHECK(b.playout.counts().starvations == 0);
  CHECK(b.playout.counts().starved_samples == 0);
}

TEST_CASE("an utterance shorter than the target is played when it is complete") {
  Bench b(80.0);
  b.make(300);
  b.take();
  b.playout.end();
  CHECK(!b.playout.idle());
  b.take(2);
  CHECK(b.heard[kBlock + 299] == tone(299));
  CHECK(b.playout.idle());
}

TEST_CASE("a writer that stalls: one fade to silence, counted once, and back at the same delay") {
  Bench b(80.0);
  b.make(2000);
  b.take(26);  // 300 ms without a sample
  CHECK(b.playout.counts().starvations == 1);
  const std::int64_t silence = b.playout.counts().starved_samples;
  CHECK(silence == static_cast<std::int64_t>(26 * kBlock) - 2000);
  CHECK(silent(b.heard, 2000, 26 * kBlock));
  // Everything that was there was played, the last 5 ms falling.
  const std::size_t fade = b.playout.fade_samples();
  CHECK(b.heard[2000 - fade - 1] == tone(2000 - fade - 1));
  CHECK(std::fabs(b.heard[2000 - fade / 2]) < 0.5 * 0.51);
  // The writer goes on. Nothing is heard before the target is reached again: no growing delay.
  const std::size_t before = b.heard.size();
  b.make(1000);
  b.take();
  CHECK(silent(b.heard, before, b.heard.size()));
  b.make(800);
  const std::size_t resumed = b.heard.size();
  CHECK(b.playout.filled() == 1800);
  b.take();
  CHECK(b.heard[resumed + fade] == tone(2000 + fade));
  for (int i = 0; i < 100; ++i) {
    b.make(kBlock);
    b.take();
    CHECK(b.playout.filled() == 1800 - kBlock);
  }
  CHECK(b.playout.counts().starvations == 1);
  CHECK(b.steepest() < kSteepestTone + kSteepestFade);
}

TEST_CASE("a starvation that the end overtakes is over with it") {
  Bench b(80.0);
  b.make(2000);
  b.take(8);
  CHECK(b.playout.counts().starvations == 1);
  b.playout.end();
  b.take(2);
  CHECK(b.playout.idle());
  const std::int64_t silence = b.playout.counts().starved_samples;
  b.take(10);
  CHECK(b.playout.counts().starved_samples == silence);
  // The next utterance begins at full level.
  b.playout.begin();
  b.make(2000);
  const std::size_t begin = b.heard.size();
  b.take();
  CHECK(b.heard[begin] == tone(2000));
}

TEST_CASE("stop: a fade from wherever it is, then silence for good") {
  for (const std::size_t blocks : {0, 1, 3}) {
    CAPTURE(blocks);
    Bench b(20.0);
    b.make(2000);
    b.take(blocks);
    b.playout.stop();
    b.take(2);
    CHECK(b.playout.silent());
    const std::size_t sounded = blocks * kBlock + (blocks > 0 ? b.playout.fade_samples() : 0);
    CHECK(silent(b.heard, sounded, b.heard.size()));
    CHECK(b.steepest() < kSteepestTone + kSteepestFade);
  }
}

TEST_CASE("blocks larger than the target, and both ears") {
  Playout playout(kRate, 0.0);
  playout.begin();
  std::vector<float> block(2 * 4096), samples(6000);
  for (std::size_t i = 0; i < samples.size(); ++i) samples[i] = tone(i);
  playout.render(block.data(), 4096, 2);
  CHECK(playout.threshold() == 4096 + playout.fade_samples());
  CHECK(playout.write(samples.data(), samples.size()) == samples.size());
  playout.render(block.data(), 4096, 2);
  for (std::size_t i = 0; i < 4096; ++i) {
    REQUIRE(block[2 * i] == tone(i));
    REQUIRE(block[2 * i + 1] == tone(i));
  }
  CHECK(playout.counts().starvations == 0);
}

TEST_CASE("a device that is lost and found fades in") {
  Bench b(20.0);
  b.make(2000);
  b.take(2);
  b.playout.device_lost();
  b.take(2);
  CHECK(b.heard[2 * kBlock] == 0.0F);
  CHECK(b.heard[2 * kBlock + 200] == tone(2 * kBlock + 200));
}

TEST_CASE("the callback allocates nothing") {
  Playout playout(kRate, 20.0);
  playout.begin();
  std::vector<float> block(2 * kBlock), samples(4096, 0.1F);
  playout.write(samples.data(), samples.size());
  const std::int64_t before = glowvox::test::allocations();
  for (int i = 0; i < 40; ++i) playout.render(block.data(), kBlock, 2);  // into starvation
  playout.write(samples.data(), samples.size());
  playout.stop();
  for (int i = 0; i < 4; ++i) playout.render(block.data(), kBlock, 2);
  CHECK(glowvox::test::allocations() == before);
}

TEST_CASE("producer and callback in threads of their own") {
  constexpr std::size_t kSamples = 200000;
  Playout playout(kRate, 40.0);
  std::atomic<bool> done{false};
  std::vector<float> heard;
  std::thread device([&] {
    std::vector<float> block(kBlock);
    while (!done) {
      playout.render(block.data(), kBlock, 1);
      heard.insert(heard.end(), block.begin(), block.end());
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
  });
  playout.begin();
  for (std::size_t i = 0; i < kSamples;) {
    const float x = tone(i + 1);
    if (playout.wants())
      i += playout.write(&x, 1);
    else
      std::this_thread::yield();
  }
  playout.end();
  while (!playout.idle()) std::this_thread::yield();
  done = true;
  device.join();
  // Where it starved there is silence in between; what sounds is in order.
  std::size_t sounded = 0;
  for (const float x : heard) sounded += x != 0.0F;
  const auto fades = static_cast<std::size_t>(playout.counts().starvations);
  CHECK(sounded <= kSamples);
  CHECK(sounded + 2 * fades + 2 >= kSamples);
}
