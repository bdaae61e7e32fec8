// SPDX-License-Identifier: MIT
#include "engine/conversions.hpp"

#include <cmath>
#include <cstring>

// One body, compiled for every instruction set that makes a difference, chosen when it runs.
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/conversions.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
#include "engine/bfloat16-inl.hpp"
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

#if HWY_TARGET == HWY_SCALAR
HWY_INLINE int transpose_tiles(const std::uint32_t*, int, int, std::uint32_t*, int) { return 0; }
#else
// Of whole tiles of four by four; the number of columns that they span.
HWY_INLINE int transpose_tiles(const std::uint32_t* from, int rows, int columns, std::uint32_t* to,
                               int to_row) {
  const hn::FixedTag<std::uint32_t, 4> d4;
  int c = 0;
  for (; c + 4 <= columns; c += 4) {
    for (int r = 0; r + 4 <= rows; r += 4) {
      const std::uint32_t* at = from + static_cast<std::ptrdiff_t>(r) * columns + c;
      const auto r0 = hn::LoadU(d4, at), r1 = hn::LoadU(d4, at + columns),
                 r2 = hn::LoadU(d4, at + 2 * columns), r3 = hn::LoadU(d4, at + 3 * columns);
      const auto low02 = hn::InterleaveLower(d4, r0, r2), low13 = hn::InterleaveLower(d4, r1, r3);
      const auto up02 = hn::InterleaveUpper(d4, r0, r2), up13 = hn::InterleaveUpper(d4, r1, r3);
      std::uint32_t* out = to + static_cast<std::ptrdiff_t>(c) * to_row + r;
      hn::StoreU(hn::InterleaveLower(d4, low02, low13), d4, out);
      hn::StoreU(hn::InterleaveUpper(d4, low02, low13), d4, out + to_row);
      hn::StoreU(hn::InterleaveLower(d4, up02, up13), d4, out + 2 * to_row);
      hn::StoreU(hn::InterleaveUpper(d4, up02, up13), d4, out + 3 * to_row);
    }
  }
  return c;
}
#endif

void transpose(const std::uint32_t* from, int rows, int columns, std::uint32_t* to, int to_row) {
  const int tiled = transpose_tiles(from, rows, columns, to, to_row);
  for (int c = 0; c < columns; ++c)
    for (int r = c < tiled ? rows / 4 * 4 : 0; r < rows; ++r)
      to[static_cast<std::ptrdiff_t>(c) * to_row + r] =
          from[static_cast<std::ptrdiff_t>(r) * columns + c];
}

void to_bfloat16(const float* from, std::size_t count, std::uint16_t* to) {
  const std::size_t lanes = hn::Lanes(d);
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) store_bfloat16(hn::LoadU(d, from + i), to + i);
  if (i == count) return;
  float rest[kVector] = {};
  std::uint16_t halves[kVector];
  std::memcpy(rest, from + i, sizeof(float) * (count - i));
  store_bfloat16(hn::LoadU(d, rest), halves);
  std::memcpy(to + i, halves, sizeof(std::uint16_t) * (count - i));
}

void to_pairs(const float* even, const float* odd, std::size_t count, std::uint32_t* to) {
  const hn::RebindToUnsigned<D> du;
  const std::size_t lanes = hn::Lanes(d);
  const auto make = [&](const float* e, const float* o, std::uint32_t* words) HWY_ATTR {
    const auto upper = hn::And(rounded_to_bfloat16(hn::LoadU(d, o)), hn::Set(du, 0xffff0000u));
    const auto lower = hn::ShiftRight<16>(rounded_to_bfloat16(hn::LoadU(d, e)));
    hn::StoreU(hn::Or(upper, lower), du, words);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) make(even + i, odd + i, to + i);
  if (i == count) return;
  float rest[2][kVector] = {};
  std::uint32_t words[kVector];
  std::memcpy(rest[0], even + i, sizeof(float) * (count - i));
  std::memcpy(rest[1], odd + i, sizeof(float) * (count - i));
  make(rest[0], rest[1], words);
  std::memcpy(to + i, words, sizeof(std::uint32_t) * (count - i));
}

#if HWY_TARGET <= HWY_AVX2 || HWY_ARCH_ARM_A64
void to_half(const float* from, std::size_t count, std::uint16_t* to) {
  const hn::Rebind<hwy::float16_t, D> dh;
  const std::size_t lanes = hn::Lanes(d);
  const auto encode = [&](const float* floats, std::uint16_t* halves) HWY_ATTR {
    hn::StoreU(hn::DemoteTo(dh, hn::LoadU(d, floats)), dh,
               reinterpret_cast<hwy::float16_t*>(halves));
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) encode(from + i, to + i);
  if (i == count) return;
  float rest[kVector] = {};
  std::uint16_t encoded[kVector];
  std::memcpy(rest, from + i, sizeof(float) * (count - i));
  encode(rest, encoded);
  std::memcpy(to + i, encoded, sizeof(std::uint16_t) * (count - i));
}
#else
// Highway's own, where processors have no instruction for it, is not exact below 2^-14.
void to_half(const float* from, std::size_t count, std::uint16_t* to) {
  constexpr std::uint32_t kSmallest = 0x38800000u, kOverflow = 0x47800000u;  // 2^-14, 2^16
  for (std::size_t i = 0; i < count; ++i) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, from + i, sizeof bits);
    const std::uint32_t sign = bits >> 16 & 0x8000u;
    bits &= 0x7fffffffu;
    std::uint32_t half = 0x7c00u;
    if (bits < kSmallest) {
      // A float's last place at 0.5 is the smallest half.
      const float sum = std::fabs(from[i]) + 0.5F;
      std::memcpy(&half, &sum, sizeof half);
      half -= 0x3f000000u;
    } else if (bits < kOverflow) {
      half = (bits - (112u << 23) + 0xfffu + (bits >> 13 & 1u)) >> 13;
    }
    to[i] = static_cast<std::uint16_t>(sign | half);
  }
}
#endif

void decode_half(const char* from, std::size_t count, float* to) {
  const hn::Rebind<hwy::float16_t, D> dh;
  const std::size_t lanes = hn::Lanes(d);
  const auto decode = [&](const char* halves, float* floats) HWY_ATTR {
    hn::StoreU(hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(halves))), d,
               floats);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) decode(from + 2 * i, to + i);
  if (i == count) return;
  char rest[2 * kVector] = {};
  float decoded[kVector];
  std::memcpy(rest, from + 2 * i, 2 * (count - i));
  decode(rest, decoded);
  std::memcpy(to + i, decoded, sizeof(float) * (count - i));
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(transpose);
HWY_EXPORT(to_bfloat16);
HWY_EXPORT(to_pairs);
HWY_EXPORT(to_half);
HWY_EXPORT(decode_half);

void transpose(const std::uint32_t* from, int rows, int columns, std::uint32_t* to, int to_row) {
  HWY_DYNAMIC_DISPATCH(transpose)(from, rows, columns, to, to_row);
}
void to_bfloat16(const float* from, std::size_t count, std::uint16_t* to) {
  HWY_DYNAMIC_DISPATCH(to_bfloat16)(from, count, to);
}
void to_pairs(const float* even, const float* odd, std::size_t count, std::uint32_t* to) {
  HWY_DYNAMIC_DISPATCH(to_pairs)(even, odd, count, to);
}
void to_half(const float* from, std::size_t count, std::uint16_t* to) {
  HWY_DYNAMIC_DISPATCH(to_half)(from, count, to);
}
void decode_half(const char* from, std::size_t count, float* to) {
  HWY_DYNAMIC_DISPATCH(decode_half)(from, count, to);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE
