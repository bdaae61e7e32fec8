// SPDX-License-Identifier: MIT
#include "eval/griffin_lim.hpp"

#include <algorithm>
#include <cmath>

#include "core/random.hpp"
#include "dsp/mel_approximation.hpp"

namespace glowvox::eval {

namespace {

using Bins = std::complex<float>;

constexpr float kAlpha = 0.99F;
constexpr float kTiny = 1e-12F;
constexpr std::uint32_t kStream = 7;
constexpr double kTwoPi = 6.283185307179586476925;

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
  dsp::MelInversion inversion(spec);
  std::vector<float> magnitudes(static_cast<std::size_t>(mel.frames) * inversion.bins());
  for (std::size_t t = 0; t < static_cast<std::size_t>(mel.frames); ++t)
    inversion(&mel.values[t * static_cast<std::size_t>(mel.bands)],
              &magnitudes[t * inversion.bins()]);
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
