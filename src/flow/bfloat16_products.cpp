// SPDX-License-Identifier: MIT
#include "flow/bfloat16_products.hpp"

#include <algorithm>

#include "engine/conversions.hpp"
#include "flow/pair_product.hpp"

namespace glowvox::flow::bfloat16 {

namespace {

constexpr std::int64_t kBlock = engine::amx::kBlock, kHalfBlock = kBlock / 2;
constexpr std::int64_t kDepthStep = 32;   // what tiles take at a time; filled up with zeros
constexpr std::int64_t kRowsAtOnce = 64;  // which stay in the first cache, rounded
constexpr std::int64_t kPassRows = 256;   // as deep as a product of weights' gradients is

std::int64_t whole(std::int64_t size, std::int64_t step) { return (size + step - 1) / step * step; }
std::int64_t filled_depth(std::int64_t depth) { return whole(depth, kDepthStep); }
std::int64_t filled_columns(std::int64_t columns) { return whole(columns, kHalfBlock); }

// Columns of the block that begins at `first`, zeros included.
std::int64_t width_at(std::int64_t first, std::int64_t columns) {
  return std::min(kBlock, filled_columns(columns) - first);
}

// A block of the right side from its rows: pairs of them as words, [filled depth / 2][width]; zeros
// where there are no rows or columns.
void pair_rows(ConstRowsView rows, std::int64_t columns, std::int64_t width, std::uint32_t* to) {
  constexpr std::uint32_t kEven = 0xffff;
  const std::int64_t pairs = filled_depth(rows.count) / 2;
  for (std::int64_t p = 0; p < pairs; ++p, to += width) {
    if (2 * p >= rows.count) {
      std::fill_n(to, width, 0U);
      continue;
    }
    const bool alone = 2 * p + 1 == rows.count;
    engine::to_pairs(rows.row(2 * p), rows.row(alone ? 2 * p : 2 * p + 1),
                     static_cast<std::size_t>(columns), to);
    if (alone) std::transform(to, to + columns, to, [](std::uint32_t w) { return w & kEven; });
    std::fill_n(to + columns, width - columns, 0U);
  }
}

void run(const std::uint32_t* right, std::int64_t columns, std::int64_t depth,
         const std::uint16_t* x, RowsView y, engine::Write write) {
  const auto in = static_cast<int>(filled_depth(depth));
  multiply_pairs(
      {reinterpret_cast<const char*>(right), static_cast<int>(filled_columns(columns)), 1, in},
      {in, 0, static_cast<int>(y.stride)}, x, y.data, static_cast<int>(y.count), write);
}

// A thread's own memory, which stays between calls.
template <typename T>
T* room(std::vector<T>* memory, std::int64_t size) {
  memory->resize(std::max(memory->size(), static_cast<std::size_t>(size)));
  return memory->data();
}

}  // namespace

std::int64_t blocks(std::int64_t columns) { return (columns + kBlock - 1) / kBlock; }

std::int64_t words(std::int64_t depth, std::int64_t columns) {
  return filled_depth(depth) / 2 * filled_columns(columns);
}

void fill(const Source& source, std::int64_t depth, std::int64_t columns, std::int64_t first,
          std::int64_t last, std::uint32_t* to) {
  const std::int64_t pairs = filled_depth(depth) / 2;
  static thread_local std::vector<std::uint32_t> memory;
  for (std::int64_t block = first; block < last; ++block) {
    const std::int64_t column = block * kBlock, width = width_at(column, columns),
                       used = std::min(width, columns - column);
    std::uint32_t* place = to + pairs * column;
    const float* from = source.from + column * source.column_stride;
    if (source.column_stride == 1) {
      pair_rows({from, depth, source.depth_stride}, used, width, place);
      continue;
    }
    // A column's pairs lie together already.
    std::uint32_t* turned = room(&memory, width * pairs);
    std::fill_n(turned, width * pairs, 0U);
    for (std::int64_t j = 0; j < used; ++j)
      engine::to_bfloat16(from + j * source.column_stride, static_cast<std::size_t>(depth),
                          reinterpret_cast<std::uint16_t*>(turned + j * pairs));
    engine::transpose(turned, static_cast<int>(width), static_cast<int>(pairs), place,
                      static_cast<int>(width));
  }
}

void multiply(ConstRowsView a, const Right& b, RowsView c, ConstRowsView start, const float* bias) {
  static thread_local std::vector<std::uint16_t> rounded_memory;
  static thread_local std::vector<float> sum_memory;
  const std::int64_t depth = filled_depth(b.depth), columns = filled_columns(b.columns);
  std::uint16_t* rounded = room(&rounded_memory, kRowsAtOnce * depth);
  const bool fits = columns == b.columns;
  for (std::int64_t first = 0; first < a.count; first += kRowsAtOnce) {
    const std::int64_t count = std::min(kRowsAtOnce, a.count - first);
    for (std::int64_t r = 0; r < count; ++r) {
      std::uint16_t* row = rounded + r * depth;
      engine::to_bfloat16(a.row(first + r), static_cast<std::size_t>(b.depth), row);
      std::fill_n(row + b.depth, depth - b.depth, std::uint16_t{0});
    }
    const RowsView result = c.part(first, count);
    const RowsView to =
        fits ? result : RowsView{room(&sum_memory, kRowsAtOnce * columns), count, columns};
    for (std::int64_t r = 0; r < count; ++r) {
      const float* begin = start.data != nullptr ? start.row(first + r) : nullptr;
      float* row = to.row(r);
      if (begin != nullptr && begin != row) std::copy_n(begin, b.columns, row);
      if (bias == nullptr) continue;
      for (std::int64_t j = 0; j < b.columns; ++j)
        row[j] = begin != nullptr ? row[j] + bias[j] : bias[j];
    }
    const bool add = start.data != nullptr || bias != nullptr;
    run(b.words, b.columns, b.depth, rounded, to,
        add ? engine::Write::kAdd : engine::Write::kReplace);
    if (fits) continue;
    for (std::int64_t r = 0; r < count; ++r) std::copy_n(to.row(r), b.columns, result.row(r));
  }
}

// The left side is g, turned: its columns are rows of pairs of g's rows.
void multiply_transposed(ConstRowsView g, std::int64_t g_columns,
                         const std::vector<Outer>& outers) {
  static thread_local std::vector<std::uint32_t> pair_memory, left_memory, right_memory;
  static thread_local std::vector<float> sum_memory;
  for (std::int64_t first = 0; first < g.count; first += kPassRows) {
    const std::int64_t depth = std::min(kPassRows, g.count - first);
    const std::int64_t pairs = filled_depth(depth) / 2;
    std::uint32_t* in_pairs = room(&pair_memory, pairs * g_columns);
    std::uint32_t* left = room(&left_memory, pairs * g_columns);
    pair_rows(g.part(first, depth), g_columns, g_columns, in_pairs);
    engine::transpose(in_pairs, static_cast<int>(pairs), static_cast<int>(g_columns), left,
                      static_cast<int>(pairs));
    for (const Outer& o : outers) {
      std::uint32_t* right = room(&right_memory, words(depth, o.columns));
      const ConstRowsView u = o.u.part(first, depth);
      fill({u.data, u.stride, 1}, depth, o.columns, 0, blocks(o.columns), right);
      const RowsView result{o.c.data, g_columns, o.c.stride};
      const std::int64_t columns = filled_columns(o.columns);
      const bool fits = columns == o.columns;
      const RowsView to =
          fits ? result : RowsView{room(&sum_memory, g_columns * columns), g_columns, columns};
      if (!fits && first > 0)
        for (std::int64_t n = 0; n < g_columns; ++n)
          std::copy_n(result.row(n), o.columns, to.row(n));
      run(right, o.columns, depth, reinterpret_cast<const std::uint16_t*>(left), to,
          first > 0 ? engine::Write::kAdd : engine::Write::kReplace);
      if (fits) continue;
      for (std::int64_t n = 0; n < g_columns; ++n) std::copy_n(to.row(n), o.columns, result.row(n));
    }
  }
}

}  // namespace glowvox::flow::bfloat16
