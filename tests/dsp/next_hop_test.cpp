// SPDX-License-Identifier: MIT
#include "dsp/next_hop.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "core/random.hpp"
#include "dsp/mdct.hpp"

using namespace glowvox;
using Signal = std::vector<float>;

namespace {

constexpr int kHop = 256, kRate = 22050, kBlocks = 12;

Signal noise(std::int64_t count) {
  Signal x(static_cast<std::size_t>(count));
  fill_normal(1, 0, 0, 0, count, x.data());
  return x;
}

// A voice of so many samples a period: the same noise over and over.
Signal voiced(int period) {
  const Signal one = noise(period);
  Signal x(static_cast<std::size_t>(kBlocks * kHop));
  for (std::size_t i = 0; i < x.size(); ++i) x[i] = one[i % one.size()];
  return x;
}

// What the last row of a transform gives behind its last final sample: of `x` the blocks up to
// there and then none.
struct Made {
  Signal sound;     // final
  Signal ahead;     // [kHop]
  Signal expected;  // [kHop]: the sound's own
};

Made made_of(const Signal& x) {
  const dsp::Mdct mdct(kHop);
  Signal coefficients = mdct.forward(x.data(), kBlocks);
  constexpr int kKept = kBlocks - 2;
  std::fill(coefficients.begin() + kKept * kHop, coefficients.end(), 0.0F);
  const Signal back = mdct.inverse(coefficients.data(), kBlocks);
  const auto end = back.begin() + kKept * kHop - kHop / 2;
  const auto own = x.begin() + (end - back.begin());
  return {Signal(back.begin(), end), Signal(end, end + kHop), Signal(own, own + kHop)};
}

double power_of_difference(const Signal& a, const Signal& b) {
  double sum = 0.0, all = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += std::pow(a[i] - b[i], 2.0);
    all += std::pow(b[i], 2.0);
  }
  return sum / all;
}

Signal guessed(const Made& made) {
  const dsp::NextHop next(kHop, kRate, 3 * kHop);
  Signal out(kHop);
  next.guess(made.sound.data() + made.sound.size(), made.ahead.data(), out.data());
  return out;
}

}  // namespace

TEST_CASE("what comes next of a sound that repeats itself is known") {
  for (const int period : {90, 137, 300}) {
    CAPTURE(period);
    const Made made = made_of(voiced(period));
    const dsp::NextHop next(kHop, kRate, 3 * kHop);
    const float* end = made.sound.data() + made.sound.size();
    Signal room(kHop);
    const auto repetition = next.repetition(end, made.ahead.data(), room.data());
    CHECK(repetition.lag % period == 0);
    CHECK(repetition.gain > 0.99F);
    CHECK(power_of_difference(made.ahead, made.expected) > 0.3);
    CHECK(power_of_difference(guessed(made), made.expected) < 1e-4);
  }
}

TEST_CASE("a guess fits what the transform gave, whatever the sound") {
  for (const int period : {90, kBlocks * kHop}) {
    CAPTURE(period);
    const Made made = made_of(voiced(period));
    const Signal guess = guessed(made);
    const dsp::NextHop next(kHop, kRate, 3 * kHop);
    for (int i = 0; i < kHop; ++i) {
      const int j = kHop - 1 - i;
      const float a = next.window()[static_cast<std::size_t>(i)];
      const float b = next.window()[static_cast<std::size_t>(j)];
      CHECK(a * guess[i] + b * guess[j] ==
            doctest::Approx(a * made.ahead[i] + b * made.ahead[j]).epsilon(1e-4));
    }
  }
  // Noise does not repeat itself: nothing is to be gained, and little lost.
  const Made made = made_of(noise(kBlocks * kHop));
  CHECK(power_of_difference(guessed(made), made.expected) <
        1.1 * power_of_difference(made.ahead, made.expected));
}

TEST_CASE("silence is followed by silence") {
  const Signal nothing(3 * kHop);
  for (const float v : guessed({nothing, Signal(kHop), {}})) CHECK(v == 0.0F);
}

TEST_CASE("a guess reads no more than is kept") {
  CHECK(dsp::NextHop::possible(kHop, kRate, 3 * kHop));
  CHECK(!dsp::NextHop::possible(kHop, kRate, kHop));
  CHECK(!dsp::NextHop::possible(0, kRate, 4 * kHop));
  for (const std::int64_t kept : {400, 512, 768})
    CHECK(dsp::NextHop(kHop, kRate, kept).reach() <= kept);
}
