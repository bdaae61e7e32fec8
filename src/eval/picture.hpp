// SPDX-License-Identifier: MIT
// Pictures of sound: spectrograms and curves over time.
#pragma once

#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::eval {

// Log-magnitude spectrogram of [samples] (1024/256, 80 dB range, perceptual colours, frequency up),
// with time ticks along the bottom edge and kHz ticks at the left edge.
void write_spectrogram(const std::string& path, const std::vector<float>& samples,
                       int sample_rate_hz);

// The same as a PNG file's bytes, for pages.
struct Picture {
  std::string png;
  int width = 0, height = 0;
};
Picture spectrogram(const std::vector<float>& samples, int sample_rate_hz);

// The spectrogram with a curve of the same duration (values evenly spaced in time) drawn in a panel
// below it, its range fitted.
void write_spectrogram_with_curve(const std::string& path, const std::vector<float>& samples,
                                  int sample_rate_hz, const std::vector<double>& curve);

}  // namespace glowvox::eval
