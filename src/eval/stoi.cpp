// SPDX-License-Identifier: MIT
#include "eval/stoi.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>

#include "audio/resample.hpp"
#include "dsp/stft.hpp"
#include "glowvox/error.hpp"

namespace glowvox::eval {

namespace {

constexpr int kRateHz = 10000;
constexpr std::size_t kFrame = 256;
constexpr std::size_t kHop = kFrame / 2;
constexpr int kFft = 512;
constexpr std::size_t kBands = 15;
constexpr double kLowestCentreHz = 150.0;
constexpr std::size_t kSegment = 30;
constexpr double kClippingDb = -15.0;
constexpr double kRangeDb = 40.0;
constexpr double kTiny = 2.220446049250313e-16;  // the paper's code adds it to every divisor
constexpr double kPi = 3.141592653589793238463;

using Bands = std::vector<std::array<double, kBands>>;  // [frame][band]

// Symmetric Hann without its zero end points.
std::vector<float> hann(std::size_t samples) {
  std::vector<float> window(samples);
  for (std::size_t i = 0; i < samples; ++i)
    window[i] = static_cast<float>(0.5 - 0.5 * std::cos(2.0 * kPi * static_cast<double>(i + 1) /
                                                        static_cast<double>(samples + 1)));
  return window;
}

// The frames of the reference that lie within 40 dB of its loudest.
std::vector<std::size_t> audible_frames(const std::vector<float>& reference,
                                        const std::vector<float>& window) {
  std::vector<double> level_db;
  for (std::size_t at = 0; at + kFrame <= reference.size(); at += kHop) {
    double energy = 0.0;
    for (std::size_t i = 0; i < kFrame; ++i) {
      const double v = double{reference[at + i]} * window[i];
      energy += v * v;
    }
    level_db.push_back(20.0 * std::log10(std::sqrt(energy) + kTiny));
  }
  std::vector<std::size_t> kept;
  if (level_db.empty()) return kept;
  const double loudest = *std::max_element(level_db.begin(), level_db.end());
  for (std::size_t frame = 0; frame < level_db.size(); ++frame)
    if (level_db[frame] > loudest - kRangeDb) kept.push_back(frame);
  return kept;
}

// The kept frames, windowed and overlapped again into one signal.
std::vector<float> join_frames(const std::vector<float>& x, const std::vector<std::size_t>& kept,
                               const std::vector<float>& window) {
  std::vector<float> joined((kept.size() + 1) * kHop, 0.0F);
  for (std::size_t k = 0; k < kept.size(); ++k)
    for (std::size_t i = 0; i < kFrame; ++i)
      joined[k * kHop + i] += x[kept[k] * kHop + i] * window[i];
  return joined;
}

// First and one-past-last bin of each third-octave band, its edges moved to the nearest bins.
std::array<std::pair<std::size_t, std::size_t>, kBands> band_bins() {
  const auto nearest = [](double hz) {
    return static_cast<std::size_t>(std::lround(hz * kFft / kRateHz));
  };
  std::array<std::pair<std::size_t, std::size_t>, kBands> bins;
  for (std::size_t b = 0; b < kBands; ++b) {
    const double centre = kLowestCentreHz * std::pow(2.0, static_cast<double>(b) / 3.0);
    bins[b] = {nearest(centre * std::pow(2.0, -1.0 / 6.0)),
               nearest(centre * std::pow(2.0, 1.0 / 6.0))};
  }
  return bins;
}

Bands third_octaves(const std::vector<float>& x, const std::vector<float>& window) {
  // The transform takes frames of its own length: a tail of silence completes the last one.
  std::vector<float> padded(x);
  padded.resize(x.size() + kFft - kFrame, 0.0F);
  std::vector<double> wide(window.begin(), window.end());
  wide.resize(kFft, 0.0);
  const dsp::Spectrum spectrum = dsp::stft(padded, kFft, static_cast<int>(kHop), wide);
  const auto edges = band_bins();
  Bands bands(static_cast<std::size_t>(spectrum.frames));
  for (std::size_t frame = 0; frame < bands.size(); ++frame) {
    const std::complex<float>* bins =
        &spectrum.values[frame * static_cast<std::size_t>(spectrum.bins)];
    for (std::size_t b = 0; b < kBands; ++b) {
      double energy = 0.0;
      for (std::size_t bin = edges[b].first; bin < edges[b].second; ++bin)
        energy += std::norm(std::complex<double>(bins[bin]));
      bands[frame][b] = std::sqrt(energy);
    }
  }
  return bands;
}

// Correlation of one band's envelopes over the segment that starts at frame first.
double segment_correlation(const Bands& x, const Bands& y, std::size_t first, std::size_t band) {
  static const double kMostFactor = 1.0 + std::pow(10.0, -kClippingDb / 20.0);
  double x_energy = 0.0;
  double y_energy = 0.0;
  for (std::size_t i = first; i < first + kSegment; ++i) {
    x_energy += x[i][band] * x[i][band];
    y_energy += y[i][band] * y[i][band];
  }
  const double gain = std::sqrt(x_energy) / (std::sqrt(y_energy) + kTiny);
  std::array<double, kSegment> clipped{};
  double x_mean = 0.0;
  double y_mean = 0.0;
  for (std::size_t i = 0; i < kSegment; ++i) {
    clipped[i] = std::min(y[first + i][band] * gain, x[first + i][band] * kMostFactor);
    x_mean += x[first + i][band] / kSegment;
    y_mean += clipped[i] / kSegment;
  }
  double xx = 0.0;
  double yy = 0.0;
  double xy = 0.0;
  for (std::size_t i = 0; i < kSegment; ++i) {
    const double dx = x[first + i][band] - x_mean;
    const double dy = clipped[i] - y_mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  }
  return xy / ((std::sqrt(xx) + kTiny) * (std::sqrt(yy) + kTiny));
}

}  // namespace

double stoi(const std::vector<float>& reference, const std::vector<float>& degraded,
            int sample_rate_hz) {
  const auto length = static_cast<std::ptrdiff_t>(std::min(reference.size(), degraded.size()));
  const std::vector<float> x = audio::resample(
      std::vector<float>(reference.begin(), reference.begin() + length), sample_rate_hz, kRateHz);
  const std::vector<float> y = audio::resample(
      std::vector<float>(degraded.begin(), degraded.begin() + length), sample_rate_hz, kRateHz);
  const std::vector<float> window = hann(kFrame);
  const std::vector<std::size_t> kept = audible_frames(x, window);
  if (kept.size() < kSegment)
    throw Error("stoi", "only " + std::to_string(kept.size()) + " frames of 12.8 ms are not silent",
                "need at least " + std::to_string(kSegment));
  const Bands x_bands = third_octaves(join_frames(x, kept, window), window);
  const Bands y_bands = third_octaves(join_frames(y, kept, window), window);
  double sum = 0.0;
  const std::size_t segments = x_bands.size() - kSegment + 1;
  for (std::size_t first = 0; first < segments; ++first)
    for (std::size_t band = 0; band < kBands; ++band)
      sum += segment_correlation(x_bands, y_bands, first, band);
  return sum / static_cast<double>(segments * kBands);
}

}  // namespace glowvox::eval
