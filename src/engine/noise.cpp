// SPDX-License-Identifier: MIT
#include "engine/noise.hpp"

#include <algorithm>

#include "core/random.hpp"
#include "engine/aligned.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/noise.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/contrib/math/math-inl.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR || !HWY_HAVE_FLOAT64

void noise(std::uint64_t seed, const std::vector<std::uint32_t>& channels, std::int64_t first_frame,
           float sigma, RowsView out) {
  for (std::size_t c = 0; c < channels.size(); ++c) {
    fill_normal(seed, 0, channels[c], first_frame, out.count, out.data + c, out.stride);
    for (std::int64_t r = 0; r < out.count; ++r) out.row(r)[c] *= sigma;
  }
}

#else

// Columns handled together.
constexpr int kNoiseColumns = 64;

// Philox4x32-10 as in core/random.hpp, a channel in each lane.
HWY_NOINLINE void philox(std::uint64_t seed, std::uint64_t block, const std::uint32_t* channels,
                         int columns, std::uint32_t (*bits)[kNoiseColumns]) {
  const hn::CappedTag<std::uint32_t, kVector> du;
  using U = hn::Vec<decltype(du)>;
  const hn::RepartitionToWide<decltype(du)> dw;
  const auto low_half = hn::Set(dw, 0xffffffffull);
  const auto multiply = [&](U a, std::uint32_t by, U* high) HWY_ATTR {
    const U factor = hn::Set(du, by);
    const auto even = hn::MulEven(a, factor);
    const auto odd = hn::MulEven(hn::BitCast(du, hn::ShiftRight<32>(hn::BitCast(dw, a))), factor);
    *high = hn::BitCast(du, hn::Or(hn::ShiftRight<32>(even), hn::AndNot(low_half, odd)));
    return hn::BitCast(du, hn::Or(hn::And(low_half, even), hn::ShiftLeft<32>(odd)));
  };
  for (int c = 0; c < columns; c += static_cast<int>(hn::Lanes(du))) {
    U x0 = hn::Set(du, static_cast<std::uint32_t>(block));
    U x1 = hn::Set(du, static_cast<std::uint32_t>(block >> 32));
    U x2 = hn::LoadU(du, channels + c);
    U x3 = hn::Zero(du);
    auto key0 = static_cast<std::uint32_t>(seed), key1 = static_cast<std::uint32_t>(seed >> 32);
    for (int round = 0; round < 10; ++round) {
      U high0, high1;
      const U low0 = multiply(x0, 0xD2511F53u, &high0);
      const U low1 = multiply(x2, 0xCD9E8D57u, &high1);
      x0 = hn::Xor(hn::Xor(high1, x1), hn::Set(du, key0));
      x2 = hn::Xor(hn::Xor(high0, x3), hn::Set(du, key1));
      x1 = low1;
      x3 = low0;
      key0 += 0x9E3779B9u;
      key1 += 0xBB67AE85u;
    }
    hn::StoreU(x0, du, bits[0] + c);
    hn::StoreU(x1, du, bits[1] + c);
    hn::StoreU(x2, du, bits[2] + c);
    hn::StoreU(x3, du, bits[3] + c);
  }
}

// Box-Muller in double, as in fill_normal: two rows of bits to two rows of normals.
HWY_NOINLINE void normals(const std::uint32_t* first, const std::uint32_t* second, int columns,
                          float sigma, float* cosines, float* sines) {
  const hn::CappedTag<double, kVector / 2> dd;
  const hn::Rebind<std::uint32_t, decltype(dd)> du;
  const hn::Rebind<std::uint64_t, decltype(dd)> dw;
  const hn::Rebind<std::int64_t, decltype(dd)> di;
  const hn::Rebind<float, decltype(dd)> df;
  const auto uniform = [&](const std::uint32_t* bits, double offset) HWY_ATTR {
    const auto wide = hn::PromoteTo(dw, hn::LoadU(du, bits));
    return hn::Mul(hn::Add(hn::ConvertTo(dd, hn::BitCast(di, wide)), hn::Set(dd, offset)),
                   hn::Set(dd, 1.0 / 4294967296.0));
  };
  for (int c = 0; c < columns; c += static_cast<int>(hn::Lanes(dd))) {
    // The half keeps the logarithm's argument inside (0, 1).
    const auto u = uniform(first + c, 0.5);
    const auto radius = hn::Sqrt(hn::Mul(hn::Set(dd, -2.0), hn::Log(dd, u)));
    const auto angle = hn::Mul(uniform(second + c, 0.0), hn::Set(dd, 6.283185307179586476925));
    const auto scale = hn::Set(df, sigma);
    const auto cosine = hn::DemoteTo(df, hn::Mul(radius, hn::Cos(dd, angle)));
    const auto sine = hn::DemoteTo(df, hn::Mul(radius, hn::Sin(dd, angle)));
    hn::StoreU(hn::Mul(cosine, scale), df, cosines + c);
    hn::StoreU(hn::Mul(sine, scale), df, sines + c);
  }
}

void noise(std::uint64_t seed, const std::vector<std::uint32_t>& channels, std::int64_t first_frame,
           float sigma, RowsView out) {
  std::uint32_t bits[4][kNoiseColumns];
  float values[4][kNoiseColumns];
  const std::int64_t end = first_frame + out.count;
  const int columns = static_cast<int>(channels.size());
  for (std::int64_t block = first_frame / 4; block * 4 < end; ++block) {
    // Of two frames of a block each; a stream that draws frame by frame needs one of them.
    const auto wanted = [&](std::int64_t pair) {
      return block * 4 + 2 * pair < end && block * 4 + 2 * pair + 1 >= first_frame;
    };
    for (int begin = 0; begin < columns; begin += kNoiseColumns) {
      const int count = std::min(kNoiseColumns, columns - begin);
      philox(seed, static_cast<std::uint64_t>(block), &channels[static_cast<std::size_t>(begin)],
             count, bits);
      if (wanted(0)) normals(bits[0], bits[1], count, sigma, values[0], values[1]);
      if (wanted(1)) normals(bits[2], bits[3], count, sigma, values[2], values[3]);
      for (int lane = 0; lane < 4; ++lane) {
        const std::int64_t frame = block * 4 + lane;
        if (frame < first_frame || frame >= end) continue;
        std::copy(values[lane], values[lane] + count, out.row(frame - first_frame) + begin);
      }
    }
  }
}

#endif

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(noise);

void noise(std::uint64_t seed, const std::vector<std::uint32_t>& channels, std::int64_t first_frame,
           float sigma, RowsView out) {
  HWY_DYNAMIC_DISPATCH(noise)(seed, channels, first_frame, sigma, out);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE
