// SPDX-License-Identifier: MIT
// Speed of the matrix products of synthesis on one thread: y[M, N] = x[M, K] w[K, N], row-major, in
// LIBXSMM (blocks and kernels as in engine/product.cpp), oneDNN and OpenBLAS. Weights are packed
// before the clock starts where a library can do that; operands stay in the caches.
// Usage: bench_products, which prints a Markdown table.
#include <dlfcn.h>
#include <libxsmm.h>
#include <omp.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <dnnl.hpp>
#include <random>
#include <stdexcept>
#include <string>
#include <unordered_map>
#include <vector>

namespace {

constexpr int kBlock = 64;           // columns of a block of LIBXSMM's weights
constexpr int kRows[] = {64, 8, 1};  // rows of its kernels
constexpr int kCreations = 5;
constexpr double kSeconds = 0.15;       // of measuring
constexpr double kShortest = 50e-6;     // of one measurement, in seconds
constexpr double kLargestError = 1e-4;  // of sums of up to 768 products below 0.25

template <typename T>
struct CacheLines {
  using value_type = T;
  static constexpr std::align_val_t kAlignment{64};
  T* allocate(std::size_t n) { return static_cast<T*>(operator new(n * sizeof(T), kAlignment)); }
  void deallocate(T* p, std::size_t) { operator delete(p, kAlignment); }
  bool operator==(const CacheLines&) const { return true; }
  bool operator!=(const CacheLines&) const { return false; }
};
template <typename T>
using Buffer = std::vector<T, CacheLines<T>>;

// The upper bits of a float as T, and back: little endian.
template <typename T>
T narrow(float value) {
  T upper;
  std::memcpy(&upper, reinterpret_cast<char*>(&value) + sizeof(float) - sizeof(T), sizeof(T));
  return upper;
}
template <typename T>
double widen(T upper) {
  float value = 0.0F;
  std::memcpy(reinterpret_cast<char*>(&value) + sizeof(float) - sizeof(T), &upper, sizeof(T));
  return value;
}

// T: float, or std::uint16_t for bfloat16. Results are float.
template <typename T>
struct Problem {
  int M, K, N;
  Buffer<T> x, w;   // [M, K], [K, N]
  Buffer<float> y;  // [M, N]

  Problem(int rows, int inputs, int outputs)
      : M(rows), K(inputs), N(outputs), x(M * K), w(K * N), y(M * N) {
    std::mt19937 random(1);
    std::uniform_real_distribution<float> uniform(-0.5F, 0.5F);
    for (T& v : x) v = narrow<T>(uniform(random));
    for (T& v : w) v = narrow<T>(uniform(random));
  }
};

struct Measured {
  double gflops = NAN, create_us = NAN;  // NAN: the library has no such product
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + values.size() / 2, values.end());
  return values[values.size() / 2];
}

// The median over several creations, each of something that does not exist yet.
template <typename Create>
double creation_us(const Create& create) {
  std::vector<double> times;
  for (int i = 0; i < kCreations; ++i) {
    const double start = omp_get_wtime();
    create();
    times.push_back(1e6 * (omp_get_wtime() - start));
  }
  return median(times);
}

template <typename T>
void check(const Problem<T>& p, const char* library) {
  for (const int m : {0, p.M / 2, p.M - 1}) {
    for (int n = 0; n < p.N; ++n) {
      double sum = 0.0;
      for (int k = 0; k < p.K; ++k) sum += widen(p.x[m * p.K + k]) * widen(p.w[k * p.N + n]);
      const double got = p.y[m * p.N + n];
      if (std::fabs(got - sum) <= kLargestError) continue;
      char text[160];
      std::snprintf(text, sizeof text, "%s, %d bits, y[%d, %d] of %d, %d, %d: expected %g, got %g",
                    library, 8 * int{sizeof(T)}, m, n, p.M, p.K, p.N, sum, got);
      throw std::runtime_error(text);
    }
  }
}

// Checks the result of run(), then times it.
template <typename T, typename Run>
double gflops(Problem<T>* p, const char* library, const Run& run) {
  std::fill(p->y.begin(), p->y.end(), NAN);
  run();
  check(*p, library);
  double start = omp_get_wtime();
  run();
  const int repeats = 1 + static_cast<int>(kShortest / std::max(omp_get_wtime() - start, 1e-9));
  std::vector<double> seconds;
  const double end = omp_get_wtime() + kSeconds;
  while ((start = omp_get_wtime()) < end) {
    for (int i = 0; i < repeats; ++i) run();
    seconds.push_back((omp_get_wtime() - start) / repeats);
  }
  return 2e-9 * p->M * p->K * p->N / median(seconds);
}

template <typename T>
constexpr auto kDispatch = libxsmm_bsmmdispatch;
template <>
constexpr auto kDispatch<float> = libxsmm_smmdispatch;

// A kernel of `rows` rows and kBlock columns; LIBXSMM is column-major, so they change places.
template <typename T>
auto dispatch(int rows, int K, int y_row) {
  const float alpha = 1.0F, beta = 0.0F;
  const int flags = sizeof(T) == 4 ? LIBXSMM_GEMM_FLAG_NONE : LIBXSMM_GEMM_FLAG_VNNI_A;
  return kDispatch<T>(kBlock, rows, K, &kBlock, &K, &y_row, &alpha, &beta, &flags, nullptr);
}

// The kernels that M rows take, one for each of kRows; null where it is not taken.
template <typename T>
auto dispatch_all(const Problem<T>& p, int y_row) {
  std::vector<decltype(dispatch<T>(1, 1, 1))> kernels;
  int left = p.M;
  for (const int rows : kRows) {
    kernels.push_back(rows <= left ? dispatch<T>(rows, p.K, y_row) : nullptr);
    left %= rows;
  }
  return kernels;
}

template <typename T>
Measured xsmm(Problem<T>* p) {
  constexpr int kPair = 4 / sizeof(T);  // inputs that lie together
  Buffer<T> packed(p->K * p->N);        // [N / kBlock][K / kPair][kBlock][kPair]
  for (int k = 0; k < p->K; ++k)
    for (int n = 0; n < p->N; ++n)
      packed[(n / kBlock * p->K + k / kPair * kPair) * kBlock + n % kBlock * kPair + k % kPair] =
          p->w[k * p->N + n];
  const auto kernels = dispatch_all(*p, p->N);
  if (kernels == decltype(kernels)(kernels.size())) return {};
  const double speed = gflops(p, "LIBXSMM", [&] {
    for (int n = 0; n < p->N; n += kBlock)
      for (int i = 0, m = 0; i < static_cast<int>(kernels.size()); ++i)
        for (; kernels[i] != nullptr && m + kRows[i] <= p->M; m += kRows[i])
          kernels[i](&packed[n * p->K], &p->x[m * p->K], &p->y[m * p->N + n]);
  });
  // LIBXSMM keeps its kernels: a new one takes a distance between rows that it has not met.
  static int y_row = 4096;
  return {speed, creation_us([&] { dispatch_all(*p, y_row += kBlock); })};
}

template <typename T>
Measured onednn(Problem<T>* p) try {
  using dnnl::memory;
  using Tag = memory::format_tag;
  const auto type = sizeof(T) == 4 ? memory::data_type::f32 : memory::data_type::bf16;
  const dnnl::engine engine(dnnl::engine::kind::cpu, 0);
  dnnl::stream stream(engine);
  const memory::dims x_dims = {p->M, p->K}, w_dims = {p->K, p->N}, y_dims = {p->M, p->N};
  const memory::desc x_desc(x_dims, type, Tag::ab), y_desc(y_dims, memory::data_type::f32, Tag::ab);
  const dnnl::matmul::desc desc(x_desc, {w_dims, type, Tag::any}, y_desc);
  const dnnl::matmul::primitive_desc chosen(desc, engine);
  const dnnl::matmul product(chosen);
  memory x(x_desc, engine, p->x.data()), y(y_desc, engine, p->y.data());
  memory plain({w_dims, type, Tag::ab}, engine, p->w.data()), w(chosen.weights_desc(), engine);
  dnnl::reorder(plain, w).execute(stream, plain, w);
  const std::unordered_map<int, memory> arguments = {
      {DNNL_ARG_SRC, x}, {DNNL_ARG_WEIGHTS, w}, {DNNL_ARG_DST, y}};
  const double speed = gflops(p, "oneDNN", [&] { product.execute(stream, arguments); });
  const auto create = [&] { dnnl::matmul(dnnl::matmul::primitive_desc(desc, engine)); };
  return {speed, creation_us(create)};
} catch (const dnnl::error& error) {
  if (error.status != dnnl_unimplemented) throw;
  return {};
}

template <typename T>
Measured openblas(Problem<T>* p, void* library) {
  using Gemm = void (*)(int, int, int, int, int, int, float, const T*, int, const T*, int, float,
                        float*, int);
  constexpr int kRowMajor = 101, kNoTranspose = 111;  // cblas.h's
  const char* name = sizeof(T) == 4 ? "cblas_sgemm" : "cblas_sbgemm";
  const auto gemm = library ? reinterpret_cast<Gemm>(dlsym(library, name)) : nullptr;
  if (gemm == nullptr) return {};
  const auto run = [&] {
    gemm(kRowMajor, kNoTranspose, kNoTranspose, p->M, p->N, p->K, 1.0F, p->x.data(), p->K,
         p->w.data(), p->N, 0.0F, p->y.data(), p->N);
  };
  return {gflops(p, "OpenBLAS", run), NAN};
}

std::string cell(double value) {
  return std::isnan(value) ? "-" : std::to_string(std::lround(value));
}

void print_row(int M, int K, int N, void* blas) {
  Problem<float> full(M, K, N);
  Problem<std::uint16_t> half(M, K, N);
  const Measured all[] = {xsmm(&full), onednn(&full), openblas(&full, blas),
                          xsmm(&half), onednn(&half), openblas(&half, blas)};
  std::printf("| %d, %d, %d |", M, K, N);
  for (const Measured& m : all) std::printf(" %s |", cell(m.gflops).c_str());
  for (const int i : {0, 1})
    std::printf(" %s / %s |", cell(all[i].create_us).c_str(), cell(all[i + 3].create_us).c_str());
  std::printf("\n");
}

}  // namespace

int main() try {
  constexpr int kShapes[][3] = {{1, 576, 384},   {8, 576, 384},   {64, 576, 384},  {288, 576, 384},
                                {1, 192, 192},   {288, 192, 192}, {288, 128, 384}, {1, 768, 512},
                                {256, 768, 512}, {256, 256, 256}, {256, 640, 512}};
  omp_set_num_threads(1);
  dnnl::set_primitive_cache_capacity(0);  // so that every creation is one
  void* blas = dlopen("libopenblas.so.0", RTLD_NOW);
  if (void* set = blas != nullptr ? dlsym(blas, "openblas_set_num_threads") : nullptr)
    reinterpret_cast<void (*)(int)>(set)(1);
  std::printf(
      "| M, K, N | LIBXSMM fp32 | oneDNN fp32 | OpenBLAS fp32 | LIBXSMM bf16 | oneDNN bf16 | "
      "OpenBLAS bf16 | LIBXSMM create, µs (fp32 / bf16) | oneDNN create, µs (fp32 / bf16) |\n"
      "|---|---|---|---|---|---|---|---|---|\n");
  for (const auto& [M, K, N] : kShapes) print_row(M, K, N, blas);
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_products: %s\n", error.what());
  return 1;
}
