// SPDX-License-Identifier: MIT
#include "glowvox/mel.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <mutex>
#include <utility>

#include "dsp/mel_analysis.hpp"
#include "dsp/stft.hpp"
#include "glowvox/error.hpp"

namespace glowvox {

namespace {

// Slaney's Auditory Toolbox: linear up to 1 kHz, then 27 bands for each factor of 6.4.
constexpr double kSlaneyHzPerMel = 200.0 / 3.0;
constexpr double kSlaneyBreakHz = 1000.0;
constexpr double kSlaneyBreakMel = kSlaneyBreakHz / kSlaneyHzPerMel;
const double kSlaneyLogStep = std::log(6.4) / 27.0;

double to_mel(double hz, MelScale scale) {
  if (scale == MelScale::kHtk) return 2595.0 * std::log10(1.0 + hz / 700.0);
  if (hz < kSlaneyBreakHz) return hz / kSlaneyHzPerMel;
  return kSlaneyBreakMel + std::log(hz / kSlaneyBreakHz) / kSlaneyLogStep;
}

double to_hz(double mel, MelScale scale) {
  if (scale == MelScale::kHtk) return 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
  if (mel < kSlaneyBreakMel) return mel * kSlaneyHzPerMel;
  return kSlaneyBreakHz * std::exp(kSlaneyLogStep * (mel - kSlaneyBreakMel));
}

dsp::MelAnalysis make_analysis(const MelSpec& spec) {
  dsp::MelAnalysis analysis;
  const std::vector<float> dense = mel_filterbank(spec);
  const std::size_t bins = static_cast<std::size_t>(spec.n_fft) / 2 + 1;
  for (std::size_t b = 0; b < static_cast<std::size_t>(spec.bands); ++b) {
    const float* row = &dense[b * bins];
    const auto nonzero = [](float w) { return w != 0.0F; };
    const float* first = std::find_if(row, row + bins, nonzero);
    const float* last = row + bins;
    while (last > first && last[-1] == 0.0F) --last;
    analysis.bands.push_back({static_cast<std::size_t>(first - row), {first, last}});
  }
  analysis.window = dsp::centred_hann(spec.n_fft, spec.win_samples, spec.window);
  return analysis;
}

// left and right may be negative: then the signal is cut there instead.
std::vector<float> pad(const float* audio, std::int64_t samples, std::int64_t left,
                       std::int64_t right, bool reflect) {
  std::vector<float> padded(static_cast<std::size_t>(samples + left + right), 0.0F);
  const auto total = static_cast<std::int64_t>(padded.size());
  const std::int64_t begin = std::clamp<std::int64_t>(left, 0, total);
  const std::int64_t end = std::clamp<std::int64_t>(left + samples, begin, total);
  if (begin < end) std::copy_n(audio + (begin - left), end - begin, padded.begin() + begin);
  if (!reflect) return padded;
  for (std::int64_t i = 0; i < begin; ++i) padded[static_cast<std::size_t>(i)] = audio[left - i];
  for (std::int64_t i = end; i < total; ++i)
    padded[static_cast<std::size_t>(i)] = audio[2 * (samples - 1) - (i - left)];
  return padded;
}

void magnitudes(const std::complex<float>* spectrum, std::size_t bins, const MelSpec& spec,
                float* out) {
  const auto epsilon = static_cast<float>(spec.magnitude_epsilon);
  for (std::size_t i = 0; i < bins; ++i) {
    const float re = spectrum[i].real();
    const float im = spectrum[i].imag();
    out[i] = re * re + im * im + epsilon;
  }
  if (spec.power == 1.0)
    for (std::size_t i = 0; i < bins; ++i) out[i] = std::sqrt(out[i]);
}

float dot(const float* a, const float* b, std::size_t count) {
  float sum = 0.0F;
  for (std::size_t i = 0; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

double mel_floor(const MelSpec& spec) { return dsp::stored(0.0F, spec); }

namespace dsp {

// Training asks for the same specification thousands of times a minute, from several threads.
std::shared_ptr<const MelAnalysis> mel_analysis(const MelSpec& spec) {
  constexpr std::size_t kMostCached = 16;
  static std::mutex mutex;
  static std::vector<std::pair<MelSpec, std::shared_ptr<const MelAnalysis>>> cache;
  const std::lock_guard<std::mutex> lock(mutex);
  for (const auto& entry : cache)
    if (entry.first == spec) return entry.second;
  validate(spec, "mel");
  auto made = std::make_shared<const MelAnalysis>(make_analysis(spec));
  if (cache.size() == kMostCached) cache.clear();
  cache.emplace_back(spec, made);
  return made;
}

int mel_padding(const MelSpec& spec) {
  switch (spec.padding) {
    case MelPadding::kReflect:
    case MelPadding::kZero:
      return spec.n_fft / 2;
    case MelPadding::kHop:
      return (spec.n_fft - spec.hop_samples) / 2;
    case MelPadding::kNone:
      return 0;
  }
  return 0;
}

bool mirrors_edges(const MelSpec& spec) {
  return spec.padding == MelPadding::kReflect || spec.padding == MelPadding::kHop;
}

void check_mel_length(std::int64_t samples, const MelSpec& spec, int shift_samples) {
  const std::int64_t natural = mel_padding(spec);
  const std::int64_t widest = natural + std::abs(shift_samples);
  const std::int64_t needed =
      std::max<std::int64_t>({1, spec.n_fft - 2 * natural, mirrors_edges(spec) ? widest + 1 : 0});
  if (samples < needed)
    throw Error("audio", std::to_string(samples) + (samples == 1 ? " sample is" : " samples are") +
                             " too short: need at least " + std::to_string(needed));
}

void mel_frame(const std::complex<float>* spectrum, const MelSpec& spec,
               const MelAnalysis& analysis, float* magnitude, float* out) {
  magnitudes(spectrum, static_cast<std::size_t>(spec.n_fft) / 2 + 1, spec, magnitude);
  for (const MelBand& band : analysis.bands)
    *out++ = stored(dot(band.weights.data(), magnitude + band.first, band.weights.size()), spec);
}

std::vector<double> band_centers_hz(const MelSpec& spec) {
  std::vector<double> centers;
  for (const MelBand& band : mel_analysis(spec)->bands) {
    double sum = 0.0, moment = 0.0;
    for (std::size_t i = 0; i < band.weights.size(); ++i) {
      sum += band.weights[i];
      moment += band.weights[i] * static_cast<double>(band.first + i);
    }
    const double before = centers.empty() ? 0.0 : centers.back();
    centers.push_back(sum > 0.0 ? moment / sum * spec.sample_rate_hz / spec.n_fft : before);
  }
  return centers;
}

void append_mel(const std::vector<float>& padded, const MelSpec& spec, const MelAnalysis& analysis,
                Mel* mel) {
  const Spectrum spectrum = stft(padded, spec.n_fft, spec.hop_samples, analysis.window);
  const auto bins = static_cast<std::size_t>(spectrum.bins);
  std::vector<float> magnitude(bins);
  mel->bands = spec.bands;
  mel->values.resize(static_cast<std::size_t>((mel->frames + spectrum.frames) * mel->bands));
  float* out = mel->values.data() + mel->frames * mel->bands;
  mel->frames += spectrum.frames;
  for (std::size_t frame = 0; frame < static_cast<std::size_t>(spectrum.frames); ++frame) {
    mel_frame(&spectrum.values[frame * bins], spec, analysis, magnitude.data(), out);
    out += spec.bands;
  }
}

}  // namespace dsp

std::vector<float> mel_filterbank(const MelSpec& spec) {
  const auto bands = static_cast<std::size_t>(spec.bands);
  const std::size_t bins = static_cast<std::size_t>(spec.n_fft) / 2 + 1;
  const int rate = spec.filter_rate_hz > 0 ? spec.filter_rate_hz : spec.sample_rate_hz;
  const double lowest = to_mel(spec.f_min_hz, spec.scale);
  const double highest = to_mel(spec.f_max_hz, spec.scale);
  std::vector<double> edges_hz(bands + 2);
  for (std::size_t i = 0; i < edges_hz.size(); ++i)
    edges_hz[i] =
        to_hz(lowest + (highest - lowest) * static_cast<double>(i) / static_cast<double>(bands + 1),
              spec.scale);
  std::vector<float> bank(bands * bins, 0.0F);
  for (std::size_t b = 0; b < bands; ++b) {
    const double left = edges_hz[b];
    const double centre = edges_hz[b + 1];
    const double right = edges_hz[b + 2];
    const double height = spec.norm == MelNorm::kSlaney ? 2.0 / (right - left) : 1.0;
    for (std::size_t bin = 0; bin < bins; ++bin) {
      const double hz = static_cast<double>(bin) * rate / spec.n_fft;
      const double weight =
          std::min((hz - left) / (centre - left), (right - hz) / (right - centre));
      if (weight > 0.0) bank[b * bins + bin] = static_cast<float>(height * weight);
    }
  }
  return bank;
}

int frame_center_samples(const MelSpec& spec) { return spec.n_fft / 2 - dsp::mel_padding(spec); }

Mel log_mel(const float* audio, std::int64_t samples, const MelSpec& spec, int shift_samples) {
  const std::shared_ptr<const dsp::MelAnalysis> analysis = dsp::mel_analysis(spec);
  dsp::check_mel_length(samples, spec, shift_samples);
  const std::int64_t natural = dsp::mel_padding(spec);
  Mel mel;
  dsp::append_mel(pad(audio, samples, natural - shift_samples, natural + shift_samples,
                      dsp::mirrors_edges(spec)),
                  spec, *analysis, &mel);
  return mel;
}

}  // namespace glowvox
