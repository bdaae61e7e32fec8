// SPDX-License-Identifier: MIT
// A hundred mels that no speaker makes, but that an engine must bear.
#pragma once

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "glowvox/mel.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::test {

struct OddMel {
  std::string name;
  Mel mel;
  bool quiet = false;  // at most the mean of training everywhere: nothing may be clipped
};

// frames: of those that are not about their length. The values are deviations from the mean of the
// bands in training, or lie at the floor.
inline std::vector<OddMel> odd_mels(const Vocoder& vocoder, std::int64_t frames) {
  const std::int64_t bands = vocoder.mel().bands;
  const auto floor = static_cast<float>(mel_floor(vocoder.mel()));
  std::vector<OddMel> all;
  using Value = std::function<float(std::int64_t frame, std::int64_t band)>;
  const auto at = [&](std::int64_t band, double deviations) {
    const auto b = static_cast<std::size_t>(band);
    return static_cast<float>(vocoder.mel_means()[b] + deviations * vocoder.mel_deviations()[b]);
  };
  const auto add = [&](const std::string& name, std::int64_t length, bool quiet,
                       const Value& value) {
    Mel mel{length, bands, std::vector<float>(static_cast<std::size_t>(length * bands))};
    for (std::int64_t t = 0; t < length; ++t)
      for (std::int64_t b = 0; b < bands; ++b)
        mel.values[static_cast<std::size_t>(t * bands + b)] = value(t, b);
    all.push_back({name, std::move(mel), quiet});
  };
  const auto level = [&](double deviations) {
    return [&at, deviations](std::int64_t, std::int64_t b) { return at(b, deviations); };
  };
  const auto at_floor = [&](std::int64_t, std::int64_t) { return floor; };

  for (const std::int64_t length : {std::int64_t{1}, std::int64_t{2}, frames}) {
    const std::string so_long = std::to_string(length) + " frames ";
    add(so_long + "at the floor", length, true, at_floor);
    add(so_long + "at the mean", length, true, level(0.0));
    add(so_long + "at two deviations", length, false, level(2.0));
    add(so_long + "at random", length, false, [&](std::int64_t t, std::int64_t b) {
      return at(b, 4.0 * uniform_at(1, 9, static_cast<std::uint64_t>(t * bands + b)) - 2.0);
    });
  }
  for (const double deviations : {-8.0, -4.0, -2.0, -1.0, -0.5})
    add(std::to_string(deviations) + " deviations", frames, true, level(deviations));
  for (const double deviations : {0.5, 1.0, 2.5, 3.0, 4.0})
    add(std::to_string(deviations) + " deviations", frames, false, level(deviations));
  // What is below the floor, as acoustic models undershoot it and as padding has it.
  add("under the floor", frames, true, [&](std::int64_t, std::int64_t) { return floor - 0.4F; });
  add("far under the floor", frames, true, [&](std::int64_t, std::int64_t) { return -1000.0F; });
  add("a million under the floor", frames, true, [&](std::int64_t, std::int64_t) { return -1e6F; });
  for (const float value : {0.0F, -0.0F, std::numeric_limits<float>::denorm_min()})
    add("zeros " + std::to_string(all.size()), frames, false,
        [value](std::int64_t, std::int64_t) { return value; });
  add("zeros after speech", frames, false,
      [&](std::int64_t t, std::int64_t b) { return t < frames / 2 ? at(b, 0.0) : 0.0F; });

  // Alternating: frames, bands, both, and slower.
  for (const int period : {1, 2, 3})
    for (const double loud : {0.0, 2.0}) {
      const std::string name = " of " + std::to_string(period) + " at " + std::to_string(loud);
      const auto either = [&, loud](bool second, std::int64_t b) {
        return second ? at(b, loud) : floor;
      };
      add("frames in turn" + name, frames, loud <= 0.0,
          [=](std::int64_t t, std::int64_t b) { return either(t / period % 2 == 1, b); });
      add("bands in turn" + name, frames, loud <= 0.0,
          [=](std::int64_t, std::int64_t b) { return either(b / period % 2 == 1, b); });
      add("a chequerboard" + name, frames, loud <= 0.0, [=](std::int64_t t, std::int64_t b) {
        return either((t / period + b / period) % 2 == 1, b);
      });
    }
  // One band, one frame, and all but those.
  for (std::int64_t band = 0; band < bands; band += std::max<std::int64_t>(1, bands / 10))
    add("band " + std::to_string(band) + " alone", frames, false,
        [&, band](std::int64_t, std::int64_t b) { return b == band ? at(b, 3.0) : floor; });
  for (const double others : {-2.0, 0.0}) {
    add("a click at " + std::to_string(others), frames, false,
        [&, others](std::int64_t t, std::int64_t b) {
          return t == frames / 2 ? at(b, 2.5) : at(b, others);
        });
    add("a gap at " + std::to_string(others), frames, true,
        [&, others](std::int64_t t, std::int64_t b) {
          return t == frames / 2 ? floor : at(b, others);
        });
  }
  for (const double step : {-2.0, -1.0, 1.0, 2.0})
    add("a step of " + std::to_string(step), frames, false,
        [&, step](std::int64_t t, std::int64_t b) { return at(b, t < frames / 2 ? 0.0 : step); });
  for (const double slope : {-3.0, 3.0}) {
    add("a slope in time " + std::to_string(slope), frames, false,
        [&, slope](std::int64_t t, std::int64_t b) {
          return at(b, slope * (static_cast<double>(t) / static_cast<double>(frames) - 0.5));
        });
    add("a slope over bands " + std::to_string(slope), frames, false,
        [&, slope](std::int64_t, std::int64_t b) {
          return at(b, slope * (static_cast<double>(b) / static_cast<double>(bands) - 0.5));
        });
  }
  // Noise, from none to wide, until there are a hundred.
  for (std::uint64_t seed = 0; all.size() < 100; ++seed) {
    const double width = 0.25 * static_cast<double>(1 + seed % 12);
    add("noise " + std::to_string(seed), frames, false,
        [&, width, seed](std::int64_t t, std::int64_t b) {
          const auto i = static_cast<std::uint64_t>(t * bands + b);
          const double sum = uniform_at(seed, 4, i) + uniform_at(seed, 5, i) +
                             uniform_at(seed, 6, i) - 1.5;  // about normal
          return at(b, 2.0 * width * sum);
        });
  }
  return all;
}

}  // namespace glowvox::test
