// SPDX-License-Identifier: MIT
#include "engine/panels.hpp"

#include <algorithm>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "engine/panels.cpp"
// It includes this file again, once for each instruction set, and must stand first.
// clang-format off
#include "core/highway_targets.hpp"
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::engine::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, kPanel>;
using V = hn::Vec<D>;
constexpr D d;
constexpr int kLanes = HWY_LANES(float) < kPanel ? HWY_LANES(float) : kPanel;
constexpr int kVectors = kPanel / kLanes;  // of a panel

// A tile of sums stays in registers: its rows share every weight that is loaded, its columns every
// activation. Eight sums or more hide what a multiplication takes until its result is there. What a
// tile loads for each input (weights + rows) stays below what it multiplies (weights * rows).
#if HWY_TARGET == HWY_SCALAR
constexpr int kMostSums = kPanel, kMostRows = 1;
#elif HWY_ARCH_ARM_A64
constexpr int kMostSums = 20, kMostRows = 5;  // of 32 registers, one for every activation
#elif HWY_MAX_BYTES >= 64
constexpr int kMostSums = 24, kMostRows = 6;  // of 32, activations being read from memory
#elif HWY_MAX_BYTES >= 32
constexpr int kMostSums = 12, kMostRows = 6;  // of 16
#else
constexpr int kMostSums = 8, kMostRows = 2;  // of 16, with products that are not fused
#endif
constexpr int kMostGroup = 8;  // panels that a tile spans

HWY_INLINE std::uint32_t word_at(const void* p) {
  std::uint32_t word;
  std::memcpy(&word, p, sizeof word);
  return word;
}

// What differs between the kinds of operands: kInputs of them are multiplied at a time, Word is
// what holds so many weights of a column.
struct FloatWeights {
  using Word = float;
  static constexpr bool kScaled = false;
  static HWY_INLINE V load(const Word* at) { return hn::LoadU(d, at); }
};
struct HalfWeights {
  using Word = std::uint16_t;
  static constexpr bool kScaled = false;
  static HWY_INLINE V load(const Word* at) {
    const hn::Rebind<hwy::float16_t, D> dh;
    return hn::PromoteTo(d, hn::LoadU(dh, reinterpret_cast<const hwy::float16_t*>(at)));
  }
};
struct Bfloat16Weights {
  using Word = std::uint16_t;
  static constexpr bool kScaled = false;
  static HWY_INLINE V load(const Word* at) {
    const hn::RebindToUnsigned<D> du;
    const hn::Rebind<std::uint16_t, D> dh;
    return hn::BitCast(d, hn::ShiftLeft<16>(hn::PromoteTo(du, hn::LoadU(dh, at))));
  }
};
struct Int8Weights {
  using Word = std::int8_t;
  static constexpr bool kScaled = true;
  static HWY_INLINE V load(const Word* at) {
    const hn::Rebind<std::int8_t, D> d8;
    const hn::RebindToSigned<D> d32;
    return hn::ConvertTo(d, hn::PromoteTo(d32, hn::LoadU(d8, at)));
  }
};

template <class Stores>
struct FloatOperands : Stores {
  using X = float;
  static constexpr int kInputs = 1;
  using Pair = V;
  static HWY_INLINE V broadcast(const X* x) { return hn::Set(d, *x); }
  static HWY_INLINE V add(V x, V w, V sum) { return hn::MulAdd(x, w, sum); }
};

#if defined(HWY_NATIVE_DOT_BF16) && HWY_NATIVE_DOT_BF16
// Pairs by the processor's own instruction, which leaves the second sum alone.
struct PairOperands {
  using X = std::uint16_t;
  using Word = std::uint32_t;
  static constexpr int kInputs = 2;
  static constexpr bool kScaled = false;
  using DB = hn::Repartition<hwy::bfloat16_t, D>;
  using Pair = hn::Vec<DB>;
  static HWY_INLINE Pair broadcast(const X* x) {
    return hn::BitCast(DB(), hn::Set(hn::RebindToUnsigned<D>(), word_at(x)));
  }
  static HWY_INLINE Pair load(const Word* at) {
    return hn::BitCast(DB(), hn::LoadU(hn::RebindToUnsigned<D>(), at));
  }
  static HWY_INLINE V add(Pair x, Pair w, V sum) {
    V none = hn::Zero(d);
    return hn::ReorderWidenMulAccumulate(d, x, w, sum, none);
  }
};
#else
struct PairOperands {
  using X = std::uint16_t;
  using Word = std::uint32_t;
  static constexpr int kInputs = 2;
  static constexpr bool kScaled = false;
  using DW = hn::RebindToUnsigned<D>;
  using Pair = hn::Vec<DW>;
  static HWY_INLINE Pair broadcast(const X* x) { return hn::Set(DW(), word_at(x)); }
  static HWY_INLINE Pair load(const Word* at) { return hn::LoadU(DW(), at); }
  static HWY_INLINE V even(Pair pair) { return hn::BitCast(d, hn::ShiftLeft<16>(pair)); }
  static HWY_INLINE V odd(Pair pair) {
    return hn::BitCast(d, hn::And(pair, hn::Set(DW(), 0xffff0000u)));
  }
  static HWY_INLINE V add(Pair x, Pair w, V sum) {
    return hn::MulAdd(odd(x), odd(w), hn::MulAdd(even(x), even(w), sum));
  }
};
#endif

// Which tile of a product: its first panel, its first row.
template <class Operands>
struct Place {
  const typename Operands::Word* weights;
  const float* scales;
  const typename Operands::X* x;
  float* y;
};

// Sums are variables in registers once every loop over them is unrolled, which GCC would else find
// too long.
#define GLOWVOX_UNROLL _Pragma("GCC unroll 32")

template <class Operands, int kRows, int kGroup>
void tile(const Panels& p, const Place<Operands>& at, Write write) {
  using Pair = typename Operands::Pair;
  constexpr int kColumns = kGroup * kVectors;
  const std::ptrdiff_t x_row = p.layout.x_row, y_row = p.layout.y_row;
  const std::ptrdiff_t steps = p.in / Operands::kInputs;
  const std::ptrdiff_t panel = p.taps * steps * kPanel;  // words from a panel to the next
  V sum[kRows][kColumns];
  GLOWVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    const float* y = at.y + r * y_row;
    GLOWVOX_UNROLL
    for (int c = 0; c < kColumns; ++c)
      sum[r][c] =
          write == Write::kAdd && !Operands::kScaled ? hn::LoadU(d, y + c * kLanes) : hn::Zero(d);
  }
  const typename Operands::Word* w = at.weights;
  for (int k = 0; k < p.taps; ++k) {
    const typename Operands::X* x = at.x + k * p.layout.x_tap;
    for (std::ptrdiff_t i = 0; i < steps; ++i, w += kPanel, x += Operands::kInputs) {
      const auto weight = [w, panel](int c) HWY_ATTR {
        return Operands::load(w + c / kVectors * panel + c % kVectors * kLanes);
      };
      // The fewer of the two are held in registers.
      if constexpr (kRows < kColumns) {
        Pair held[kRows];
        GLOWVOX_UNROLL
        for (int r = 0; r < kRows; ++r) held[r] = Operands::broadcast(x + r * x_row);
        GLOWVOX_UNROLL
        for (int c = 0; c < kColumns; ++c) {
          const Pair once = weight(c);
          GLOWVOX_UNROLL
          for (int r = 0; r < kRows; ++r) sum[r][c] = Operands::add(held[r], once, sum[r][c]);
        }
      } else {
        Pair held[kColumns];
        GLOWVOX_UNROLL
        for (int c = 0; c < kColumns; ++c) held[c] = weight(c);
        GLOWVOX_UNROLL
        for (int r = 0; r < kRows; ++r) {
          const Pair once = Operands::broadcast(x + r * x_row);
          GLOWVOX_UNROLL
          for (int c = 0; c < kColumns; ++c) sum[r][c] = Operands::add(once, held[c], sum[r][c]);
        }
      }
    }
  }
  GLOWVOX_UNROLL
  for (int r = 0; r < kRows; ++r) {
    float* y = at.y + r * y_row;
    GLOWVOX_UNROLL
    for (int c = 0; c < kColumns; ++c) {
      if constexpr (Operands::kScaled) {
        const V scale = hn::LoadU(d, at.scales + c * kLanes);
        sum[r][c] = write == Write::kAdd
                        ? hn::MulAdd(sum[r][c], scale, hn::LoadU(d, y + c * kLanes))
                        : hn::Mul(sum[r][c], scale);
      }
      hn::StoreU(sum[r][c], d, y + c * kLanes);
    }
  }
}

constexpr bool fits(int rows, int group) {
  return group <= kMostGroup && rows * group * kVectors <= kMostSums;
}

template <class Operands, int kRows>
HWY_INLINE void tile_of(int group, const Panels& p, const Place<Operands>& at, Write write) {
  if constexpr (kRows <= kMostRows) {
    if constexpr (fits(kRows, 8))
      if (group == 8) return tile<Operands, kRows, 8>(p, at, write);
    if constexpr (fits(kRows, 4))
      if (group == 4) return tile<Operands, kRows, 4>(p, at, write);
    if constexpr (fits(kRows, 2))
      if (group == 2) return tile<Operands, kRows, 2>(p, at, write);
    tile<Operands, kRows, 1>(p, at, write);
  }
}

template <class Operands>
HWY_INLINE void run_tile(int rows, int group, const Panels& p, const Place<Operands>& at,
                         Write write) {
  switch (rows) {
    case 1:
      return tile_of<Operands, 1>(group, p, at, write);
    case 2:
      return tile_of<Operands, 2>(group, p, at, write);
    case 3:
      return tile_of<Operands, 3>(group, p, at, write);
    case 4:
      return tile_of<Operands, 4>(group, p, at, write);
    case 5:
      return tile_of<Operands, 5>(group, p, at, write);
    default:
      return tile_of<Operands, 6>(group, p, at, write);
  }
}

// Panels that tiles of so many rows span, as many as there are registers for.
HWY_INLINE int group_for(int rows, int panels) {
  int group = kMostGroup;
  while (group > 1 && (group > panels || !fits(rows, group))) group /= 2;
  return group;
}

// Tiles of full height, a few panels at a time, which stay in the second cache until the rows that
// are left over have had them too. Those are wider tiles: so many sums as a low one has of a
// single panel would wait for each other.
template <class Operands>
void run(const Panels& p, const void* x, float* y, int rows, Write write) {
  const auto* activations = static_cast<const typename Operands::X*>(x);
  const auto* weights = reinterpret_cast<const typename Operands::Word*>(p.weights);
  const std::ptrdiff_t panel = std::ptrdiff_t{p.taps} * (p.in / Operands::kInputs) * kPanel;
  const auto run_rows = [&](int first, int group, int row, int height) HWY_ATTR {
    run_tile<Operands>(height, group, p,
                       {weights + first * panel,
                        Operands::kScaled ? p.scales + std::ptrdiff_t{first} * kPanel : nullptr,
                        activations + std::ptrdiff_t{row} * p.layout.x_row,
                        y + std::ptrdiff_t{row} * p.layout.y_row + std::ptrdiff_t{first} * kPanel},
                       write);
  };
  const int rest = rows % kMostRows, full = rows - rest;
  for (int begin = 0; begin < p.count; begin += kMostGroup) {
    const int end = std::min(p.count, begin + kMostGroup);
    for (int first = begin, group = 0; full > 0 && first < end; first += group) {
      group = group_for(kMostRows, end - first);
      for (int row = 0; row < full; row += kMostRows) run_rows(first, group, row, kMostRows);
    }
    for (int first = begin, group = 0; rest > 0 && first < end; first += group) {
      group = group_for(rest, end - first);
      run_rows(first, group, full, rest);
    }
  }
}

void multiply(const Panels& p, const void* x, float* y, int rows, Write write) {
  if (rows < 1) return;
  if (p.activations == DType::kBfloat16) return run<PairOperands>(p, x, y, rows, write);
  switch (p.stored) {
    case Storage::kFloat32:
      return run<FloatOperands<FloatWeights>>(p, x, y, rows, write);
    case Storage::kHalf:
      return run<FloatOperands<HalfWeights>>(p, x, y, rows, write);
    case Storage::kBfloat16:
      return run<FloatOperands<Bfloat16Weights>>(p, x, y, rows, write);
    case Storage::kInt8:
      return run<FloatOperands<Int8Weights>>(p, x, y, rows, write);
  }
}

}  // namespace glowvox::engine::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::engine {

HWY_EXPORT(multiply);

void multiply_panels(const Panels& panels, const void* x, float* y, int rows, Write write) {
  HWY_DYNAMIC_DISPATCH(multiply)(panels, x, y, rows, write);
}

}  // namespace glowvox::engine
#endif  // HWY_ONCE
