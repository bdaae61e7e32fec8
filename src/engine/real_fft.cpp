// SPDX-License-Identifier: MIT
#include "engine/real_fft.hpp"

#include <cmath>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/real_fft.cpp"
// It includes this file again, once for each instruction set, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

#ifndef GLOWVOX_ENGINE_REAL_FFT_WORK
#define GLOWVOX_ENGINE_REAL_FFT_WORK
namespace glowvox::engine {

constexpr int kMostLanes = 8;
constexpr int kSpare = 16;  // floats behind a part, which keep parts at cache lines

// Of a complex signal.
struct Parts {
  float *re, *im;
};

inline int part_floats(int half) { return half + kSpare; }
inline Parts parts_of(float* work, int half, int which) {
  float* re = work + 2 * which * part_floats(half);
  return {re, re + part_floats(half)};
}

}  // namespace glowvox::engine
#endif

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kMostLanes>;

template <class D>
struct Complex {
  hn::Vec<D> re, im;
};

template <class D>
HWY_INLINE Complex<D> add(Complex<D> a, Complex<D> b) {
  return {hn::Add(a.re, b.re), hn::Add(a.im, b.im)};
}
template <class D>
HWY_INLINE Complex<D> sub(Complex<D> a, Complex<D> b) {
  return {hn::Sub(a.re, b.re), hn::Sub(a.im, b.im)};
}
template <class D>
HWY_INLINE Complex<D> mul(Complex<D> a, Complex<D> b) {
  return {hn::NegMulAdd(a.im, b.im, hn::Mul(a.re, b.re)),
          hn::MulAdd(a.re, b.im, hn::Mul(a.im, b.re))};
}

template <class D>
HWY_INLINE Complex<D> load(D d, Parts x, std::ptrdiff_t at) {
  return {hn::LoadU(d, x.re + at), hn::LoadU(d, x.im + at)};
}
// Of values whose parts lie beside each other.
template <class D>
HWY_INLINE Complex<D> load_pairs(D d, const float* x) {
  hn::Vec<D> re, im;
  hn::LoadInterleaved2(d, x, re, im);
  return {re, im};
}
template <class D>
HWY_INLINE void store(Complex<D> x, D d, Parts to, std::ptrdiff_t at) {
  hn::StoreU(x.re, d, to.re + at);
  hn::StoreU(x.im, d, to.im + at);
}

// The transforms of four values; the last three times w, w^2, w^3.
template <class D>
struct Four {
  Complex<D> y[4];
};
template <class D>
HWY_INLINE Four<D> four(Complex<D> a, Complex<D> b, Complex<D> c, Complex<D> e, Complex<D> w1,
                        Complex<D> w2, Complex<D> w3) {
  const Complex<D> even = add<D>(a, c), odd = add<D>(b, e), across = sub<D>(a, c),
                   turned = sub<D>(b, e);
  const Complex<D> less{hn::Add(across.re, turned.im), hn::Sub(across.im, turned.re)};
  const Complex<D> more{hn::Sub(across.re, turned.im), hn::Add(across.im, turned.re)};
  return {{add<D>(even, odd), mul<D>(less, w1), mul<D>(sub<D>(even, odd), w2), mul<D>(more, w3)}};
}

// The first step, of stride 1: neighbours begin neighbouring transforms. value(i): i and those
// behind it.
template <class Value>
HWY_INLINE void first_step(const RealFft::Step& step, const Value& value, Parts to) {
  constexpr D d;
  const int count = step.length / 4;
  const float* w = step.factors.data();
  for (int p = 0; p < count; p += static_cast<int>(hn::Lanes(d))) {
    const auto factor = [&](int power) HWY_ATTR {
      const float* re = w + 2 * (power - 1) * count + p;
      return Complex<D>{hn::LoadU(d, re), hn::LoadU(d, re + count)};
    };
    const Four<D> made = four<D>(value(p), value(p + count), value(p + 2 * count),
                                 value(p + 3 * count), factor(1), factor(2), factor(3));
    hn::StoreInterleaved4(made.y[0].re, made.y[1].re, made.y[2].re, made.y[3].re, d, to.re + 4 * p);
    hn::StoreInterleaved4(made.y[0].im, made.y[1].im, made.y[2].im, made.y[3].im, d, to.im + 4 * p);
  }
}

// The others: as many neighbours as the stride have the same factor.
template <class D>
HWY_INLINE void four_step(D d, const RealFft::Step& step, Parts from, Parts to) {
  const int count = step.length / 4;
  const std::ptrdiff_t stride = step.stride, quarter = stride * count;
  for (int p = 0; p < count; ++p) {
    const auto factor = [&](int power) HWY_ATTR {
      const float* re = step.factors.data() + 2 * (power - 1) * count + p;
      return Complex<D>{hn::Set(d, re[0]), hn::Set(d, re[count])};
    };
    const Complex<D> w1 = factor(1), w2 = factor(2), w3 = factor(3);
    for (std::ptrdiff_t q = 0; q < stride; q += static_cast<std::ptrdiff_t>(hn::Lanes(d))) {
      const std::ptrdiff_t at = p * stride + q, out = 4 * p * stride + q;
      const Four<D> made =
          four<D>(load(d, from, at), load(d, from, at + quarter), load(d, from, at + 2 * quarter),
                  load(d, from, at + 3 * quarter), w1, w2, w3);
      for (int k = 0; k < 4; ++k) store<D>(made.y[k], d, to, out + k * stride);
    }
  }
}

HWY_INLINE void two_step(const RealFft::Step& step, Parts from, Parts to) {
  constexpr D d;
  for (std::ptrdiff_t q = 0; q < step.stride; q += static_cast<std::ptrdiff_t>(hn::Lanes(d))) {
    const Complex<D> a = load(d, from, q), b = load(d, from, q + step.stride);
    store<D>(add<D>(a, b), d, to, q);
    store<D>(sub<D>(a, b), d, to, q + step.stride);
  }
}

// All steps but the first, whose result lies in *from; the result then does.
HWY_INLINE void other_steps(const RealFft::Plan& plan, Parts* from, Parts* to) {
  for (std::size_t i = 1; i < plan.steps.size(); ++i) {
    const RealFft::Step& step = plan.steps[i];
    if (step.radix == 2)
      two_step(step, *from, *to);
    else if (step.stride < kMostLanes)
      four_step(hn::CappedTag<float, 4>(), step, *from, *to);
    else
      four_step(D(), step, *from, *to);
    std::swap(*from, *to);
  }
}

// A real signal's even and odd values are taken for real and imaginary parts of a complex one, Z,
// whose spectrum is taken apart: X[k] is (Z[k] + Z*[M - k] - i w^k (Z[k] - Z*[M - k])) / 2.
void to_spectrum(const RealFft::Plan& plan, const float* time, float* work, float* spectrum) {
  constexpr D d;
  const int half = plan.half, lanes = static_cast<int>(hn::Lanes(d));
  Parts z = parts_of(work, half, 0), other = parts_of(work, half, 1);
  first_step(
      plan.steps.front(), [&](int i) HWY_ATTR { return load_pairs(d, time + 2 * i); }, z);
  other_steps(plan, &z, &other);
  z.re[half] = z.re[0];
  z.im[half] = z.im[0];
  const auto halved = hn::Set(d, 0.5F);
  for (int k = 0; k < half; k += lanes) {
    const Complex<D> a = load(d, z, k), mirrored = load(d, z, half - k - lanes + 1);
    const Complex<D> b{hn::Reverse(d, mirrored.re), hn::Reverse(d, mirrored.im)};
    const Complex<D> sum{hn::Add(a.re, b.re), hn::Sub(a.im, b.im)};
    const Complex<D> difference{hn::Sub(a.re, b.re), hn::Add(a.im, b.im)};
    const auto c = hn::LoadU(d, &plan.cos[static_cast<std::size_t>(k)]);
    const auto s = hn::LoadU(d, &plan.sin[static_cast<std::size_t>(k)]);
    const auto re = hn::Add(sum.re, hn::NegMulAdd(s, difference.re, hn::Mul(c, difference.im)));
    const auto im = hn::Sub(sum.im, hn::MulAdd(s, difference.im, hn::Mul(c, difference.re)));
    hn::StoreInterleaved2(hn::Mul(re, halved), hn::Mul(im, halved), d, spectrum + 2 * k);
  }
  spectrum[2 * half] = z.re[0] - z.im[0];
  spectrum[2 * half + 1] = 0.0F;
}

// Likewise: 2 Z[k] is X[k] + X*[M - k] + i w^-k (X[k] - X*[M - k]). Real and imaginary parts change
// places, which makes the transform the inverse one.
void to_time(const RealFft::Plan& plan, const float* spectrum, float* work, float* time) {
  constexpr D d;
  const int half = plan.half, lanes = static_cast<int>(hn::Lanes(d));
  Parts z = parts_of(work, half, 0), other = parts_of(work, half, 1);
  for (int k = 0; k < half; k += lanes) {
    const Complex<D> a = load_pairs(d, spectrum + 2 * k),
                     mirrored = load_pairs(d, spectrum + 2 * (half - k - lanes + 1));
    const Complex<D> b{hn::Reverse(d, mirrored.re), hn::Reverse(d, mirrored.im)};
    const Complex<D> sum{hn::Add(a.re, b.re), hn::Sub(a.im, b.im)};
    const Complex<D> difference{hn::Sub(a.re, b.re), hn::Add(a.im, b.im)};
    const auto c = hn::LoadU(d, &plan.cos[static_cast<std::size_t>(k)]);
    const auto s = hn::LoadU(d, &plan.sin[static_cast<std::size_t>(k)]);
    const auto re = hn::Sub(sum.re, hn::MulAdd(s, difference.re, hn::Mul(c, difference.im)));
    const auto im = hn::Add(sum.im, hn::NegMulAdd(s, difference.im, hn::Mul(c, difference.re)));
    store<D>({im, re}, d, z, k);
  }
  first_step(
      plan.steps.front(), [&](int i) HWY_ATTR { return load(d, z, i); }, other);
  std::swap(z, other);
  other_steps(plan, &z, &other);
  for (int i = 0; i < half; i += lanes)
    hn::StoreInterleaved2(hn::LoadU(d, z.im + i), hn::LoadU(d, z.re + i), d, time + 2 * i);
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(to_spectrum);
HWY_EXPORT(to_time);

namespace {

constexpr int kSmallest = 8 * kMostLanes;  // whose first step has a vector of transforms
constexpr double kPi = 3.141592653589793238463;

bool is_power_of_two(int n) { return (n & (n - 1)) == 0; }

RealFft::Step four_step_of(int length, int stride) {
  const int count = length / 4;
  RealFft::Step step{4, length, stride, std::vector<float>(static_cast<std::size_t>(6 * count))};
  float* to = step.factors.data();
  for (int power = 1; power <= 3; ++power, to += 2 * count) {
    for (int p = 0; p < count; ++p) {
      const double angle = -2.0 * kPi * power * p / length;
      to[p] = static_cast<float>(std::cos(angle));
      to[count + p] = static_cast<float>(std::sin(angle));
    }
  }
  return step;
}

RealFft::Plan plan_of(int half) {
  RealFft::Plan plan{half, {}, {}, {}};
  int length = half, stride = 1;
  for (; length >= 4; length /= 4, stride *= 4) plan.steps.push_back(four_step_of(length, stride));
  if (length == 2) plan.steps.push_back({2, length, stride, {}});
  for (int k = 0; k < half; ++k) {
    plan.cos.push_back(static_cast<float>(std::cos(kPi * k / half)));
    plan.sin.push_back(static_cast<float>(std::sin(kPi * k / half)));
  }
  return plan;
}

}  // namespace

RealFft::RealFft(int size) : size_(size) {
  if (size < kSmallest || !is_power_of_two(size)) {
    other_ = std::make_unique<dsp::RealFloatFft>(size);
    time_ = other_->time();
    spectrum_ = other_->spectrum();
    return;
  }
  const int half = size / 2;
  plan_ = plan_of(half);
  const auto floats = [](int count) { return static_cast<std::size_t>(count); };
  const std::size_t signal = floats(size + kSpare);
  memory_ = AlignedBytes((2 * signal + floats(4 * part_floats(half))) * sizeof(float));
  time_ = memory_.floats();
  spectrum_ = reinterpret_cast<std::complex<float>*>(time_ + signal);
  work_ = time_ + 2 * signal;
}

void RealFft::forward() {
  if (other_) return other_->forward();
  HWY_DYNAMIC_DISPATCH(to_spectrum)(plan_, time_, work_, reinterpret_cast<float*>(spectrum_));
}

void RealFft::inverse() {
  if (other_) return other_->inverse();
  HWY_DYNAMIC_DISPATCH(to_time)(plan_, reinterpret_cast<float*>(spectrum_), work_, time_);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE
