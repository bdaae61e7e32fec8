// SPDX-License-Identifier: MIT
#include "flow/products.hpp"

#include <algorithm>
#include <cstring>
#include <new>

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
#if HWY_TARGET == HWY_AVX3 || HWY_TARGET == HWY_AVX3_DL || HWY_TARGET == HWY_NEON
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

// [kTileRows, kTileVectors * kLanes] of c. a[i, k] = a[i * a_row + k * a_column].
template <int kTileRows, int kTileVectors>
HWY_INLINE void tile(std::int64_t depth, const float* a, std::ptrdiff_t a_row,
                     std::ptrdiff_t a_column, const float* b, std::ptrdiff_t b_row, ConstRows start,
                     const float* bias, Rows c) {
  V sums[kTileRows][kTileVectors];
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j) {
      V sum = hn::Zero(d);
      if (start.data != nullptr) sum = hn::LoadU(d, start.data + i * start.row + j * kLanes);
      if (bias != nullptr) sum = hn::Add(sum, hn::LoadU(d, bias + j * kLanes));
      sums[i][j] = sum;
    }
  for (std::int64_t k = 0; k < depth; ++k, a += a_column, b += b_row) {
    V right[kTileVectors];
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j) right[j] = hn::LoadU(d, b + j * kLanes);
#pragma GCC unroll 8
    for (int i = 0; i < kTileRows; ++i) {
      const V left = hn::Set(d, a[i * a_row]);
#pragma GCC unroll 3
      for (int j = 0; j < kTileVectors; ++j) sums[i][j] = hn::MulAdd(left, right[j], sums[i][j]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < kTileRows; ++i)
#pragma GCC unroll 3
    for (int j = 0; j < kTileVectors; ++j)
      hn::StoreU(sums[i][j], d, c.data + i * c.row + j * kLanes);
}

// A tile of which only `rows` x `columns` exist in start, bias and c.
template <int kTileRows, int kTileVectors>
void edge_tile(std::int64_t depth, const float* a, std::ptrdiff_t a_row, std::ptrdiff_t a_column,
               const float* b, std::ptrdiff_t b_row, ConstRows start, const float* bias, Rows c,
               int columns) {
  constexpr int kWidth = kTileVectors * kLanes;
  float whole[kTileRows * kWidth] = {};
  for (int i = 0; i < kTileRows; ++i)
    for (int j = 0; j < columns; ++j)
      whole[i * kWidth + j] = (start.data != nullptr ? start.data[i * start.row + j] : 0.0F) +
                              (bias != nullptr ? bias[j] : 0.0F);
  tile<kTileRows, kTileVectors>(depth, a, a_row, a_column, b, b_row, {whole, kWidth}, nullptr,
                                {whole, kWidth});
  for (int i = 0; i < kTileRows; ++i) std::copy_n(whole + i * kWidth, columns, c.data + i * c.row);
}

// The rows of one panel of columns.
template <int kTileVectors>
void panel(std::int64_t depth, ConstRows a, const float* b, std::int64_t rows, int columns,
           ConstRows start, const float* bias, Rows c) {
  constexpr int kWidth = kTileVectors * kLanes;
  std::int64_t r = 0;
  const auto from = [&](std::int64_t row) {
    return start.data != nullptr ? start.from(row) : start;
  };
  if (columns == kWidth) {
    for (; r + kRows <= rows; r += kRows)
      tile<kRows, kTileVectors>(depth, a.from(r).data, a.row, 1, b, kWidth, from(r), bias,
                                c.from(r));
    for (; r < rows; ++r)
      tile<1, kTileVectors>(depth, a.from(r).data, a.row, 1, b, kWidth, from(r), bias, c.from(r));
    return;
  }
  for (; r + kRows <= rows; r += kRows)
    edge_tile<kRows, kTileVectors>(depth, a.from(r).data, a.row, 1, b, kWidth, from(r), bias,
                                   c.from(r), columns);
  for (; r < rows; ++r)
    edge_tile<1, kTileVectors>(depth, a.from(r).data, a.row, 1, b, kWidth, from(r), bias, c.from(r),
                               columns);
}

int panel_columns() { return kColumns; }
int lanes() { return kLanes; }

void multiply(ConstRows a, const float* b, std::int64_t depth, std::int64_t columns,
              std::int64_t rows, Rows c, ConstRows start, const float* bias) {
  for (std::int64_t k = 0; k == 0 || k < depth; k += kDepth) {
    const std::int64_t part = std::min(kDepth, depth - k);
    for (std::int64_t first = 0; first < columns; first += kColumns) {
      const int width = static_cast<int>(std::min<std::int64_t>(kColumns, columns - first));
      const int vectors = (width + kLanes - 1) / kLanes;
      const float* right = b + first * depth + k * vectors * kLanes;
      const ConstRows left{a.data + k, a.row};
      const Rows to{c.data + first, c.row};
      const ConstRows begin = k > 0                   ? ConstRows(to)
                              : start.data != nullptr ? ConstRows{start.data + first, start.row}
                                                      : start;
      const float* add = k == 0 && bias != nullptr ? bias + first : nullptr;
      if (vectors == 3)
        panel<3>(part, left, right, rows, width, begin, add, to);
      else if (vectors == 2)
        panel<2>(part, left, right, rows, width, begin, add, to);
      else
        panel<1>(part, left, right, rows, width, begin, add, to);
    }
  }
}

// Rows of a pass of multiply_transposed: a panel of u of that many stays in the first cache, g in
// the second.
constexpr std::int64_t kPassRows = 240;

// Columns in groups of kWidth, each [rows][kWidth], the last filled up with zeros. Rows in fours: a
// group's then fill a cache line or more.
template <int kWidth>
void gather(ConstRows from, std::int64_t rows, std::int64_t columns, float* to) {
  constexpr std::int64_t kAtOnce = 4;
  for (std::int64_t first = 0; first < rows; first += kAtOnce) {
    const std::int64_t last = std::min(first + kAtOnce, rows);
    for (std::int64_t group = 0; group * kWidth < columns; ++group) {
      const std::int64_t column = group * kWidth, width = columns - column;
      float* place = to + (group * rows + first) * kWidth;
      for (std::int64_t r = first; r < last; ++r, place += kWidth) {
        const float* source = from.data + r * from.row + column;
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

// One panel of columns of c, from g and u in order; only [height, width] of a tile at the edge.
void transposed_panel(const float* g, const float* u, std::int64_t depth, std::int64_t height,
                      std::int64_t width, Rows c, bool add) {
  for (std::int64_t row = 0; row < height; row += kRows, g += kRows * depth) {
    const Rows to = c.from(row);
    if (width >= kColumns && height - row >= kRows) {
      tile<kRows, kVectors>(depth, g, 1, kRows, u, kColumns, add ? ConstRows(to) : ConstRows(),
                            nullptr, to);
      continue;
    }
    float whole[kRows * kColumns];
    tile<kRows, kVectors>(depth, g, 1, kRows, u, kColumns, {}, nullptr, {whole, kColumns});
    for (std::int64_t i = 0; i < std::min<std::int64_t>(kRows, height - row); ++i)
      for (std::int64_t j = 0; j < std::min<std::int64_t>(kColumns, width); ++j) {
        float& element = to.data[i * to.row + j];
        element = (add ? element : 0.0F) + whole[i * kColumns + j];
      }
  }
}

void multiply_transposed(ConstRows g, std::int64_t rows, std::int64_t g_columns,
                         const std::vector<Outer>& outers, std::vector<float>* scratch) {
  const std::int64_t room = (g_columns + kRows - 1) / kRows * kRows;
  scratch->resize(static_cast<std::size_t>(kPassRows * (room + kColumns)) + 2 * kAlignment);
  float* left = aligned(scratch->data());
  float* right = aligned(left + kPassRows * room);
  for (std::int64_t r = 0; r < rows; r += kPassRows) {
    const std::int64_t depth = std::min(kPassRows, rows - r);
    gather<kRows>(g.from(r), depth, g_columns, left);
    for (const Outer& o : outers)
      for (std::int64_t first = 0; first < o.columns; first += kColumns) {
        const std::int64_t width = o.columns - first;
        gather<kColumns>({o.u.from(r).data + first, o.u.row}, depth,
                         std::min<std::int64_t>(kColumns, width), right);
        transposed_panel(left, right, depth, g_columns, width, {o.c.data + first, o.c.row}, r > 0);
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

void Packed::Free::operator()(float* data) const { ::operator delete[](data, kLine); }

Packed::Packed(std::int64_t depth, std::int64_t columns) : depth_(depth), columns_(columns) {
  const Panel last = panel_at(panels() - 1, columns);
  const auto size = static_cast<std::size_t>(depth * (last.first + last.width));
  data_.reset(static_cast<float*>(::operator new[](size * sizeof(float), kLine)));
}

std::int64_t Packed::panels() const {
  const std::int64_t full = HWY_DYNAMIC_DISPATCH(panel_columns)();
  return (columns_ + full - 1) / full;
}

void Packed::fill(const float* from, std::ptrdiff_t depth_stride, std::ptrdiff_t column_stride,
                  std::int64_t first, std::int64_t last) {
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

void multiply(ConstRows a, const Packed& b, std::int64_t rows, Rows c, ConstRows start,
              const float* bias) {
  HWY_DYNAMIC_DISPATCH(multiply)
  (a, b.data(), b.depth(), b.columns(), rows, c, start, bias);
}

void multiply_transposed(ConstRows g, std::int64_t rows, std::int64_t g_columns,
                         const std::vector<Outer>& outers, std::vector<float>* scratch) {
  HWY_DYNAMIC_DISPATCH(multiply_transposed)(g, rows, g_columns, outers, scratch);
}

}  // namespace glowvox::flow
#endif  // HWY_ONCE
