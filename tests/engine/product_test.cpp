// SPDX-License-Identifier: MIT
// Matrix products against sums in double.
#include "engine/product.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>

#include "core/random.hpp"
#include "engine/conversions.hpp"

using namespace glowvox;
using namespace glowvox::engine;

namespace {

struct Shape {
  int out, taps, in, dilation;
};
// One panel and many, odd numbers of inputs and of panels, every width of LIBXSMM's blocks.
constexpr Shape kShapes[] = {{8, 1, 4, 0},     {384, 3, 192, 2}, {80, 1, 80, 0}, {100, 2, 37, 5},
                             {16, 4, 33, 1},   {130, 1, 1, 0},   {48, 1, 7, 0},  {112, 3, 120, 1},
                             {240, 1, 256, 0}, {40, 3, 48, 1}};
constexpr int kRows = 83;
// Of tiles the steps are tested on every processor; where it has them, by its own.
constexpr Kernel kKernels[] = {Kernel::kOwn, Kernel::kLibxsmm, Kernel::kTiles};

std::vector<float> random_values(std::size_t count, std::uint32_t stream) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(2.0 * uniform_at(5, stream, i) - 1.0);
  return values;
}

float from_bfloat16(std::uint16_t upper) {
  const std::uint32_t bits = std::uint32_t{upper} << 16;
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// The nearest values that the storage holds.
void round_to(Storage storage, std::vector<float>* values) {
  std::vector<std::uint16_t> narrow(values->size());
  if (storage == Storage::kHalf) {
    to_half(values->data(), values->size(), narrow.data());
    decode_half(reinterpret_cast<const char*>(narrow.data()), narrow.size(), values->data());
  } else if (storage == Storage::kBfloat16) {
    to_bfloat16(values->data(), values->size(), narrow.data());
    std::transform(narrow.begin(), narrow.end(), values->begin(), from_bfloat16);
  }
}

// The same for 8 bits, in which every output has a scale.
void round_to_int8(Matrix* matrix) {
  const std::size_t size = static_cast<std::size_t>(matrix->taps) * matrix->in;
  for (auto row = matrix->weight.begin(); row != matrix->weight.end(); row += size) {
    float largest = 0.0F;
    for (std::size_t i = 0; i < size; ++i) largest = std::max(largest, std::fabs(row[i]));
    for (std::size_t i = 0; i < size; ++i)
      row[i] = std::round(row[i] / largest * 127.0F) * (largest / 127.0F);
  }
}

// A matrix, activations in either type, and what their product is.
struct Problem {
  Problem(const Shape& s, DType dtype, Storage storage)
      : shape(s), type(dtype), matrix(s.out, s.taps, s.in), x_row(padded(s.in)) {
    matrix.weight = random_values(matrix.weight.size(), 1);
    if (storage == Storage::kInt8)
      round_to_int8(&matrix);
    else
      round_to(dtype == DType::kBfloat16 ? Storage::kBfloat16 : storage, &matrix.weight);
    x = random_values(static_cast<std::size_t>((kRows + (s.taps - 1) * s.dilation) * x_row), 2);
    for (std::size_t i = 0; i < x.size(); ++i)
      if (static_cast<int>(i) % x_row >= s.in) x[i] = 0.0F;
    if (dtype == DType::kBfloat16) {
      round_to(Storage::kBfloat16, &x);
      narrow_x.resize(x.size());
      to_bfloat16(x.data(), x.size(), narrow_x.data());
    }
    rows = matrix.rows();
    rows.stored = storage;
  }

  Product product(Kernel kernel) const {
    return {rows, type, {x_row, std::int64_t{shape.dilation} * x_row, padded(shape.out)}, kernel};
  }
  const void* row(int r) const {
    const auto at = static_cast<std::size_t>(r) * static_cast<std::size_t>(x_row);
    return type == DType::kBfloat16 ? static_cast<const void*>(&narrow_x[at]) : &x[at];
  }
  double expected(int r, int n) const {
    double sum = 0.0;
    for (int k = 0; k < shape.taps; ++k)
      for (int i = 0; i < shape.in; ++i)
        sum += static_cast<double>(matrix.at(n, k, i)) *
               x[static_cast<std::size_t>((r + k * shape.dilation) * x_row + i)];
    return sum;
  }

  Shape shape;
  DType type;
  Matrix matrix;
  int x_row;
  std::vector<float> x;
  std::vector<std::uint16_t> narrow_x;
  MatrixRows rows;
};

struct Kind {
  DType type;
  Storage storage;
};
constexpr Kind kKinds[] = {{DType::kFloat32, Storage::kFloat32},
                           {DType::kFloat32, Storage::kHalf},
                           {DType::kFloat32, Storage::kBfloat16},
                           {DType::kFloat32, Storage::kInt8},
                           {DType::kBfloat16, Storage::kFloat32}};

std::vector<float> run(const Problem& p, const Product& product, Write write, int most) {
  const int y_row = padded(p.shape.out);
  std::vector<float> y(static_cast<std::size_t>(kRows * y_row), 2.0F);
  for (int r = 0; r < kRows;) {
    const int count = std::min(kRows - r, most > 0 ? most : 1 + r % 11);
    product.run(p.row(r), &y[static_cast<std::size_t>(r * y_row)], count, write);
    r += count;
  }
  return y;
}

}  // namespace

TEST_CASE("products equal plain sums, in every shape, precision and kernel") {
  for (const Kind& kind : kKinds) {
    for (const Shape& s : kShapes) {
      const Problem p(s, kind.type, kind.storage);
      for (const Kernel kernel : kKernels) {
        const Product product = p.product(kernel);
        CHECK_FALSE((kernel != Kernel::kLibxsmm && product.by_libxsmm()));
        CHECK(product.by_tiles() ==
              (kernel == Kernel::kTiles && kind.type == DType::kBfloat16 && s.in % 16 == 0));
        for (const Write write : {Write::kReplace, Write::kAdd}) {
          CAPTURE(s.out);
          CAPTURE(product.by_libxsmm());
          const auto y = run(p, product, write, kRows);
          double worst = 0.0;
          for (int r = 0; r < kRows; ++r)
            for (int n = 0; n < s.out; ++n)
              worst =
                  std::max(worst, std::fabs(p.expected(r, n) + (write == Write::kAdd ? 2.0 : 0.0) -
                                            y[static_cast<std::size_t>(r * padded(s.out) + n)]));
          CHECK(worst < 3e-6 * (4.0 + std::sqrt(s.taps * s.in)));
        }
      }
    }
  }
}

TEST_CASE("products are the same however rows are grouped, bit for bit") {
  for (const Kind& kind : kKinds) {
    for (const Shape& s : kShapes) {
      CAPTURE(s.out);
      const Problem p(s, kind.type, kind.storage);
      for (const Kernel kernel : kKernels) {
        const Product product = p.product(kernel);
        for (const Write write : {Write::kReplace, Write::kAdd}) {
          const auto whole = run(p, product, write, kRows);
          for (const int most : {0, 1, 2, 3, 4, 5, 6, 7, 8, 64})
            CHECK(run(p, product, write, most) == whole);
        }
      }
    }
  }
}

TEST_CASE("products of gathered rows are those of rows where they lie, bit for bit") {
  for (const Kind& kind : kKinds) {
    const auto item = static_cast<std::size_t>(kind.type == DType::kBfloat16 ? 2 : 4);
    for (const Shape& s : kShapes) {
      CAPTURE(s.out);
      const Problem p(s, kind.type, kind.storage);
      for (const Kernel kernel : kKernels) {
        const Product product = p.product(kernel);
        const std::size_t row_bytes = static_cast<std::size_t>(p.x_row) * item;
        const std::int64_t plane = std::int64_t{kRows + 2} * p.x_row;  // more than the rows take
        std::vector<char> planes(static_cast<std::size_t>(s.taps * plane) * item);
        for (int k = 0; k < s.taps; ++k)
          for (int r = 0; r < kRows; ++r)
            std::memcpy(&planes[static_cast<std::size_t>(k * plane + r * p.x_row) * item],
                        p.row(r + k * s.dilation), row_bytes);
        for (const Write write : {Write::kReplace, Write::kAdd}) {
          std::vector<float> y(static_cast<std::size_t>(kRows * padded(s.out)), 2.0F);
          product.run_planes(planes.data(), plane, y.data(), kRows, write);
          CHECK(y == run(p, product, write, kRows));
        }
      }
    }
  }
}

TEST_CASE("weights that are stored in half the size give what float ones give, bit for bit") {
  for (const Storage storage : {Storage::kHalf, Storage::kBfloat16}) {
    for (const Shape& s : kShapes) {
      CAPTURE(s.out);
      Problem p(s, DType::kFloat32, storage);
      const Product narrow = p.product(Kernel::kFastest);
      p.rows.stored = Storage::kFloat32;
      const Product full = p.product(Kernel::kOwn);
      CHECK(2 * narrow.packed_bytes() == full.packed_bytes());
      CHECK(run(p, narrow, Write::kReplace, 0) == run(p, full, Write::kReplace, 0));
    }
  }
}

TEST_CASE("weights of 8 bits are the nearest ones on every output's own scale") {
  constexpr int kOut = 40, kIn = 33;
  Matrix matrix(kOut, 1, kIn);
  matrix.weight = random_values(matrix.weight.size(), 3);
  for (int n = 0; n < kOut; ++n)
    for (int i = 0; i < kIn; ++i) matrix.at(n, 0, i) *= std::ldexp(1.0F, n % 7 - 3);
  for (int i = 0; i < kIn; ++i) matrix.at(5, 0, i) = 0.0F;
  MatrixRows rows = matrix.rows();
  const Layout layout{padded(kIn), 0, padded(kOut)};
  const Product full(rows, DType::kFloat32, layout, Kernel::kOwn);
  rows.stored = Storage::kInt8;
  const Product product(rows, DType::kFloat32, layout);
  CHECK(4 * product.packed_bytes() == full.packed_bytes());
  // One input after the other is 1: the weights as they are multiplied.
  std::vector<float> x(static_cast<std::size_t>(kIn * padded(kIn)));
  for (int i = 0; i < kIn; ++i) x[static_cast<std::size_t>(i * padded(kIn) + i)] = 1.0F;
  std::vector<float> y(static_cast<std::size_t>(kIn * padded(kOut)));
  product.run(x.data(), y.data(), kIn);
  for (int n = 0; n < kOut; ++n) {
    float largest = 0.0F;
    for (int i = 0; i < kIn; ++i) largest = std::max(largest, std::fabs(matrix.at(n, 0, i)));
    for (int i = 0; i < kIn; ++i) {
      const float got = y[static_cast<std::size_t>(i * padded(kOut) + n)];
      REQUIRE(std::fabs(got - matrix.at(n, 0, i)) <= 0.5001F * largest / 127.0F);
    }
  }
}

TEST_CASE("every number in half precision survives widening and narrowing") {
  std::vector<std::uint16_t> halves, again;
  for (int bits = 0; bits < 1 << 16; ++bits)
    if ((bits & 0x7c00) != 0x7c00) halves.push_back(static_cast<std::uint16_t>(bits));
  std::vector<float> values(halves.size());
  decode_half(reinterpret_cast<const char*>(halves.data()), halves.size(), values.data());
  for (std::size_t i = 0; i < halves.size(); ++i) {
    const int exponent = halves[i] >> 10 & 31, mantissa = halves[i] & 1023;
    const float size = exponent == 0
                           ? std::ldexp(static_cast<float>(mantissa), -24)
                           : std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
    REQUIRE(values[i] == (halves[i] >> 15 != 0 ? -size : size));
  }
  again.resize(halves.size());
  to_half(values.data(), values.size(), again.data());
  CHECK(again == halves);

  // Between two of them: the nearer one, and the even one of two as near.
  const float between[] = {1.0F + 1.0F / 4096.0F, 1.0F + 1.0F / 2048.0F, 1.0F + 3.0F / 2048.0F,
                           std::ldexp(1.0F, -25), std::ldexp(3.0F, -25), -65504.0F};
  std::uint16_t rounded[6] = {};
  to_half(between, 6, rounded);
  const std::uint16_t expected[] = {0x3c00, 0x3c00, 0x3c02, 0x0000, 0x0002, 0xfbff};
  for (int i = 0; i < 6; ++i) CHECK(rounded[i] == expected[i]);
}

TEST_CASE("the environment stays as it was") {
  Matrix matrix(32, 1, 4);
  const Product product(matrix, DType::kFloat32, {32, 0, 32}, Kernel::kLibxsmm);
  CHECK(std::getenv("OMP_PROC_BIND") == nullptr);
}
