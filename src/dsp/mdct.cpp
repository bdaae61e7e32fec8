// SPDX-License-Identifier: MIT
#include "dsp/mdct.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "dsp/fft.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kPi = 3.141592653589793238463;

// With blocks folded in place, the textbook MDCT of a block is minus the DCT-IV of the block read
// backwards; these signs and orders make interior frames equal the textbook's.
std::vector<float> transform_blocks(const float* x, std::int64_t blocks, int size,
                                    Direction direction) {
  const bool inverse = direction == Direction::kInverse;
  DctIv dct(size);
  float* const data = dct.data();
  const auto scale = static_cast<float>(-1.0 / std::sqrt(2.0 * size));
  std::vector<float> y(static_cast<std::size_t>(blocks * size));
  for (std::int64_t block = 0; block < blocks; ++block) {
    const float* from = x + block * size;
    float* to = y.data() + block * size;
    if (inverse)
      std::copy(from, from + size, data);
    else
      std::reverse_copy(from, from + size, data);
    dct.transform();
    if (inverse) std::reverse(data, data + size);
    std::transform(data, data + size, to, [scale](float v) { return v * scale; });
  }
  return y;
}

// Rotates the pairs mirrored around every boundary between two blocks; the inverse undoes it.
void rotate_boundaries(std::vector<float>* x, const std::vector<float>& window,
                       Direction direction) {
  const float sign = direction == Direction::kForward ? 1.0F : -1.0F;
  const std::size_t size = window.size();
  const std::size_t half = size / 2;
  for (std::size_t boundary = size; boundary < x->size(); boundary += size) {
    for (std::size_t i = 0; i < half; ++i) {
      const float c = window[half + i];
      const float s = sign * window[half - 1 - i];
      float& before = (*x)[boundary - 1 - i];
      float& after = (*x)[boundary + i];
      const float rotated = c * before + s * after;
      after = c * after - s * before;
      before = rotated;
    }
  }
}

}  // namespace

Mdct::Mdct(int coefficients) : coefficients_(coefficients) {
  if (coefficients < 2 || coefficients % 2 != 0)
    throw Error("mdct", std::to_string(coefficients) + " coefficients",
                "expected an even number of at least 2");
  window_.resize(static_cast<std::size_t>(coefficients));
  for (std::size_t n = 0; n < window_.size(); ++n)
    window_[n] =
        static_cast<float>(std::sin(kPi * (static_cast<double>(n) + 0.5) / (2.0 * coefficients)));
}

std::vector<float> Mdct::forward(const float* x, std::int64_t blocks) const {
  std::vector<float> folded(x, x + blocks * coefficients_);
  rotate_boundaries(&folded, window_, Direction::kForward);
  return transform_blocks(folded.data(), blocks, coefficients_, Direction::kForward);
}

std::vector<float> Mdct::inverse(const float* coefficients, std::int64_t blocks) const {
  std::vector<float> x = transform_blocks(coefficients, blocks, coefficients_, Direction::kInverse);
  rotate_boundaries(&x, window_, Direction::kInverse);
  return x;
}

}  // namespace glowvox::dsp
