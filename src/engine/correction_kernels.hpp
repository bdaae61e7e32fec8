// SPDX-License-Identifier: MIT
// What a correction does to a frame between its transforms, a vector at a time.
#pragma once

#include <complex>
#include <cstddef>
#include <vector>

namespace glowvox::engine {

// A filterbank's bands, each with the few bins that it touches.
struct BandFilters {
  struct Band {
    int first;           // bin
    std::size_t at;      // of its weights
    std::size_t values;  // how many weights
  };
  std::vector<Band> bands;
  std::vector<float> weights;
};

// What becomes of a band's sum before its logarithm is taken.
struct Floor {
  float value = 0.0F;
  bool is_added = false;  // else it is the least
};

// out = x * window.
void apply_window(const float* x, const float* window, std::size_t count, float* out);

// out[k] = |spectrum[k]|^2 + epsilon, or its root.
void magnitudes(const std::complex<float>* spectrum, std::size_t bins, float epsilon, bool root,
                float* out);

// out[b] = strength * (target[b] + offset - factor * ln(band b of the magnitudes)), from -most to
// most.
struct GainRule {
  Floor floor;
  float factor, strength, most, offset;
};
void band_gains(const BandFilters& filters, const float* magnitudes, const float* target,
                const GainRule& rule, float* out);

// spectrum[k] *= exp(g + share[k] * (h - g)), g and h being gains[lower[k]] and the next one. lower
// rises; behind the last gain that it names there are kSpareGains to read, whatever they are.
constexpr std::size_t kSpareGains = 8;
void apply_gains(const float* gains, const int* lower, const float* share, std::size_t bins,
                 std::complex<float>* spectrum);

// change = made * window - (sound * share + part) + momentum * change; part and sum += change.
struct FrameParts {
  const float *sound, *share;
  float *part, *change, *sum;
};
void take_change(const float* made, const float* window, float momentum, std::size_t count,
                 const FrameParts& frame);

}  // namespace glowvox::engine
