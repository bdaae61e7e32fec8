#include "dsp/fft.hpp"

#include <fftw3.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <type_traits>
#include <utility>

#include "dsp/fftw_lock.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

struct Destroy {
  void operator()(fftw_plan plan) const {
    const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
    fftw_destroy_plan(plan);
  }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftw_plan>, Destroy>;

fftw_complex* complex_of(std::complex<double>* values) {
  return reinterpret_cast<fftw_complex*>(values);
}

// Plans live as long as the process: few sizes are ever used. FFTW_ESTIMATE measures nothing, so
// the same machine always gets the same plan and the same rounding.
fftw_plan plan_for(int size, bool forward, double* time, std::complex<double>* spectrum) {
  static std::map<std::pair<int, bool>, Plan> plans;
  const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
  Plan& plan = plans[{size, forward}];
  if (!plan)
    plan.reset(forward ? fftw_plan_dft_r2c_1d(size, time, complex_of(spectrum), FFTW_ESTIMATE)
                       : fftw_plan_dft_c2r_1d(size, complex_of(spectrum), time, FFTW_ESTIMATE));
  if (!plan) throw Error("stft", "FFTW has no plan for a transform of " + std::to_string(size));
  return plan.get();
}

}  // namespace

RealFft::RealFft(int size)
    : size_(size),
      time_(fftw_alloc_real(static_cast<std::size_t>(size))),
      spectrum_(reinterpret_cast<std::complex<double>*>(
          fftw_alloc_complex(static_cast<std::size_t>(size) / 2 + 1))) {
  try {
    forward_ = plan_for(size_, true, time_, spectrum_);
    inverse_ = plan_for(size_, false, time_, spectrum_);
  } catch (...) {
    fftw_free(time_);
    fftw_free(spectrum_);
    throw;
  }
}

RealFft::~RealFft() {
  fftw_free(time_);
  fftw_free(spectrum_);
}

void RealFft::forward() { fftw_execute_dft_r2c(forward_, time_, complex_of(spectrum_)); }

void RealFft::inverse() { fftw_execute_dft_c2r(inverse_, complex_of(spectrum_), time_); }

}  // namespace glowvox::dsp
