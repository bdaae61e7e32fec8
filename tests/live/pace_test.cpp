// SPDX-License-Identifier: MIT
// A writer's clock against a device's, simulated: an hour takes a moment.
#include "live/pace.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "core/random.hpp"

using glowvox::live::Pace;

namespace {

constexpr double kHopMs = 256 / 22.05, kTargetMs = 80.0, kBlockMs = kHopMs, kFadeMs = 5.0;

struct Played {
  double least_ms = 1e9, most_ms = 0.0;  // that waited for the device, after the beginning
  std::int64_t skipped = 0, repeated = 0;
};

// Frames come every hop / speed, up to jitter_ms late; from frame `stall` on 300 ms later, all that
// was missed at once, and in time again.
Played play(double speed, double jitter_ms, std::int64_t frames, std::int64_t stall = -1) {
  Pace pace(kHopMs);
  Played played;
  double made_ms = 0.0, consumed_ms = -kTargetMs, device_ms = 0.0;
  for (std::int64_t i = 0; i < frames; ++i) {
    double now_ms = static_cast<double>(i) * kHopMs / speed +
                    jitter_ms * glowvox::uniform_at(5, 1, static_cast<std::uint64_t>(i));
    const double stalled_until = static_cast<double>(stall) * kHopMs / speed + 300.0;
    if (stall >= 0 && i >= stall) now_ms = std::max(now_ms, stalled_until);
    // The device takes whole blocks, and silence does not use anything up.
    for (; device_ms + kBlockMs <= now_ms; device_ms += kBlockMs)
      consumed_ms = std::min(consumed_ms + kBlockMs, std::max(made_ms, 0.0));
    // What the writer has sent and nobody has looked at.
    double waiting_ms = 0.0;
    for (std::int64_t j = i + 1;
         stall >= 0 && i >= stall && static_cast<double>(j) * kHopMs / speed <= now_ms; ++j)
      waiting_ms += kHopMs;
    const double buffered_ms = made_ms - std::max(consumed_ms, 0.0) + kHopMs + waiting_ms;
    const Pace::Step step = pace.next(buffered_ms, kTargetMs, kBlockMs + kFadeMs);
    made_ms += step == Pace::Step::kSkip ? 0.0 : step == Pace::Step::kRepeat ? 2 * kHopMs : kHopMs;
    if (i < 100 || (stall >= 0 && i < stall + 200)) continue;
    played.least_ms = std::min(played.least_ms, buffered_ms);
    played.most_ms = std::max(played.most_ms, buffered_ms);
  }
  played.skipped = pace.skipped();
  played.repeated = pace.repeated();
  return played;
}

constexpr std::int64_t kHour = 310000;  // frames

}  // namespace

TEST_CASE("clocks that agree: every frame is played once, whatever the jitter") {
  for (const double jitter_ms : {0.0, 10.0, 30.0}) {
    CAPTURE(jitter_ms);
    const Played played = play(1.0, jitter_ms, kHour);
    CHECK(played.skipped == 0);
    CHECK(played.repeated == 0);
  }
}

TEST_CASE("clocks that differ: the delay stays, by as many frames as they differ by") {
  for (const double drift : {1e-4, -1e-4, 2e-3, -2e-3, 1e-2, -1e-2}) {
    for (const double jitter_ms : {0.0, 20.0}) {
      CAPTURE(drift);
      CAPTURE(jitter_ms);
      const Played played = play(1.0 + drift, jitter_ms, kHour);
      const double expected = drift * static_cast<double>(kHour);
      CHECK(static_cast<double>(played.skipped - played.repeated) ==
            doctest::Approx(expected).epsilon(0.1).scale(50.0));
      CHECK(std::min(played.skipped, played.repeated) == 0);
      CHECK(played.least_ms > kBlockMs + kFadeMs);
      CHECK(played.most_ms < kTargetMs + 6 * kHopMs);
    }
  }
}

TEST_CASE("a writer that stalls and catches up: the delay is back within two seconds") {
  const Played played = play(1.0, 0.0, 2000, 500);
  CHECK(played.skipped > 15);  // about 300 ms
  CHECK(played.skipped < 30);
  CHECK(played.most_ms < kTargetMs + 12 * kHopMs);
}
