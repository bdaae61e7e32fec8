// SPDX-License-Identifier: MIT
#include "eval/griffin_lim.hpp"

#include <Eigen/Dense>
#include <algorithm>
#include <cmath>

#include "core/random.hpp"

namespace glowvox::eval {

namespace {

using Matrix = Eigen::Matrix<float, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
using Bins = std::complex<float>;

constexpr int kUpdates = 200;
constexpr float kAlpha = 0.99F;
constexpr float kTiny = 1e-12F;
constexpr std::uint32_t kStream = 7;
constexpr double kTwoPi = 6.283185307179586476925;

// Linear mel values, [frames][bands].
Matrix linear(const Mel& mel, const MelSpec& spec) {
  Matrix m = Eigen::Map<const Matrix>(mel.values.data(), mel.frames, mel.bands);
  if (spec.log == MelLog::kLn) m = m.array().exp();
  if (spec.log == MelLog::kLog10) m = (m.array() * std::log(10.0F)).exp();
  return m;
}

dsp::Spectrum empty_spectrum(const std::vector<float>& magnitudes, const MelSpec& spec) {
  dsp::Spectrum s;
  s.bins = spec.n_fft / 2 + 1;
  s.frames = static_cast<std::int64_t>(magnitudes.size()) / s.bins;
  s.values.resize(magnitudes.size());
  return s;
}

// The given magnitudes with the spectrum's phases.
void project(const std::vector<float>& magnitudes, dsp::Spectrum* spectrum) {
  for (std::size_t i = 0; i < magnitudes.size(); ++i) {
    const float size = std::abs(spectrum->values[i]);
    spectrum->values[i] =
        size > kTiny ? spectrum->values[i] * (magnitudes[i] / size) : Bins(magnitudes[i], 0.0F);
  }
}

}  // namespace

std::vector<float> mel_to_magnitudes(const Mel& mel, const MelSpec& spec) {
  const std::vector<float> bank = mel_filterbank(spec);
  const Eigen::Index bins = spec.n_fft / 2 + 1;
  const Matrix B = Eigen::Map<const Matrix>(bank.data(), mel.bands, bins);
  const Matrix M = linear(mel, spec);
  const Matrix target = M * B;  // [frames][bins]
  // From a spread that is right to a factor; a bin that no band sees stays at nothing.
  Matrix S = target;
  for (int i = 0; i < kUpdates; ++i) {
    const Matrix now = (S * B.transpose()) * B;
    S = S.array() * target.array() / (now.array() + kTiny);
  }
  std::vector<float> magnitudes(S.data(), S.data() + S.size());
  if (spec.power != 1.0)
    for (float& v : magnitudes) v = std::pow(v, static_cast<float>(1.0 / spec.power));
  return magnitudes;
}

std::vector<float> griffin_lim(const std::vector<float>& magnitudes, const MelSpec& spec,
                               std::int64_t samples, int iterations, std::uint64_t seed) {
  dsp::Spectrum c = empty_spectrum(magnitudes, spec);
  for (std::size_t i = 0; i < magnitudes.size(); ++i)
    c.values[i] =
        std::polar(magnitudes[i], static_cast<float>(kTwoPi * uniform_at(seed, kStream, i)));
  std::vector<Bins> before;
  for (int i = 0; i < iterations; ++i) {
    project(magnitudes, &c);
    const dsp::Spectrum t =
        dsp::centred_stft(dsp::inverse_centred_stft(c, spec.n_fft, spec.hop_samples, samples),
                          spec.n_fft, spec.hop_samples);
    // A transform of [samples] may have one frame more than the mel.
    std::vector<Bins> now(c.values.size());
    std::copy_n(t.values.begin(), std::min(t.values.size(), now.size()), now.begin());
    for (std::size_t k = 0; k < now.size(); ++k)
      c.values[k] = before.empty() ? now[k] : now[k] + kAlpha * (now[k] - before[k]);
    before = std::move(now);
  }
  project(magnitudes, &c);
  return dsp::inverse_centred_stft(c, spec.n_fft, spec.hop_samples, samples);
}

std::vector<float> shaped_noise(const std::vector<float>& magnitudes, const MelSpec& spec,
                                std::int64_t samples, std::uint64_t seed) {
  std::vector<float> white(static_cast<std::size_t>(samples));
  fill_normal(seed, kStream, 0, 0, samples, white.data());
  const dsp::Spectrum noise = dsp::centred_stft(white, spec.n_fft, spec.hop_samples);
  dsp::Spectrum c = empty_spectrum(magnitudes, spec);
  // The root mean square of a bin of white noise: that of the window.
  const auto norm = static_cast<float>(std::sqrt(0.375 * spec.n_fft));
  for (std::size_t i = 0; i < std::min(c.values.size(), noise.values.size()); ++i)
    c.values[i] = noise.values[i] * (magnitudes[i] / norm);
  return dsp::inverse_centred_stft(c, spec.n_fft, spec.hop_samples, samples);
}

}  // namespace glowvox::eval
