#include "dsp/fft.hpp"

#include <fftw3.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include "dsp/fftw_lock.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

// FFTW's functions under one name.
template <typename Real>
struct Fftw;

template <>
struct Fftw<double> {
  static double* allocate(std::size_t count) { return fftw_alloc_real(count); }
  static void release(void* memory) { fftw_free(memory); }
  static fftw_complex* as_fftw(std::complex<double>* x) {
    return reinterpret_cast<fftw_complex*>(x);
  }
  static fftw_plan plan(int size, bool forward, double* time, std::complex<double>* spectrum) {
    return forward ? fftw_plan_dft_r2c_1d(size, time, as_fftw(spectrum), FFTW_ESTIMATE)
                   : fftw_plan_dft_c2r_1d(size, as_fftw(spectrum), time, FFTW_ESTIMATE);
  }
  static void destroy(fftw_plan plan) { fftw_destroy_plan(plan); }
  static void forward(fftw_plan plan, double* time, std::complex<double>* spectrum) {
    fftw_execute_dft_r2c(plan, time, as_fftw(spectrum));
  }
  static void inverse(fftw_plan plan, double* time, std::complex<double>* spectrum) {
    fftw_execute_dft_c2r(plan, as_fftw(spectrum), time);
  }
};

template <>
struct Fftw<float> {
  static float* allocate(std::size_t count) { return fftwf_alloc_real(count); }
  static void release(void* memory) { fftwf_free(memory); }
  static fftwf_complex* as_fftw(std::complex<float>* x) {
    return reinterpret_cast<fftwf_complex*>(x);
  }
  static fftwf_plan plan(int size, bool forward, float* time, std::complex<float>* spectrum) {
    return forward ? fftwf_plan_dft_r2c_1d(size, time, as_fftw(spectrum), FFTW_ESTIMATE)
                   : fftwf_plan_dft_c2r_1d(size, as_fftw(spectrum), time, FFTW_ESTIMATE);
  }
  static void destroy(fftwf_plan plan) { fftwf_destroy_plan(plan); }
  static void forward(fftwf_plan plan, float* time, std::complex<float>* spectrum) {
    fftwf_execute_dft_r2c(plan, time, as_fftw(spectrum));
  }
  static void inverse(fftwf_plan plan, float* time, std::complex<float>* spectrum) {
    fftwf_execute_dft_c2r(plan, as_fftw(spectrum), time);
  }
};

template <typename Real>
struct Destroy {
  void operator()(typename FftPlan<Real>::Type* plan) const {
    const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
    Fftw<Real>::destroy(plan);
  }
};

// Plans live as long as the process: few sizes are ever used. FFTW_ESTIMATE measures nothing, so
// the same machine always gets the same plan and the same rounding.
template <typename Real>
typename FftPlan<Real>::Type* plan_for(int size, bool forward, Real* time,
                                       std::complex<Real>* spectrum) {
  using Plan = std::unique_ptr<typename FftPlan<Real>::Type, Destroy<Real>>;
  static std::map<std::pair<int, bool>, Plan> plans;
  const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
  Plan& plan = plans[{size, forward}];
  if (!plan) plan.reset(Fftw<Real>::plan(size, forward, time, spectrum));
  if (!plan) throw Error("stft", "FFTW has no plan for a transform of " + std::to_string(size));
  return plan.get();
}

}  // namespace

template <typename Real>
BasicRealFft<Real>::BasicRealFft(int size)
    : size_(size),
      time_(Fftw<Real>::allocate(static_cast<std::size_t>(size))),
      spectrum_(reinterpret_cast<std::complex<Real>*>(
          Fftw<Real>::allocate(2 * (static_cast<std::size_t>(size) / 2 + 1)))) {
  try {
    forward_ = plan_for<Real>(size_, true, time_, spectrum_);
    inverse_ = plan_for<Real>(size_, false, time_, spectrum_);
  } catch (...) {
    Fftw<Real>::release(time_);
    Fftw<Real>::release(spectrum_);
    throw;
  }
}

template <typename Real>
BasicRealFft<Real>::~BasicRealFft() {
  Fftw<Real>::release(time_);
  Fftw<Real>::release(spectrum_);
}

template <typename Real>
void BasicRealFft<Real>::forward() {
  Fftw<Real>::forward(forward_, time_, spectrum_);
}

template <typename Real>
void BasicRealFft<Real>::inverse() {
  Fftw<Real>::inverse(inverse_, time_, spectrum_);
}

template class BasicRealFft<double>;
template class BasicRealFft<float>;

}  // namespace glowvox::dsp
