// SPDX-License-Identifier: MIT
// The engine's pieces against plain loops in double.
#include "engine/kernels.hpp"

#include <doctest/doctest.h>

#include <atomic>
#include <cmath>
#include <cstring>
#include <numeric>
#include <stdexcept>

#include "core/random.hpp"
#include "core/thread_team.hpp"
#include "engine/conversions.hpp"
#include "engine/lu.hpp"
#include "engine/noise.hpp"
#include "engine/product.hpp"
#include "engine/row_window.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::engine;

namespace {

std::vector<float> random_values(std::size_t count, double scale, std::uint32_t stream) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(scale * (2.0 * uniform_at(5, stream, i) - 1.0));
  return values;
}

float from_bfloat16(std::uint16_t upper) {
  const std::uint32_t bits = std::uint32_t{upper} << 16;
  float value = 0.0F;
  std::memcpy(&value, &bits, 4);
  return value;
}

struct Tile {
  Tile(int rows, int columns)
      : full(static_cast<std::size_t>(rows * columns)), bfloat16(full.size()) {
    target.full = full.data();
    target.bfloat16 = bfloat16.data();
    target.stride = columns;
  }
  std::vector<float> full;
  std::vector<std::uint16_t> bfloat16;
  Target target;
};

}  // namespace

TEST_CASE("the gate is tanh times sigmoid, far out as well") {
  const int columns = 48, rows = 5;
  auto pre = random_values(rows * 2 * columns, 6.0, 3);
  const auto bias = random_values(2 * columns, 1.0, 4);
  pre[0] = 300.0F;
  pre[1] = -300.0F;
  pre[columns] = 500.0F;
  pre[columns + 1] = -500.0F;
  Tile out(rows, columns);
  gate({pre.data(), rows, 2 * columns}, bias.data(), columns, out.target);
  for (int r = 0; r < rows; ++r) {
    for (int c = 0; c < columns; ++c) {
      const auto at = static_cast<std::size_t>(r * columns + c);
      const double u = static_cast<double>(pre[r * 2 * columns + c]) + bias[c];
      const double v = static_cast<double>(pre[r * 2 * columns + columns + c]) + bias[columns + c];
      const double expected = std::tanh(u) / (1.0 + std::exp(-v));
      CHECK(out.full[at] == doctest::Approx(expected).epsilon(1e-5));
      CHECK(std::fabs(from_bfloat16(out.bfloat16[at]) - out.full[at]) <=
            std::fabs(out.full[at]) / 256.0F);
    }
  }
}

TEST_CASE("gelu, affine couplings and their bounds are the textbook's") {
  const int columns = 32, rows = 3;
  const auto in = random_values(rows * columns, 4.0, 5);
  const auto net = random_values(rows * 2 * columns, 2.0, 6);
  const auto bias = random_values(2 * columns, 1.0, 7);
  Tile activated(rows, columns);
  gelu({in.data(), rows, columns}, bias.data(), columns, activated.target);
  for (const double bound : {0.0, 0.7}) {
    auto x = in, scaled = in, shifted = in;
    const ConstRowsView given{net.data(), rows, 2 * columns};
    invert_coupling({true, static_cast<float>(bound)}, given, bias.data(), columns,
                    {x.data(), rows, columns});
    invert_coupling({false, 0.0F}, given, bias.data(), columns, {shifted.data(), rows, columns});
    apply_scale_shift(given, bias.data(), columns, {scaled.data(), rows, columns});
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < columns; ++c) {
        const auto at = static_cast<std::size_t>(r * columns + c);
        const double t = static_cast<double>(net[r * 2 * columns + c]) + bias[c];
        const double raw =
            static_cast<double>(net[r * 2 * columns + columns + c]) + bias[columns + c];
        const double log_s = bound > 0.0 ? bound * std::tanh(raw / bound) : raw;
        CHECK(x[at] == doctest::Approx((in[at] - t) * std::exp(-log_s)).epsilon(1e-5));
        CHECK(shifted[at] == doctest::Approx(in[at] - t).epsilon(1e-5));
        CHECK(scaled[at] == doctest::Approx((in[at] + t) * std::exp(raw)).epsilon(1e-5));
        const double v = static_cast<double>(in[at]) + bias[c];
        CHECK(std::fabs(activated.full[at] - 0.5 * v * (1.0 + std::erf(v / std::sqrt(2.0)))) <
              1e-6);
      }
    }
  }
}

TEST_CASE("noise is fill_normal's, wherever it starts") {
  const std::vector<std::uint32_t> channels = [] {
    std::vector<std::uint32_t> all(80);
    for (std::uint32_t c = 0; c < 80; ++c) all[c] = c * 977u % 300u;
    return all;
  }();
  for (const std::int64_t first : {std::int64_t{0}, std::int64_t{5}, std::int64_t{1} << 34}) {
    const int frames = 11;
    std::vector<float> got(80 * frames), expected(frames);
    noise(123456789012345ull, channels, first, 0.7F, {got.data(), frames, 80});
    for (int c = 0; c < 80; ++c) {
      fill_normal(123456789012345ull, 0, channels[static_cast<std::size_t>(c)], first, frames,
                  expected.data());
      for (int t = 0; t < frames; ++t)
        CHECK(got[static_cast<std::size_t>(t * 80 + c)] ==
              doctest::Approx(0.7F * expected[static_cast<std::size_t>(t)]).epsilon(1e-6));
    }
  }
}

TEST_CASE("halves are decoded as they are") {
  const std::uint16_t bits[] = {0x3c00, 0xc000, 0x0001, 0x7bff, 0x8000, 0x3555};
  float values[6];
  decode_half(reinterpret_cast<const char*>(bits), 6, values);
  CHECK(values[0] == 1.0F);
  CHECK(values[1] == -2.0F);
  CHECK(values[2] == std::ldexp(1.0F, -24));
  CHECK(values[3] == 65504.0F);
  CHECK(values[4] == 0.0F);
  CHECK(values[5] == doctest::Approx(1.0 / 3.0).epsilon(1e-3));
}

// The largest difference between A B and the unit matrix.
double distance_to_unit(const std::vector<double>& A, const std::vector<double>& B, int n) {
  double most = 0.0;
  for (int i = 0; i < n; ++i) {
    for (int j = 0; j < n; ++j) {
      double sum = i == j ? -1.0 : 0.0;
      for (int k = 0; k < n; ++k) sum += A[i * n + k] * B[k * n + j];
      most = std::max(most, std::abs(sum));
    }
  }
  return most;
}

TEST_CASE("LU factors: product, inverse and determinant of a decomposed and of a stored matrix") {
  for (const int n : {1, 7, 24, 50}) {
    CAPTURE(n);
    const auto count = static_cast<std::size_t>(n);
    std::vector<double> W(count * count);
    for (std::size_t i = 0; i < W.size(); ++i)
      W[i] = uniform_at(1, 2, i) - 0.5 + (i % (count + 1) == 0 ? 1.0 : 0.0);
    const LuFactors factors(W, n);
    const std::vector<double> product = factors.product();
    for (std::size_t i = 0; i < W.size(); ++i)
      CHECK(product[i] == doctest::Approx(W[i]).epsilon(1e-12).scale(1.0));
    CHECK(distance_to_unit(W, factors.inverse("m.safetensors", "step_1"), n) < 1e-10);

    std::vector<float> triangles(count * count), sign(count), log_s(count), order(count);
    double log_det = 0.0;
    for (std::size_t i = 0; i < triangles.size(); ++i)
      triangles[i] = static_cast<float>(uniform_at(3, 4, i) - 0.5) / 4.0F;
    for (std::size_t i = 0; i < count; ++i) {
      sign[i] = i % 3 == 0 ? -1.0F : 1.0F;
      log_s[i] = static_cast<float>(uniform_at(5, 6, i) - 0.5);
      order[i] = static_cast<float>((i + 1) % count);
      log_det += log_s[i];
    }
    const LuFactors stored(StoredLu{triangles, sign, log_s, order}, "m.safetensors", "step_1");
    CHECK(stored.log_abs_determinant() == doctest::Approx(log_det).epsilon(1e-6).scale(1.0));
    CHECK(distance_to_unit(stored.product(), stored.inverse("m.safetensors", "step_1"), n) < 1e-10);
    // The last row of W is the first of L U.
    CHECK(stored.product()[(count - 1) * count] ==
          doctest::Approx(sign[0] * std::exp(static_cast<double>(log_s[0]))));
  }
}

TEST_CASE("a mixing matrix that is almost singular is refused") {
  const int n = 24;
  std::vector<double> W(n * n);
  for (int i = 0; i < n * n; ++i) W[static_cast<std::size_t>(i)] = uniform_at(1, 2, i) - 0.5;
  for (const double difference : {1e-9, 0.0}) {
    for (int j = 0; j < n; ++j) W[j] = W[n + j] * (1.0 + difference);
    CHECK(test::contains(
        test::error_of([&] { LuFactors(W, n).inverse("m.safetensors", "step_1"); }),
        "m.safetensors: step_1: the mixing matrix cannot be inverted: condition number"));
  }
}

TEST_CASE("products of matrices in memory, whatever their sizes") {
  for (const auto [rows, inner, columns] :
       {std::array{1, 1, 1}, {4, 4, 16}, {5, 7, 67}, {9, 3, 8}, {3, 130, 33}}) {
    CAPTURE(rows);
    const auto values = [](std::size_t count, std::uint64_t seed) {
      std::vector<double> made(count);
      for (std::size_t i = 0; i < count; ++i) made[i] = uniform_at(seed, 8, i) - 0.5;
      return made;
    };
    const int a_row = inner + 1, b_row = columns + 2, c_row = columns + 3;
    const auto A = values(static_cast<std::size_t>(rows * a_row), 1),
               B = values(static_cast<std::size_t>(inner * b_row), 2),
               C = values(static_cast<std::size_t>(rows * c_row), 3);
    std::vector<double> out = C;
    add_product({A.data(), rows, a_row}, {B.data(), inner, b_row}, columns,
                {out.data(), rows, c_row});
    const std::vector<float> a(A.begin(), A.end()), b(B.begin(), B.end());
    std::vector<float> in_float(C.begin(), C.end());
    add_product({a.data(), rows, a_row}, {b.data(), inner, b_row}, columns,
                {in_float.data(), rows, c_row});
    for (int r = 0; r < rows; ++r) {
      for (int c = 0; c < c_row; ++c) {
        const auto at = static_cast<std::size_t>(r * c_row + c);
        double sum = C[at];
        for (int k = 0; k < inner && c < columns; ++k) sum += A[r * a_row + k] * B[k * b_row + c];
        CHECK(out[at] == doctest::Approx(sum).epsilon(1e-12).scale(1.0));
        CHECK(in_float[at] == doctest::Approx(sum).epsilon(1e-5).scale(1.0));
      }
    }
  }
}

TEST_CASE("matrices are transposed, whatever their sizes") {
  for (const auto [rows, columns] : {std::array{1, 1}, {16, 8}, {16, 27}, {5, 9}}) {
    CAPTURE(rows);
    const int to_row = rows + 3;
    std::vector<std::uint32_t> from(static_cast<std::size_t>(rows * columns)),
        to(static_cast<std::size_t>(columns * to_row), 77U);
    std::iota(from.begin(), from.end(), 100U);
    transpose(from.data(), rows, columns, to.data(), to_row);
    for (int c = 0; c < columns; ++c)
      for (int r = 0; r < to_row; ++r)
        CHECK(to[static_cast<std::size_t>(c * to_row + r)] ==
              (r < rows ? 100U + static_cast<std::uint32_t>(r * columns + c) : 77U));
  }
}

TEST_CASE("rows keep their context while the window slides") {
  RowWindow rows({16, RowWindow::Stored::kBoth, 10, 3, 2});
  for (int back = 1; back <= 3; ++back) CHECK(rows.full(-back)[5] == 0.0F);
  std::int64_t next = 0;
  for (int round = 0; round < 100; ++round) {
    CHECK(rows.room() == 10 - 2 * (round > 0));
    rows.append(4, round == 99);
    for (int i = 0; i < 4; ++i, ++next) rows.full(next)[7] = static_cast<float>(next + 1);
    for (std::int64_t back = std::max<std::int64_t>(0, rows.readable() - 3); back < next; ++back)
      CHECK(rows.full(back)[7] == static_cast<float>(back + 1));
    rows.release(rows.readable());
  }
  CHECK(rows.complete());
  CHECK(rows.readable() == next);
  CHECK(rows.full(next)[7] == 0.0F);
  CHECK(rows.full(next + 1)[7] == 0.0F);
}

TEST_CASE("a thread team does every piece once and every stage after the one before") {
  const std::vector<int> pieces = {3, 0, 40, 1, 7};
  for (const int threads : {1, 2, 5}) {
    ThreadTeam team(threads);
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> done(pieces.size());
      std::atomic<int> wrong{0};
      team.run(pieces, [&](int stage, int piece, int thread) {
        const auto at = static_cast<std::size_t>(stage);
        for (std::size_t before = 0; before < at; ++before) wrong += done[before] != pieces[before];
        wrong += piece < 0 || piece >= pieces[at] || thread < 0 || thread >= threads;
        ++done[at];
      });
      CHECK(wrong == 0);
      for (std::size_t i = 0; i < pieces.size(); ++i) CHECK(done[i] == pieces[i]);
    }
  }
  ThreadTeam pair(2);
  std::atomic<int> many{0};
  pair.run({100000, 70000}, [&](int, int, int) { ++many; });
  CHECK(many == 170000);
  CHECK(test::contains(
      test::error_of([&] { pair.run({ThreadTeam::kMostPieces + 1}, [](int, int, int) {}); }),
      "too much work"));
  CHECK_THROWS_WITH(parallel_for(20, 3,
                                 [](int i) {
                                   if (i >= 7) throw std::runtime_error(std::to_string(i));
                                 }),
                    "7");
}

TEST_CASE("a thread team does work aside once, beside its runs, and says what it threw") {
  for (const int threads : {1, 2, 3}) {
    ThreadTeam team(threads);
    team.finish_aside();  // of nothing
    for (int round = 0; round < 200; ++round) {
      std::atomic<int> aside{0}, pieces{0};
      team.start_aside([&] { ++aside; });
      if (round % 3 > 0) team.run({5, 0, 9}, [&](int, int, int) { ++pieces; });
      team.finish_aside();
      CHECK(aside == 1);
      CHECK(pieces == (round % 3 > 0 ? 14 : 0));
    }
    team.start_aside([] { throw std::runtime_error("aside"); });
    team.run({2}, [](int, int, int) {});
    CHECK_THROWS_WITH(team.finish_aside(), "aside");
    team.finish_aside();
  }
}
