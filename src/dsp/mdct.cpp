#include "dsp/mdct.hpp"

#include <fftw3.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <memory>
#include <string>

#include "dsp/fftw_lock.hpp"
#include "glowvox/error.hpp"

namespace glowvox::dsp {

namespace {

constexpr double kPi = 3.141592653589793238463;

struct Free {
  void operator()(void* memory) const { fftwf_free(memory); }
};
using Buffer = std::unique_ptr<float, Free>;

Buffer allocate(int size) { return Buffer(fftwf_alloc_real(static_cast<std::size_t>(size))); }

struct Destroy {
  void operator()(fftwf_plan plan) const {
    const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
    fftwf_destroy_plan(plan);
  }
};
using Plan = std::unique_ptr<std::remove_pointer_t<fftwf_plan>, Destroy>;

fftwf_plan plan_for(int size) {
  static std::map<int, Plan> plans;
  const std::lock_guard<std::mutex> lock(fftw_planner_mutex);
  Plan& plan = plans[size];
  if (!plan) {
    const Buffer in = allocate(size);
    const Buffer out = allocate(size);
    plan.reset(fftwf_plan_r2r_1d(size, in.get(), out.get(), FFTW_REDFT11, FFTW_ESTIMATE));
  }
  if (!plan) throw Error("mdct", "FFTW has no plan for a transform of " + std::to_string(size));
  return plan.get();
}

// With blocks folded in place, the textbook MDCT of a block is minus the DCT-IV of the block read
// backwards; these signs and orders make interior frames equal the textbook's.
std::vector<float> transform_blocks(const float* x, std::int64_t blocks, int size, bool inverse) {
  fftwf_plan plan = plan_for(size);
  const Buffer in = allocate(size);
  const Buffer out = allocate(size);
  const auto scale = static_cast<float>(-1.0 / std::sqrt(2.0 * size));  // FFTW's is unnormalised
  std::vector<float> y(static_cast<std::size_t>(blocks * size));
  for (std::int64_t block = 0; block < blocks; ++block) {
    const float* from = x + block * size;
    float* to = y.data() + block * size;
    if (inverse)
      std::copy(from, from + size, in.get());
    else
      std::reverse_copy(from, from + size, in.get());
    fftwf_execute_r2r(plan, in.get(), out.get());
    if (inverse) std::reverse(out.get(), out.get() + size);
    std::transform(out.get(), out.get() + size, to, [scale](float v) { return v * scale; });
  }
  return y;
}

// Rotates the pairs mirrored around every boundary between two blocks; direction -1 undoes +1.
void rotate_boundaries(std::vector<float>* x, const std::vector<float>& window, float direction) {
  const std::size_t size = window.size();
  const std::size_t half = size / 2;
  for (std::size_t boundary = size; boundary < x->size(); boundary += size) {
    for (std::size_t i = 0; i < half; ++i) {
      const float c = window[half + i];
      const float s = direction * window[half - 1 - i];
      float& before = (*x)[boundary - 1 - i];
      float& after = (*x)[boundary + i];
      const float rotated = c * before + s * after;
      after = c * after - s * before;
      before = rotated;
    }
  }
}

}  // namespace

Mdct::Mdct(int coefficients) : coefficients_(coefficients) {
  if (coefficients < 2 || coefficients % 2 != 0)
    throw Error("mdct", std::to_string(coefficients) + " coefficients",
                "expected an even number of at least 2");
  window_.resize(static_cast<std::size_t>(coefficients));
  for (std::size_t n = 0; n < window_.size(); ++n)
    window_[n] =
        static_cast<float>(std::sin(kPi * (static_cast<double>(n) + 0.5) / (2.0 * coefficients)));
}

std::vector<float> Mdct::forward(const float* x, std::int64_t blocks) const {
  std::vector<float> folded(x, x + blocks * coefficients_);
  rotate_boundaries(&folded, window_, 1.0F);
  return transform_blocks(folded.data(), blocks, coefficients_, false);
}

std::vector<float> Mdct::inverse(const float* coefficients, std::int64_t blocks) const {
  std::vector<float> x = transform_blocks(coefficients, blocks, coefficients_, true);
  rotate_boundaries(&x, window_, -1.0F);
  return x;
}

}  // namespace glowvox::dsp
