#include "dsp/stft.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "dsp/fftw_lock.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kTwoPi = 6.283185307179586476925;

struct Free {
  void operator()(void* memory) const { fftw_free(memory); }
};

struct Buffers {
  explicit Buffers(int n_fft)
      : in(fftw_alloc_real(static_cast<std::size_t>(n_fft))),
        out(fftw_alloc_complex(static_cast<std::size_t>(n_fft) / 2 + 1)) {}
  std::unique_ptr<double, Free> in;
  std::unique_ptr<fftw_complex, Free> out;
};

struct Destroy {
  void operator()(fftw_plan plan) const {
    const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
    fftw_destroy_plan(plan);
  }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, Destroy>;

// Plans live as long as the process: few sizes are ever used. FFTW_ESTIMATE measures nothing, so
// the same machine always gets the same plan and the same rounding.
fftw_plan plan_for(int n_fft) {
  static std::map<int, Plan> plans;
  const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
  Plan& plan = plans[n_fft];
  if (!plan) {
    const Buffers buffers(n_fft);
    plan.reset(fftw_plan_dft_r2c_1d(n_fft, buffers.in.get(), buffers.out.get(), FFTW_ESTIMATE));
  }
  if (!plan) throw Error("stft", "FFTW has no plan for a transform of " + std::to_string(n_fft));
  return plan.get();
}

}  // namespace

std::vector<double> centred_hann(int n_fft, int win_samples) {
  std::vector<double> window(static_cast<std::size_t>(n_fft), 0.0);
  const int first = (n_fft - win_samples) / 2;
  for (int i = 0; i < win_samples; ++i)
    window[static_cast<std::size_t>(first + i)] = 0.5 - 0.5 * std::cos(kTwoPi * i / win_samples);
  return window;
}

Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples, int win_samples) {
  return stft(padded, n_fft, hop_samples, centred_hann(n_fft, win_samples));
}

Spectrum stft(const std::vector<float>& padded, int n_fft, int hop_samples,
              const std::vector<double>& window) {
  Spectrum spectrum;
  spectrum.bins = n_fft / 2 + 1;
  const auto samples = static_cast<std::int64_t>(padded.size());
  if (samples < n_fft) return spectrum;
  spectrum.frames = (samples - n_fft) / hop_samples + 1;
  const auto bins = static_cast<std::size_t>(spectrum.bins);
  spectrum.values.resize(static_cast<std::size_t>(spectrum.frames) * bins);

  fftw_plan plan = plan_for(n_fft);
  const Buffers buffers(n_fft);
  for (std::int64_t frame = 0; frame < spectrum.frames; ++frame) {
    const float* x = padded.data() + frame * hop_samples;
    std::transform(x, x + n_fft, window.begin(), buffers.in.get(), std::multiplies<double>());
    fftw_execute_dft_r2c(plan, buffers.in.get(), buffers.out.get());
    std::complex<float>* out = &spectrum.values[static_cast<std::size_t>(frame) * bins];
    for (std::size_t bin = 0; bin < bins; ++bin)
      out[bin] = {static_cast<float>(buffers.out.get()[bin][0]),
                  static_cast<float>(buffers.out.get()[bin][1])};
  }
  return spectrum;
}

}  // namespace glowvox::dsp
