// SPDX-License-Identifier: MIT
// Speed of the engine's own matrix product on one thread, on the shapes of the shipped model,
// beside LIBXSMM's (where it is built in) and OpenBLAS's (where it is installed): GFLOP/s, and
// ratios that are medians of measurements in turn. Operands stay in the caches, except for the last
// shape: all products of the nets, one after the other, as a stream runs them. Usage: bench_kernel,
// which prints a Markdown table.
#include <dlfcn.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "core/random.hpp"
#include "engine/instruction_set.hpp"
#include "engine/product.hpp"

namespace {

using namespace glowvox;
using namespace glowvox::engine;

constexpr int kRounds = 41;             // of measuring each in turn
constexpr double kShortest = 500e-6;    // of one measurement, in seconds
constexpr double kError = 1e-4;         // at most, of sums of up to 576 products below 0.25
constexpr double kInt8Error = 0.05;     // of which the weights are rounded
constexpr int kSteps = 8, kLayers = 4;  // of the shipped model

struct Shape {
  const char* name;
  int out, taps, in, dilation;
};
constexpr Shape kFilter = {"filter", 384, 3, 192, 2}, kCond = {"cond", 384, 1, 120, 0},
                kResidual = {"residual", 192, 1, 192, 0};
constexpr Shape kShapes[] = {kFilter,
                             kCond,
                             kResidual,
                             {"start", 192, 1, 128, 0},
                             {"end", 256, 1, 192, 0},
                             {"mixing", 256, 1, 256, 0}};

using Gemm = void (*)(int, int, int, int, int, int, float, const float*, int, const float*, int,
                      float, float*, int);
using Gemv = void (*)(int, int, int, int, float, const float*, int, const float*, int, float,
                      float*, int);
struct Blas {
  Gemm gemm = nullptr;
  Gemv gemv = nullptr;
};

Blas find_openblas() {
  void* library = dlopen("libopenblas.so.0", RTLD_NOW);
  if (library == nullptr) return {};
  if (void* set = dlsym(library, "openblas_set_num_threads"))
    reinterpret_cast<void (*)(int)>(set)(1);
  return {reinterpret_cast<Gemm>(dlsym(library, "cblas_sgemm")),
          reinterpret_cast<Gemv>(dlsym(library, "cblas_sgemv"))};
}

std::vector<float> uniform_values(std::size_t count, std::uint32_t stream) {
  std::vector<float> values(count);
  for (std::size_t i = 0; i < count; ++i)
    values[i] = static_cast<float>(uniform_at(1, stream, i) - 0.5);
  return values;
}

double seconds_of(const std::function<void()>& run, int repeats) {
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < repeats; ++i) run();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() / repeats;
}

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// One product in each of the ways that are compared.
class Problem {
 public:
  Problem(const Shape& s, int rows, const Blas& blas)
      : shape_(s), rows_(rows), blas_(blas), matrix_(s.out, s.taps, s.in) {
    matrix_.weight = uniform_values(matrix_.weight.size(), 1);
    const std::size_t x_rows = static_cast<std::size_t>(rows + (s.taps - 1) * s.dilation);
    x_ = uniform_values(x_rows * static_cast<std::size_t>(padded(s.in)), 2);
    y_.resize(static_cast<std::size_t>(rows * padded(s.out)));
    MatrixRows narrow = matrix_.rows();
    for (float& w : matrix_.weight) w = std::round(w * 1024.0F) / 1024.0F;  // half holds them
    narrow.stored = Storage::kHalf;
    const Layout layout{padded(s.in), std::int64_t{s.dilation} * padded(s.in), padded(s.out)};
    own_ = Product(matrix_, DType::kFloat32, layout, Kernel::kOwn);
    half_ = Product(narrow, DType::kFloat32, layout, Kernel::kOwn);
    narrow.stored = Storage::kInt8;
    int8_ = Product(narrow, DType::kFloat32, layout, Kernel::kOwn);
    xsmm_ = Product(matrix_, DType::kFloat32, layout, Kernel::kLibxsmm);
    // [taps][in][out], a product for each tap: it takes weights as they are.
    blas_weights_.resize(matrix_.weight.size());
    for (int n = 0; n < s.out; ++n)
      for (int k = 0; k < s.taps; ++k)
        for (int i = 0; i < s.in; ++i)
          blas_weights_[(static_cast<std::size_t>(k) * s.in + i) * s.out + n] = matrix_.at(n, k, i);
  }

  double flops() const { return 2.0 * rows_ * shape_.out * shape_.taps * shape_.in; }
  bool has_libxsmm() const { return xsmm_.by_libxsmm(); }
  bool has_blas() const { return blas_.gemm != nullptr && blas_.gemv != nullptr; }
  void own() { own_.run(x_.data(), y_.data(), rows_); }
  void half() { half_.run(x_.data(), y_.data(), rows_); }
  void int8() { int8_.run(x_.data(), y_.data(), rows_); }
  void libxsmm() { xsmm_.run(x_.data(), y_.data(), rows_); }
  void openblas() {
    constexpr int kRowMajor = 101, kPlain = 111, kTransposed = 112;  // cblas.h's
    const int x_row = padded(shape_.in), y_row = padded(shape_.out);
    for (int k = 0; k < shape_.taps; ++k) {
      const float* w = &blas_weights_[static_cast<std::size_t>(k) * shape_.in * shape_.out];
      const float* x = x_.data() + k * shape_.dilation * x_row;
      const float beta = k > 0 ? 1.0F : 0.0F;
      if (rows_ == 1)
        blas_.gemv(kRowMajor, kTransposed, shape_.in, shape_.out, 1.0F, w, shape_.out, x, 1, beta,
                   y_.data(), 1);
      else
        blas_.gemm(kRowMajor, kPlain, kPlain, rows_, shape_.out, shape_.in, 1.0F, x, x_row, w,
                   shape_.out, beta, y_.data(), y_row);
    }
  }
  void check(const char* who, double largest_error) const {
    const int x_row = padded(shape_.in), y_row = padded(shape_.out);
    for (int r = 0; r < rows_; ++r) {
      for (int n = 0; n < shape_.out; ++n) {
        double sum = 0.0;
        for (int k = 0; k < shape_.taps; ++k)
          for (int i = 0; i < shape_.in; ++i)
            sum += static_cast<double>(matrix_.at(n, k, i)) *
                   x_[static_cast<std::size_t>((r + k * shape_.dilation) * x_row + i)];
        const double got = y_[static_cast<std::size_t>(r * y_row + n)];
        if (!(std::fabs(got - sum) <= largest_error))
          throw std::runtime_error(std::string(who) + ": " + shape_.name + " is wrong");
      }
    }
  }

 private:
  Shape shape_;
  int rows_;
  Blas blas_;
  Matrix matrix_;
  std::vector<float> x_, y_, blas_weights_;
  Product own_, half_, int8_, xsmm_;
};

using Way = void (Problem::*)();
constexpr Way kWays[] = {&Problem::own, &Problem::half, &Problem::int8, &Problem::libxsmm,
                         &Problem::openblas};
constexpr const char* kNames[] = {"own", "own, half", "own, int8", "LIBXSMM", "OpenBLAS"};
constexpr double kErrors[] = {kError, kError, kInt8Error, kError, kError};
constexpr int kCount = 5, kOthers = 3;  // the first of other people's

void print_row(const char* name, int rows, std::vector<Problem>& all) {
  const bool there[kCount] = {true, true, true, all.front().has_libxsmm(), all.front().has_blas()};
  double flops = 0.0;
  for (const Problem& p : all) flops += p.flops();
  std::vector<double> speeds[kCount], ratios[kCount];
  int repeats[kCount] = {};
  for (int round = -1; round < kRounds; ++round) {
    for (int i = 0; i < kCount; ++i) {
      if (!there[i]) continue;
      const auto run = [&] {
        for (Problem& p : all) (p.*kWays[i])();
      };
      if (round < 0) {
        run();
        all.front().check(kNames[i], kErrors[i]);
        repeats[i] = 1 + static_cast<int>(kShortest / std::max(seconds_of(run, 1), 1e-9));
        continue;
      }
      speeds[i].push_back(1e-9 * flops / seconds_of(run, repeats[i]));
      ratios[i].push_back(speeds[0].back() / speeds[i].back());
    }
  }
  std::printf("| %s | %d |", name, rows);
  for (int i = 0; i < kCount; ++i)
    if (there[i])
      std::printf(" %.1f |", median(speeds[i]));
    else
      std::printf(" - |");
  for (int i = kOthers; i < kCount; ++i)
    if (there[i])
      std::printf(" %.2f |", median(ratios[i]));
    else
      std::printf(" - |");
  std::printf("\n");
}

}  // namespace

int main() try {
  const Blas blas = find_openblas();
  std::printf("GFLOP/s with %s\n\n", name_of(instruction_set()));
  std::printf(
      "| product | rows | own | own, half weights | own, int8 weights | LIBXSMM | OpenBLAS | own / "
      "LIBXSMM | own / OpenBLAS |\n|---|---|---|---|---|---|---|---|---|\n");
  for (const Shape& shape : kShapes) {
    for (const int rows : {1, 8, 64}) {
      std::vector<Problem> one;
      one.emplace_back(shape, rows, blas);
      const std::string name = std::string(shape.name) + ", " +
                               std::to_string(shape.taps * shape.in) + " to " +
                               std::to_string(shape.out);
      print_row(name.c_str(), rows, one);
    }
  }
  for (const int rows : {1, 8, 64}) {
    std::vector<Problem> nets;
    for (int i = 0; i < kSteps * kLayers; ++i)
      for (const Shape& shape : {kCond, kFilter, kResidual, kResidual})
        nets.emplace_back(shape, rows, blas);
    print_row("all nets", rows, nets);
  }
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_kernel: %s\n", error.what());
  return 1;
}
