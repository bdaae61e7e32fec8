// SPDX-License-Identifier: MIT
#include "eval/pitch.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "dsp/fft.hpp"
#include "dsp/stft.hpp"

namespace glowvox::eval {

namespace {

constexpr std::size_t kFrame = 1536, kHop = 256;
constexpr int kFft = 4096;  // a frame and its longest lag, without wrapping around
constexpr double kLowestHz = 70.0, kHighestHz = 450.0;
constexpr double kVoicedPeak = 0.5, kVoicedPower = 1e-6;
constexpr double kGrossCents = 100.0;
constexpr double kSilent = 1e-12;  // power of a windowed frame without anything to correlate

class Autocorrelation {
 public:
  Autocorrelation() : fft_(kFft), window_(dsp::centred_hann(kFrame, kFrame)) {
    windows_ = of(window_);
  }
  // [lags], of a windowed frame; 1 at lag 0.
  std::vector<double> normalised(const float* x, std::size_t lags) {
    const double mean = std::accumulate(x, x + kFrame, 0.0) / kFrame;
    std::vector<double> frame(kFrame);
    for (std::size_t i = 0; i < kFrame; ++i) frame[i] = window_[i] * (x[i] - mean);
    std::vector<double> r = of(frame);
    const double energy = r[0];
    r.resize(lags);
    for (std::size_t lag = 0; lag < lags; ++lag)
      r[lag] = energy < kSilent ? 0.0 : r[lag] / energy * windows_[0] / windows_[lag];
    return r;
  }

 private:
  std::vector<double> of(const std::vector<double>& frame) {
    std::fill_n(fft_.time(), kFft, 0.0);
    std::copy(frame.begin(), frame.end(), fft_.time());
    fft_.forward();
    for (int k = 0; k < fft_.bins(); ++k) fft_.spectrum()[k] = std::norm(fft_.spectrum()[k]);
    fft_.inverse();
    std::vector<double> r(fft_.time(), fft_.time() + kFrame);
    for (double& v : r) v /= kFft;
    return r;
  }
  dsp::RealFft fft_;
  std::vector<double> window_, windows_;
};

struct Peak {
  double lag = 0.0, height = 0.0;
};

// The highest local maximum in [first, last].
Peak highest_peak(const std::vector<double>& r, std::size_t first, std::size_t last) {
  Peak best;
  for (std::size_t lag = first; lag <= last; ++lag) {
    const double before = r[lag - 1], here = r[lag], after = r[lag + 1];
    if (here <= best.height || here < before || here <= after) continue;
    const double curvature = before - 2.0 * here + after;
    best = {static_cast<double>(lag) + 0.5 * (before - after) / curvature, here};
  }
  return best;
}

double mean_power(const float* x) {
  return std::inner_product(x, x + kFrame, x, 0.0) / static_cast<double>(kFrame);
}

}  // namespace

PitchTrack track_pitch(const std::vector<float>& samples, int sample_rate_hz) {
  const auto shortest = static_cast<std::size_t>(std::ceil(sample_rate_hz / kHighestHz));
  const auto longest = static_cast<std::size_t>(std::floor(sample_rate_hz / kLowestHz));
  Autocorrelation autocorrelation;
  PitchTrack track;
  for (std::size_t at = 0; at + kFrame <= samples.size(); at += kHop) {
    const Peak peak =
        highest_peak(autocorrelation.normalised(&samples[at], longest + 2), shortest, longest);
    const bool voiced = peak.height > kVoicedPeak && mean_power(&samples[at]) >= kVoicedPower;
    track.f0_hz.push_back(peak.lag > 0.0 ? sample_rate_hz / peak.lag : 0.0);
    track.periodicity.push_back(voiced ? std::min(peak.height, 1.0) : 0.0);
    track.voiced.push_back(voiced);
  }
  return track;
}

PitchErrors compare(const PitchTrack& reference, const PitchTrack& signal) {
  const std::size_t frames = std::min(reference.voiced.size(), signal.voiced.size());
  double both = 0.0, gross = 0.0, cents = 0.0, voiced = 0.0, difference = 0.0;
  for (std::size_t t = 0; t < frames; ++t) {
    const double d = reference.periodicity[t] - signal.periodicity[t];
    difference += d * d;
    voiced += (reference.voiced[t] ? 1.0 : 0.0) + (signal.voiced[t] ? 1.0 : 0.0);
    if (!reference.voiced[t] || !signal.voiced[t]) continue;
    ++both;
    const double c = 1200.0 * std::log2(signal.f0_hz[t] / reference.f0_hz[t]);
    if (std::fabs(c) > kGrossCents)
      ++gross;
    else
      cents += c * c;
  }
  const auto ratio = [](double a, double b) {
    return b > 0.0 ? a / b : std::numeric_limits<double>::quiet_NaN();
  };
  return {std::sqrt(ratio(cents, both - gross)), ratio(gross, both), ratio(2.0 * both, voiced),
          std::sqrt(ratio(difference, static_cast<double>(frames)))};
}

}  // namespace glowvox::eval
