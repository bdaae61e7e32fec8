// SPDX-License-Identifier: MIT
// Pictures of sound: log-magnitude spectrograms (1024/256, 80 dB range, perceptual colours,
// frequency up).
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

namespace glowvox::report {

// A PNG file's bytes: the spectrogram alone.
struct Picture {
  std::string png;
  int width = 0, height = 0;
};
Picture spectrogram(const std::vector<float>& samples);

// The same with axes, in seconds and kHz: the values of templates/plot.svg.
nlohmann::json spectrogram_values(const std::vector<float>& samples, int sample_rate_hz);

// What else is known over the same time, evenly spaced; what is not finite interrupts its line.
struct Track {
  std::string unit;
  std::vector<double> values;
};

// A file, written atomically: SVG with axes where the path ends in .svg, otherwise PNG without.
// A track that has a unit is drawn in a panel of its own, its range fitted. Throws Error where the
// file cannot be written.
void write_spectrogram(const std::string& path, const std::vector<float>& samples,
                       int sample_rate_hz, const Track& below = {});

}  // namespace glowvox::report
