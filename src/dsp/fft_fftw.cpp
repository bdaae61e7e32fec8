// SPDX-License-Identifier: MIT
#include <fftw3.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "dsp/fft.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

// Held while FFTW plans or frees a plan: its planner is one global structure. Executing needs no
// lock.
std::mutex planner_mutex;

// FFTW's plan and functions for double and for float under one name.
template <typename Real>
struct Fftw;

template <>
struct Fftw<double> {
  using Plan = std::remove_pointer_t<fftw_plan>;
  static double* allocate(std::size_t count) { return fftw_alloc_real(count); }
  static void release(void* memory) { fftw_free(memory); }
  static fftw_complex* as_fftw(std::complex<double>* x) {
    return reinterpret_cast<fftw_complex*>(x);
  }
  static fftw_plan plan(int size, Direction direction, double* time,
                        std::complex<double>* spectrum) {
    return direction == Direction::kForward
               ? fftw_plan_dft_r2c_1d(size, time, as_fftw(spectrum), FFTW_ESTIMATE)
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
  using Plan = std::remove_pointer_t<fftwf_plan>;
  static float* allocate(std::size_t count) { return fftwf_alloc_real(count); }
  static void release(void* memory) { fftwf_free(memory); }
  static fftwf_complex* as_fftw(std::complex<float>* x) {
    return reinterpret_cast<fftwf_complex*>(x);
  }
  static fftwf_plan plan(int size, Direction direction, float* time,
                         std::complex<float>* spectrum) {
    return direction == Direction::kForward
               ? fftwf_plan_dft_r2c_1d(size, time, as_fftw(spectrum), FFTW_ESTIMATE)
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
  void operator()(typename Fftw<Real>::Plan* plan) const {
    const std::lock_guard<std::mutex> lock(planner_mutex);
    Fftw<Real>::destroy(plan);
  }
};

// Plans live as long as the process: few sizes are ever used. FFTW_ESTIMATE measures nothing, so
// the same machine always gets the same plan and the same rounding.
template <typename Real>
typename Fftw<Real>::Plan* plan_for(int size, Direction direction, Real* time,
                                    std::complex<Real>* spectrum) {
  using Plan = std::unique_ptr<typename Fftw<Real>::Plan, Destroy<Real>>;
  static std::map<std::pair<int, Direction>, Plan> plans;
  const std::lock_guard<std::mutex> lock(planner_mutex);
  Plan& plan = plans[{size, direction}];
  if (!plan) plan.reset(Fftw<Real>::plan(size, direction, time, spectrum));
  if (!plan) throw Error("stft", "FFTW has no plan for a transform of " + std::to_string(size));
  return plan.get();
}

fftwf_plan dct_plan_for(int size, float* data) {
  static std::map<int, std::unique_ptr<Fftw<float>::Plan, Destroy<float>>> plans;
  const std::lock_guard<std::mutex> lock(planner_mutex);
  auto& plan = plans[size];
  if (!plan) plan.reset(fftwf_plan_r2r_1d(size, data, data, FFTW_REDFT11, FFTW_ESTIMATE));
  if (!plan) throw Error("mdct", "FFTW has no plan for a transform of " + std::to_string(size));
  return plan.get();
}

template <typename Real>
struct Release {
  void operator()(Real* memory) const { Fftw<Real>::release(memory); }
};

}  // namespace

template <typename Real>
struct BasicRealFft<Real>::State {
  std::unique_ptr<Real, Release<Real>> time, spectrum;
  typename Fftw<Real>::Plan *forward, *inverse;  // shared by all of one size
};

template <typename Real>
BasicRealFft<Real>::BasicRealFft(int size) : size_(size), state_(std::make_unique<State>()) {
  const auto reals = static_cast<std::size_t>(size);
  state_->time.reset(Fftw<Real>::allocate(reals));
  state_->spectrum.reset(Fftw<Real>::allocate(2 * (reals / 2 + 1)));
  time_ = state_->time.get();
  spectrum_ = reinterpret_cast<std::complex<Real>*>(state_->spectrum.get());
  state_->forward = plan_for<Real>(size, Direction::kForward, time_, spectrum_);
  state_->inverse = plan_for<Real>(size, Direction::kInverse, time_, spectrum_);
}

template <typename Real>
BasicRealFft<Real>::~BasicRealFft() = default;

template <typename Real>
void BasicRealFft<Real>::forward() {
  Fftw<Real>::forward(state_->forward, time_, spectrum_);
}

template <typename Real>
void BasicRealFft<Real>::inverse() {
  Fftw<Real>::inverse(state_->inverse, time_, spectrum_);
}

struct DctIv::State {
  std::unique_ptr<float, Release<float>> memory;
  fftwf_plan plan;  // shared by all of one size
};

DctIv::DctIv(int size) : state_(std::make_unique<State>()) {
  state_->memory.reset(Fftw<float>::allocate(static_cast<std::size_t>(size)));
  data_ = state_->memory.get();
  state_->plan = dct_plan_for(size, data_);
}

DctIv::~DctIv() = default;

void DctIv::transform() { fftwf_execute_r2r(state_->plan, data_, data_); }

template class BasicRealFft<double>;
template class BasicRealFft<float>;

}  // namespace glowvox::dsp
