// SPDX-License-Identifier: MIT
#include "flow/products.hpp"

#include <algorithm>
#include <cstring>
#include <new>

#include "flow/bfloat16_products.hpp"

// One body, compiled for every instruction set that makes a difference, chosen when it runs. The
// ones without a fixed vector length cannot hold vectors in arrays.
#define HWY_DISABLED_TARGETS (HWY_SSSE3 | HWY_AVX3_DL | HWY_SVE | HWY_SVE2 | HWY_RVV)
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "flow/products.cpp"
// It includes this file again, once for each of them, and must stand first.
// clang-format off
#include <hwy/foreach_target.h>
#include <hwy/highway.h>
// clang-format on

HWY_BEFORE_NAMESPACE();
namespace glowvox::flow::HWY_NAMESPACE {

namespace hn = hwy::HWY_NAMESPACE;

using D = hn::CappedTag<float, 16>;
using V = hn::Vec<D>;
constexpr D d;
constexpr int kLanes = static_cast<int>(hn::MaxLanes(d));

// Sums in registers: kRows x kVectors of them, with room for a row of the right side and one
// element of the left.
#if HWY_TARGET <= HWY_AVX3 || HWY_TARGET == HWY_NEON
constexpr int kRows = 8, kVectors = 3;
#else
constexpr int kRows = 4, kVectors = 3;
#endif
constexpr int kColumns = kVectors * kLanes;
constexpr std::uintptr_t kAlignment = 64 / sizeof(float);  // a cache line

HWY_INLINE float* aligned(float* p) {
  const auto line = reinterpret_cast<std::uintptr_t>(p) + 63;
  return reinterpret_cast<float*>(line / 64 * 64);
}

// Depth of a pass: a panel of it stays in the first cache.
constexpr std::int64_t kDepth = 240;

// The left side of a tile: element [i, k] is data[i * row + k * column].
struct Left {
  const float* data;
  std::ptrdiff_t row, column;
};

// [kTileRows, kTileVectors * kLanes] of c.
template <int kTileRows, int kTileVectors>
HWY_INLINE void tile(Left a, ConstRowsView b, ConstRowsView start, const float* bias, RowsView c) {
  V sums[kTileRows][kTileVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j) {
      V sum = hn::Zero(d);
      if (start.data != nullptr) sum = hn::LoadU(d, start.row(i) + j * kLanes);
      if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + j * kLanes));
      sums[i][j] = sum;
    }
  const std::int64_t depth = b.count;
  for (std::int64_t k = 0; k < depth; ++k, a.data += a.column, b.data += b.stride) {
    V right[kTileVectors];
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j) right[j] = hn::LoadU(d, b.data + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      const V left = hn::Set(d, a.data[i * a.row]);
#pragma GCC unroll 3
      for (int j = 0; j < kTileVectors; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j) hn::StoreU(sums[i][j], d, c.row(i) + j * kLanes);
}

// A tile of which only `columns` exist in start, bias and c.
template <int kTileRows, int kTileVectors>
void edge_tile(Left a, ConstRowsView b, ConstRowsView start, const float* bias, RowsView c,
               int columns) {
  constexpr int kWidth = kTileVectors * kLanes;
  float sums[kTileRows * kWidth] = {};
  const RowsView whole{sums, kTileRows, kWidth};
  for (int i = 0; i < kTileRows; ++i)
    for (int j = 0; j < columns; ++j)
      whole.row(i)[j] =
          (start.data != nullptr ? start.row(i)[j] : 0.0F) + (bias != nullptr ? bias[j] : 0.0F);
  tile<kTileRows, kTileVectors>(a, b, whole, nullptr, whole);
  for (int i = 0; i < kTileRows; ++i) std::copy_n(whole.row(i), columns, c.row(i));
}

// One panel of columns, b, for all rows of a.
template <int kTileVectors>
void panel(ConstRowsView a, ConstRowsView b, int columns, ConstRowsView start, const float* bias,
           RowsView c) {
  const auto left = [&](std::int64_t row) { return Left{a.row(row), a.stride, 1}; };
  const auto from = [&](std::int64_t row) {
    return start.data != nullptr ? start.from(row) : start;
  };
  std::int64_t r = 0;
  if (columns == kTileVectors * kLanes) {
    for (; r + kRows <= a.count; r += kRows)
      tile<kRows, kTileVectors>(left(r), b, from(r), bias, c.from(r));
    for (; r < a.count; ++r) tile<1, kTileVectors>(left(r), b, from(r), bias, c.from(r));
    return;
  }
  for (; r + kRows <= a.count; r += kRows)
    edge_tile<kRows, kTileVectors>(left(r), b, from(r), bias, c.from(r), columns);
  for (; r < a.count; ++r)
    edge_tile<1, kTileVectors>(left(r), b, from(r), bias, c.from(r), columns);
}

int panel_columns() { return kColumns; }
int lanes() { return kLanes; }

void multiply(ConstRowsView a, const PackedMatrix& b, RowsView c, ConstRowsView start,
              const float* bias) {
  for (std::int64_t k = 0; k == 0 || k < b.depth(); k += kDepth) {
    const std::int64_t depth = std::min(kDepth, b.depth() - k);
    for (std::int64_t first = 0; first < b.columns(); first += kColumns) {
      const int width = static_cast<int>(std::min<std::int64_t>(kColumns, b.columns() - first));
      const int vectors = (width + kLanes - 1) / kLanes;
      const int row = vectors * kLanes;
      const ConstRowsView left = a.from_column(k),
                          right{b.data() + first * b.depth() + k * row, depth, row};
      const RowsView to = c.from_column(first);
      const ConstRowsView begin = k > 0                   ? ConstRowsView(to)
                                  : start.data != nullptr ? start.from_column(first)
                                                          : start;
      const float* add = k == 0 && bias != nullptr ? bias + first : nullptr;
      if (vectors == 3)
        panel<3>(left, right, width, begin, add, to);
      else if (vectors == 2)
        panel<2>(left, right, width, begin, add, to);
      else
        panel<1>(left, right, width, begin, add, to);
    }
  }
}

// Rows of a pass of multiply_transposed: a panel of u of that many stays in the first cache, g in
// the second.
constexpr std::int64_t kPassRows = 240;

// Columns in groups of kWidth, each [rows][kWidth], the last filled up with zeros. Rows in fours: a
// group's then fill a cache line or more.
template <int kWidth>
void gather(ConstRowsView from, std::int64_t columns, float* to) {
  constexpr std::int64_t kAtOnce = 4;
  for (std::int64_t first = 0; first < from.count; first += kAtOnce) {
    const std::int64_t last = std::min(first + kAtOnce, from.count);
    for (std::int64_t group = 0; group * kWidth < columns; ++group) {
      const std::int64_t column = group * kWidth, width = columns - column;
      float* place = to + (group * from.count + first) * kWidth;
      for (std::int64_t r = first; r < last; ++r, place += kWidth) {
        const float* source = from.row(r) + column;
        if (width >= kWidth) {
          std::memcpy(place, source, kWidth * sizeof(float));
        } else {
          std::copy_n(source, width, place);
          std::fill_n(place + width, kWidth - width, 0.0F);
        }
      }
    }
  }
}

// One panel of columns of c, from g and u in order; only [c's rows, width] of a tile at the edge.
void transposed_panel(const float* g, ConstRowsView u, std::int64_t width, ConstRowsView start,
                      RowsView c) {
  for (std::int64_t row = 0; row < c.count; row += kRows, g += kRows * u.count) {
    const Left left{g, 1, kRows};
    const RowsView to = c.from(row);
    const ConstRowsView from = start.data != nullptr ? start.from(row) : start;
    if (width >= kColumns && to.count >= kRows) {
      tile<kRows, kVectors>(left, u, from, nullptr, to);
      continue;
    }
    float sums[kRows * kColumns];
    const RowsView whole{sums, kRows, kColumns};
    tile<kRows, kVectors>(left, u, {}, nullptr, whole);
    for (std::int64_t i = 0; i < std::min<std::int64_t>(kRows, to.count); ++i)
      for (std::int64_t j = 0; j < std::min<std::int64_t>(kColumns, width); ++j)
        to.row(i)[j] = (from.data != nullptr ? from.row(i)[j] : 0.0F) + whole.row(i)[j];
  }
}

void multiply_transposed(ConstRowsView g, std::int64_t g_columns, const std::vector<Outer>& outers,
                         std::vector<float>* scratch) {
  const std::int64_t room = (g_columns + kRows - 1) / kRows * kRows;
  scratch->resize(static_cast<std::size_t>(kPassRows * (room + kColumns)) + 2 * kAlignment);
  float* left = aligned(scratch->data());
  float* right = aligned(left + kPassRows * room);
  for (std::int64_t r = 0; r < g.count; r += kPassRows) {
    const std::int64_t depth = std::min(kPassRows, g.count - r);
    gather<kRows>(g.part(r, depth), g_columns, left);
    for (const Outer& o : outers)
      for (std::int64_t first = 0; first < o.columns; first += kColumns) {
        const std::int64_t width = o.columns - first;
        gather<kColumns>(o.u.part(r, depth).from_column(first),
                         std::min<std::int64_t>(kColumns, width), right);
        const RowsView to{o.c.data + first, g_columns, o.c.stride};
        transposed_panel(left, {right, depth, kColumns}, width,
                         r > 0 ? ConstRowsView(to) : ConstRowsView(), to);
      }
  }
}

}  // namespace glowvox::flow::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace glowvox::flow {

namespace {

HWY_EXPORT(panel_columns);
HWY_EXPORT(lanes);
HWY_EXPORT(multiply);
HWY_EXPORT(multiply_transposed);

// Columns a panel begins at and has room for.
struct Panel {
  std::int64_t first, used, width;
};

Panel panel_at(std::int64_t index, std::int64_t columns) {
  const std::int64_t full = HWY_DYNAMIC_DISPATCH(panel_columns)();
  const std::int64_t lanes = HWY_DYNAMIC_DISPATCH(lanes)();
  const std::int64_t first = index * full, used = std::min(full, columns - first);
  return {first, used, (used + lanes - 1) / lanes * lanes};
}

}  // namespace

constexpr std::align_val_t kLine{64};

void PackedMatrix::Free::operator()(float* data) const { ::operator delete[](data, kLine); }

PackedMatrix::PackedMatrix(std::int64_t depth, std::int64_t columns, Operands operands)
    : depth_(depth), columns_(columns), operands_(operands) {
  std::int64_t size = 0;
  if (operands == Operands::kBfloat16) {
    size = bfloat16::words(depth, columns);
  } else {
    const Panel last = panel_at(panels() - 1, columns);
    size = depth * (last.first + last.width);
  }
  const std::size_t bytes = static_cast<std::size_t>(size) * sizeof(float);
  data_.reset(static_cast<float*>(::operator new[](bytes, kLine)));
}

std::int64_t PackedMatrix::panels() const {
  if (operands_ == Operands::kBfloat16) return bfloat16::blocks(columns_);
  const std::int64_t full = HWY_DYNAMIC_DISPATCH(panel_columns)();
  return (columns_ + full - 1) / full;
}

void PackedMatrix::fill(const float* from, std::ptrdiff_t depth_stride,
                        std::ptrdiff_t column_stride, std::int64_t first, std::int64_t last) {
  if (operands_ == Operands::kBfloat16)
    return bfloat16::fill({from, depth_stride, column_stride}, depth_, columns_, first, last,
                          reinterpret_cast<std::uint32_t*>(data_.get()));
  constexpr std::int64_t kAtOnce = 16;  // what is written of them stays in the first cache
  for (std::int64_t index = first; index < last; ++index) {
    const Panel p = panel_at(index, columns_);
    float* to = data_.get() + p.first * depth_;
    const float* source = from + p.first * column_stride;
    if (p.used < p.width) std::fill_n(to, p.width * depth_, 0.0F);
    if (column_stride == 1) {
      for (std::int64_t k = 0; k < depth_; ++k)
        std::copy_n(source + k * depth_stride, p.used, to + k * p.width);
      continue;
    }
    for (std::int64_t begin = 0; begin < depth_; begin += kAtOnce) {
      const std::int64_t end = std::min(begin + kAtOnce, depth_);
      for (std::int64_t j = 0; j < p.used; ++j)
        for (std::int64_t k = begin; k < end; ++k)
          to[k * p.width + j] = source[j * column_stride + k * depth_stride];
    }
  }
}

void multiply(ConstRowsView a, const PackedMatrix& b, RowsView c, ConstRowsView start,
              const float* bias) {
  if (b.operands() == Operands::kBfloat16)
    return bfloat16::multiply(
        a, {reinterpret_cast<const std::uint32_t*>(b.data()), b.depth(), b.columns()}, c, start,
        bias);
  HWY_DYNAMIC_DISPATCH(multiply)(a, b, c, start, bias);
}

void multiply_transposed(ConstRowsView g, std::int64_t g_columns, const std::vector<Outer>& outers,
                         std::vector<float>* scratch, Operands operands) {
  if (operands == Operands::kBfloat16) return bfloat16::multiply_transposed(g, g_columns, outers);
  HWY_DYNAMIC_DISPATCH(multiply_transposed)(g, g_columns, outers, scratch);
}

}  // namespace glowvox::flow
#endif  // HWY_ONCE
