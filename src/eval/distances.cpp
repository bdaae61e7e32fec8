// SPDX-License-Identifier: MIT
#include "eval/distances.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "dsp/stft.hpp"

namespace glowvox::eval {

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kPi = 3.141592653589793238463;
constexpr int kCepstra = 13;
constexpr double kLeastMagnitude = 1e-5;
constexpr std::array<int, 3> kSizes = {512, 1024, 2048};  // the hop is a quarter
constexpr std::size_t kFrame = 1024, kHop = 256;
constexpr double kLeastPower = 1e-8;  // -80 dB of full scale
constexpr double kSilenceDb = 40.0;   // below the loudest frame
constexpr double kHannPower = 0.375;  // mean square of the window
constexpr double kHighsHz = 8000.0;

double power_db(double power) { return 10.0 * std::log10(std::max(power, kLeastPower)); }

double mean_square(const float* x, std::size_t count) {
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i) sum += static_cast<double>(x[i]) * x[i];
  return sum / static_cast<double>(count);
}

std::vector<float> first(const std::vector<float>& x, std::size_t count) {
  return {x.begin(), x.begin() + static_cast<std::ptrdiff_t>(count)};
}

std::vector<double> frame_levels_db(const std::vector<float>& x, std::size_t count) {
  static const std::vector<double> window = dsp::centred_hann(kFrame, kFrame);
  std::vector<double> levels;
  for (std::size_t at = 0; at + kFrame <= count; at += kHop) {
    double sum = 0.0;
    for (std::size_t i = 0; i < kFrame; ++i) sum += window[i] * window[i] * x[at + i] * x[at + i];
    levels.push_back(power_db(sum / (kHannPower * kFrame)));
  }
  return levels;
}

double distance_at(const std::vector<float>& reference, const std::vector<float>& signal,
                   int n_fft) {
  const dsp::Spectrum R = dsp::centred_stft(reference, n_fft, n_fft / 4);
  const dsp::Spectrum S = dsp::centred_stft(signal, n_fft, n_fft / 4);
  double difference = 0.0, energy = 0.0, logs = 0.0;
  for (std::size_t i = 0; i < R.values.size(); ++i) {
    const double r = std::max<double>(std::abs(R.values[i]), kLeastMagnitude);
    const double s = std::max<double>(std::abs(S.values[i]), kLeastMagnitude);
    difference += (r - s) * (r - s);
    energy += r * r;
    logs += std::fabs(std::log(r / s));
  }
  return std::sqrt(difference / energy) + logs / static_cast<double>(R.values.size());
}

// Row d - 1 turns a log-mel into the coefficient of cos(pi d (b + 1/2) / bands).
std::vector<double> cosines(std::size_t bands) {
  std::vector<double> rows(kCepstra * bands);
  for (std::size_t d = 1; d <= kCepstra; ++d)
    for (std::size_t b = 0; b < bands; ++b)
      rows[(d - 1) * bands + b] =
          2.0 / static_cast<double>(bands) *
          std::cos(kPi * static_cast<double>(d) * (static_cast<double>(b) + 0.5) /
                   static_cast<double>(bands));
  return rows;
}

}  // namespace

double mel_error(const Mel& a, const Mel& b) {
  const std::size_t count = std::min(a.values.size(), b.values.size());
  double sum = 0.0;
  for (std::size_t i = 0; i < count; ++i)
    sum += std::fabs(static_cast<double>(a.values[i]) - b.values[i]);
  return count == 0 ? kNaN : sum / static_cast<double>(count);
}

double mel_cepstral_distortion(const Mel& a, const Mel& b) {
  const auto bands = static_cast<std::size_t>(a.bands);
  const auto frames = static_cast<std::size_t>(std::min(a.frames, b.frames));
  const std::vector<double> rows = cosines(bands);
  double sum = 0.0;
  for (std::size_t t = 0; t < frames; ++t) {
    double squares = 0.0;
    for (std::size_t d = 0; d < kCepstra; ++d) {
      double c = 0.0;
      for (std::size_t k = 0; k < bands; ++k)
        c += rows[d * bands + k] *
             (static_cast<double>(a.values[t * bands + k]) - b.values[t * bands + k]);
      squares += c * c;
    }
    sum += 10.0 / std::log(10.0) * std::sqrt(2.0 * squares);
  }
  return frames == 0 ? kNaN : sum / static_cast<double>(frames);
}

double stft_distance(const std::vector<float>& reference, const std::vector<float>& signal) {
  const std::size_t count = std::min(reference.size(), signal.size());
  if (count == 0) return kNaN;
  const std::vector<float> r = first(reference, count), s = first(signal, count);
  double sum = 0.0;
  for (const int size : kSizes) sum += distance_at(r, s, size);
  return sum / static_cast<double>(kSizes.size());
}

double level_db(const std::vector<float>& reference, const std::vector<float>& signal) {
  const std::size_t count = std::min(reference.size(), signal.size());
  if (count == 0) return kNaN;
  return 10.0 *
         std::log10(mean_square(signal.data(), count) / mean_square(reference.data(), count));
}

double highs_db(const std::vector<float>& reference, const std::vector<float>& signal,
                int rate_hz) {
  const std::size_t count = std::min(reference.size(), signal.size());
  const auto power = [&](const std::vector<float>& x) {
    const dsp::Spectrum all = dsp::stft(first(x, count), kFrame, kHop, kFrame);
    double sum = 0.0;
    for (std::int64_t t = 0; t < all.frames; ++t)
      for (std::int64_t bin = std::lround(kHighsHz * kFrame / rate_hz) + 1; bin < all.bins; ++bin)
        sum += std::norm(
            std::complex<double>(all.values[static_cast<std::size_t>(t * all.bins + bin)]));
    return sum;
  };
  return 10.0 * std::log10(power(signal) / power(reference));
}

double loudest_frame_db(const std::vector<float>& reference, const std::vector<float>& signal) {
  const std::size_t count = std::min(reference.size(), signal.size());
  const std::vector<double> r = frame_levels_db(reference, count);
  const std::vector<double> s = frame_levels_db(signal, count);
  if (r.empty()) return kNaN;
  const double least = *std::max_element(r.begin(), r.end()) - kSilenceDb;
  double most = -std::numeric_limits<double>::infinity();
  for (std::size_t t = 0; t < r.size(); ++t)
    most = std::max(most, std::max(s[t], least) - std::max(r[t], least));
  return most;
}

void SilenceSpectrum::add(const std::vector<float>& reference, const std::vector<float>& signal) {
  const std::size_t count = std::min(reference.size(), signal.size());
  const std::vector<double> levels = frame_levels_db(reference, count);
  if (levels.empty()) return;
  const double below = *std::max_element(levels.begin(), levels.end()) - kSilenceDb;
  const dsp::Spectrum R = dsp::stft(first(reference, count), kFrame, kHop, kFrame);
  const dsp::Spectrum S = dsp::stft(first(signal, count), kFrame, kHop, kFrame);
  const auto bins = static_cast<std::size_t>(R.bins);
  reference_.resize(bins, 0.0);
  signal_.resize(bins, 0.0);
  for (std::size_t t = 0; t < levels.size(); ++t) {
    if (levels[t] >= below) continue;
    ++frames_;
    for (std::size_t k = 0; k < bins; ++k) {
      reference_[k] += std::norm(std::complex<double>(R.values[t * bins + k]));
      signal_[k] += std::norm(std::complex<double>(S.values[t * bins + k]));
    }
  }
}

SilenceSpectrum::Worst SilenceSpectrum::worst() const {
  if (frames_ == 0) return {kNaN, kNaN};
  // A bin's power in a frame at -80 dB of full scale that is white: less is nothing.
  const double least = frames_ * kLeastPower * kFrame * kHannPower;
  Worst worst;
  for (std::size_t k = 0; k < reference_.size(); ++k) {
    const double db =
        10.0 * std::log10(std::max(signal_[k], least) / std::max(reference_[k], least));
    if (std::fabs(db) <= std::fabs(worst.db)) continue;
    worst = {db, static_cast<double>(k) / kFrame};
  }
  return worst;
}

}  // namespace glowvox::eval
