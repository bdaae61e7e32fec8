// SPDX-License-Identifier: MIT
// WaveGlow-256's conditioning as it is run (640 upsampled features -> 4096, for every row of 8
// samples) against its composition with the upsampling (4 mel frames -> 4096, another matrix for
// each of the 32 rows of a mel frame): half the multiplications, 32 / 2 times the weights.
// Usage: bench_composition; one thread, bfloat16 where the processor has it.
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <functional>
#include <vector>

#include "core/random.hpp"
#include "engine/product.hpp"
#include "glowvox/vocoder.hpp"

using namespace glowvox;
using namespace glowvox::engine;

namespace {

constexpr int kFlows = 12, kPhases = 32, kBands = 80, kTaps = 4, kFeatures = 640, kOut = 4096;
constexpr int kTile = 64;
constexpr double kRowsPerSecond = 22050.0 / 8.0;

Matrix random_matrix(int out, int taps, int in) {
  Matrix matrix(out, taps, in);
  for (std::size_t i = 0; i < matrix.weight.size(); ++i)
    matrix.weight[i] = static_cast<float>(i * 2654435761u % 1000u) * 1e-3F - 0.5F;
  return matrix;
}

double median_seconds(const std::function<void()>& work) {
  std::vector<double> times;
  for (int i = 0; i < 5; ++i) {
    const auto start = std::chrono::steady_clock::now();
    work();
    times.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  std::nth_element(times.begin(), times.begin() + 2, times.end());
  return times[2];
}

}  // namespace

int main() {
  const DType dtype = has_bfloat16() ? DType::kBfloat16 : DType::kFloat32;
  const Product direct(random_matrix(kOut, 1, kFeatures), dtype, {kFeatures, 0, kOut});
  std::vector<Product> composed;
  const Matrix phase = random_matrix(kOut, kTaps, kBands);
  for (int i = 0; i < kFlows * kPhases; ++i)
    composed.emplace_back(phase, dtype, Layout{kBands, kBands, kPhases * kOut});
  fmt::print("composed weights: {:.2f} GB\n",
             composed[0].packed_bytes() * static_cast<double>(composed.size()) * 1e-9);
  fmt::print("{:>12} {:>22} {:>22}\n", "mel frames", "direct, ms a second",
             "composed, ms a second");
  for (const int frames : {8, 32, 86, 172}) {
    const int rows = frames * kPhases;
    std::vector<float> mel(static_cast<std::size_t>(frames + kTaps) * kBands);
    std::vector<float> features(static_cast<std::size_t>(rows) * kFeatures);
    std::vector<float> tile(static_cast<std::size_t>(kTile) * kOut);
    std::vector<float> all(static_cast<std::size_t>(rows) * kOut);
    // The direct product's result is used at once, from a tile; the composed one's rows of one
    // phase lie far apart, so that all of it goes to memory and comes back.
    const double a = median_seconds([&] {
      for (int flow = 0; flow < kFlows; ++flow)
        for (int row = 0; row + kTile <= rows; row += kTile)
          direct.run(&features[static_cast<std::size_t>(row) * kFeatures /
                               (dtype == DType::kBfloat16 ? 2 : 1)],
                     tile.data(), kTile);
    });
    float sums[kVector] = {};
    const double b = median_seconds([&] {
      for (int flow = 0; flow < kFlows; ++flow) {
        for (int p = 0; p < kPhases; ++p)
          composed[static_cast<std::size_t>(flow * kPhases + p)].run(
              mel.data(), &all[static_cast<std::size_t>(p) * kOut], frames);
        for (std::size_t i = 0; i < all.size(); i += kVector)
          for (int j = 0; j < kVector; ++j) sums[j] += all[i + static_cast<std::size_t>(j)];
      }
    });
    const double seconds = rows / kRowsPerSecond;
    fmt::print("{:>12} {:>22.0f} {:>22.0f}\n", frames, a / seconds * 1e3, b / seconds * 1e3);
    if (sums[0] != 0.0F) fmt::print("expected the products of zeros to be zero\n");
  }
  return 0;
}
