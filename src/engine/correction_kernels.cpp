// SPDX-License-Identifier: MIT
#include "engine/correction_kernels.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/correction_kernels.cpp"
// It includes this file again, once for each instruction set, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using Whole = hn::CappedTag<float, 8>;
using One = hn::CappedTag<float, 1>;

// Calls body(d, i) for whole vectors of values, and for those that are left one by one.
template <class Body>
HWY_INLINE void for_each(std::size_t count, const Body& body) {
  constexpr Whole d;
  constexpr One one;
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) body(d, i);
  for (; i < count; ++i) body(one, i);
}

void apply_window(const float* x, const float* window, std::size_t count, float* out) {
  for_each(count, [&](auto d, std::size_t i) HWY_ATTR {
    hn::StoreU(hn::Mul(hn::LoadU(d, x + i), hn::LoadU(d, window + i)), d, out + i);
  });
}

void magnitudes(const float* spectrum, std::size_t bins, float epsilon, bool root, float* out) {
  for_each(bins, [&](auto d, std::size_t k) HWY_ATTR {
    hn::Vec<decltype(d)> re, im;
    hn::LoadInterleaved2(d, spectrum + 2 * k, re, im);
    const auto power = hn::Add(hn::MulAdd(re, re, hn::Mul(im, im)), hn::Set(d, epsilon));
    hn::StoreU(root ? hn::Sqrt(power) : power, d, out + k);
  });
}

HWY_INLINE float dot(const float* a, const float* b, std::size_t count) {
  constexpr Whole d;
  const std::size_t lanes = hn::Lanes(d);
  auto sums = hn::Zero(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes)
    sums = hn::MulAdd(hn::LoadU(d, a + i), hn::LoadU(d, b + i), sums);
  float sum = hn::GetLane(hn::SumOfLanes(d, sums));
  for (; i < count; ++i) sum += a[i] * b[i];
  return sum;
}

void band_gains(const BandFilters& filters, const float* magnitudes, const float* target,
                const GainRule& rule, float* out) {
  float* to = out;
  for (const BandFilters::Band& band : filters.bands)
    *to++ = dot(&filters.weights[band.at], magnitudes + band.first, band.values);
  for_each(filters.bands.size(), [&](auto d, std::size_t b) HWY_ATTR {
    const auto sum = hn::LoadU(d, out + b), floor = hn::Set(d, rule.floor.value);
    const auto floored = rule.floor.is_added ? hn::Add(sum, floor) : hn::Max(sum, floor);
    const auto ln = hn::Mul(hn::Log(d, floored), hn::Set(d, rule.factor));
    const auto gain =
        hn::Mul(hn::Sub(hn::Add(hn::LoadU(d, target + b), hn::Set(d, rule.offset)), ln),
                hn::Set(d, rule.strength));
    const auto most = hn::Set(d, rule.most);
    hn::StoreU(hn::Min(hn::Max(gain, hn::Neg(most)), most), d, out + b);
  });
}

// table[at[i]] for every lane. Where neighbours' places lie close together, as those of bins among
// bands do, they are taken out of one vector, which is faster than a gather.
template <class D>
HWY_INLINE hn::Vec<D> taken(D d, const float* table, const int* at) {
  const hn::RebindToSigned<D> di;
  const auto lanes = static_cast<int>(hn::Lanes(d));
  const auto places = hn::LoadU(di, at);
  if (lanes == 1 || at[lanes - 1] - at[0] >= lanes) return hn::GatherIndex(d, table, places);
  const auto indices = hn::IndicesFromVec(d, hn::Sub(places, hn::Set(di, at[0])));
  return hn::TableLookupLanes(hn::LoadU(d, table + at[0]), indices);
}

void apply_gains(const float* gains, const int* lower, const float* share, std::size_t bins,
                 float* spectrum) {
  for_each(bins, [&](auto d, std::size_t k) HWY_ATTR {
    const auto g = taken(d, gains, lower + k), h = taken(d, gains + 1, lower + k);
    const auto gain = hn::Exp(d, hn::MulAdd(hn::LoadU(d, share + k), hn::Sub(h, g), g));
    hn::Vec<decltype(d)> re, im;
    hn::LoadInterleaved2(d, spectrum + 2 * k, re, im);
    hn::StoreInterleaved2(hn::Mul(re, gain), hn::Mul(im, gain), d, spectrum + 2 * k);
  });
}

void take_change(const float* made, const float* window, float momentum, std::size_t count,
                 const FrameParts& frame) {
  for_each(count, [&](auto d, std::size_t i) HWY_ATTR {
    const auto part = hn::LoadU(d, frame.part + i);
    const auto share =
        hn::MulAdd(hn::LoadU(d, frame.sound + i), hn::LoadU(d, frame.share + i), part);
    const auto new_share = hn::Mul(hn::LoadU(d, made + i), hn::LoadU(d, window + i));
    const auto change =
        hn::MulAdd(hn::LoadU(d, frame.change + i), hn::Set(d, momentum), hn::Sub(new_share, share));
    hn::StoreU(change, d, frame.change + i);
    hn::StoreU(hn::Add(part, change), d, frame.part + i);
    hn::StoreU(hn::Add(hn::LoadU(d, frame.sum + i), change), d, frame.sum + i);
  });
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(apply_window);
HWY_EXPORT(magnitudes);
HWY_EXPORT(band_gains);
HWY_EXPORT(apply_gains);
HWY_EXPORT(take_change);

void apply_window(const float* x, const float* window, std::size_t count, float* out) {
  HWY_DYNAMIC_DISPATCH(apply_window)(x, window, count, out);
}

void magnitudes(const std::complex<float>* spectrum, std::size_t bins, float epsilon, bool root,
                float* out) {
  HWY_DYNAMIC_DISPATCH(magnitudes)
  (reinterpret_cast<const float*>(spectrum), bins, epsilon, root, out);
}

void band_gains(const BandFilters& filters, const float* magnitudes, const float* target,
                const GainRule& rule, float* out) {
  HWY_DYNAMIC_DISPATCH(band_gains)(filters, magnitudes, target, rule, out);
}

void apply_gains(const float* gains, const int* lower, const float* share, std::size_t bins,
                 std::complex<float>* spectrum) {
  HWY_DYNAMIC_DISPATCH(apply_gains)
  (gains, lower, share, bins, reinterpret_cast<float*>(spectrum));
}

void take_change(const float* made, const float* window, float momentum, std::size_t count,
                 const FrameParts& frame) {
  HWY_DYNAMIC_DISPATCH(take_change)(made, window, momentum, count, frame);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE
