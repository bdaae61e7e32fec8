// SPDX-License-Identifier: MIT
// The spectral energy distance of one segment and its gradient in one pass over memory, on the CPU.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "config/model_config.hpp"

namespace glowvox::train {

// What SpectralDistance and energy_distance() compute (see there for the formulas), for a float
// segment at a time. It has memory of its own: one for each thread.
class EnergyKernel {
 public:
  EnergyKernel(const config::SampleLossConfig& config, int sample_rate_hz);
  ~EnergyKernel();
  EnergyKernel(const EnergyKernel&) = delete;
  EnergyKernel& operator=(const EnergyKernel&) = delete;

  struct Result {
    double fit = 0.0, spread = 0.0;
  };
  // x: the recording, y and other: two samples, [samples] each. gradient [samples]: of 2 (fit -
  // spread) with respect to y; null where nobody asks.
  Result operator()(const float* x, const float* y, const float* other, std::int64_t samples,
                    float* gradient);

 private:
  class Resolution;
  std::vector<std::unique_ptr<Resolution>> resolutions_;
};

}  // namespace glowvox::train
