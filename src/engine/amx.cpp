// SPDX-License-Identifier: MIT
#include "engine/amx.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

// Compilers that have these headers come with assemblers that know the instructions.
#if defined(__x86_64__) && defined(__linux__) && __has_include(<amxbf16intrin.h>)
#define GLOWVOX_AMX 1
#include <cpuid.h>
#include <sys/syscall.h>
#include <unistd.h>
#endif

namespace glowvox::engine::amx {

namespace {

// Intel 64 and IA-32 Architectures Software Developer's Manual, volume 1, chapter 18: eight tiles
// of up to 16 rows of up to 64 bytes. Of an operand of activations a row is a row of them; of
// weights a pair of inputs, for all columns.
constexpr int kTileRows = 16, kTileBytes = 64;
constexpr int kTileColumns = kTileBytes / 4;

// What LDTILECFG reads.
struct alignas(64) Shapes {
  std::uint8_t palette = 1, start_row = 0, unused[14] = {};
  std::uint16_t row_bytes[16] = {};
  std::uint8_t rows[16] = {};

  void set(int tile, int row_count, int bytes) {
    rows[tile] = static_cast<std::uint8_t>(row_count);
    row_bytes[tile] = static_cast<std::uint16_t>(bytes);
  }
};
static_assert(sizeof(Shapes) == 64);

// Which tile holds what: sums of two tiles of rows by two of columns, and their operands.
constexpr int kSums[2][2] = {{0, 1}, {2, 3}}, kActivations[2] = {4, 5}, kWeights[2] = {6, 7};

#if defined(GLOWVOX_AMX)
// The processor's. In assembly, so that the rest of the program is not compiled for them.
struct Processor {
  void configure(const Shapes& shapes) { asm volatile("ldtilecfg %0" : : "m"(shapes)); }
  void release() { asm volatile("tilerelease"); }
  template <int kTile>
  void clear() {
    asm volatile("tilezero %%tmm%c0" : : "i"(kTile));
  }
  template <int kTile>
  void load(const void* from, std::ptrdiff_t row_bytes) {
    asm volatile("tileloadd (%0,%1,1), %%tmm%c2"
                 :
                 : "r"(from), "r"(row_bytes), "i"(kTile)
                 : "memory");
  }
  template <int kTile>
  void store(void* to, std::ptrdiff_t row_bytes) {
    asm volatile("tilestored %%tmm%c2, (%0,%1,1)"
                 :
                 : "r"(to), "r"(row_bytes), "i"(kTile)
                 : "memory");
  }
  template <int kSum, int kX, int kW>
  void add_product() {
    asm volatile("tdpbf16ps %%tmm%c2, %%tmm%c1, %%tmm%c0" : : "i"(kSum), "i"(kX), "i"(kW));
  }
};
#endif

// The same steps without tiles, as the manual has them: even and odd inputs are summed apart.
class Program {
 public:
  void configure(const Shapes& shapes) {
    shapes_ = shapes;
    std::memset(tiles_, 0, sizeof tiles_);
  }
  void release() {}
  template <int kTile>
  void clear() {
    std::memset(tiles_[kTile], 0, sizeof tiles_[kTile]);
  }
  template <int kTile>
  void load(const void* from, std::ptrdiff_t row_bytes) {
    for (int r = 0; r < shapes_.rows[kTile]; ++r)
      std::memcpy(tiles_[kTile][r], static_cast<const char*>(from) + r * row_bytes,
                  shapes_.row_bytes[kTile]);
  }
  template <int kTile>
  void store(void* to, std::ptrdiff_t row_bytes) {
    for (int r = 0; r < shapes_.rows[kTile]; ++r)
      std::memcpy(static_cast<char*>(to) + r * row_bytes, tiles_[kTile][r],
                  shapes_.row_bytes[kTile]);
  }
  template <int kSum, int kX, int kW>
  void add_product() {
    for (int r = 0; r < shapes_.rows[kSum]; ++r) {
      float even[kTileColumns] = {}, odd[kTileColumns] = {};
      for (int pair = 0; pair < shapes_.row_bytes[kX] / 4; ++pair) {
        const std::uint32_t x = word(kX, r, pair);
        for (int c = 0; c < kTileColumns; ++c) {
          const std::uint32_t w = word(kW, pair, c);
          even[c] = std::fma(low(x), low(w), even[c]);
          odd[c] = std::fma(high(x), high(w), odd[c]);
        }
      }
      for (int c = 0; c < kTileColumns; ++c) {
        float sum = 0.0F;
        std::memcpy(&sum, &tiles_[kSum][r][4 * c], sizeof sum);
        sum += even[c] + odd[c];
        std::memcpy(&tiles_[kSum][r][4 * c], &sum, sizeof sum);
      }
    }
  }

 private:
  std::uint32_t word(int tile, int row, int at) const {
    std::uint32_t word = 0;
    std::memcpy(&word, &tiles_[tile][row][4 * at], sizeof word);
    return word;
  }
  static float high(std::uint32_t pair) {
    const std::uint32_t bits = pair & 0xffff0000U;
    float value = 0.0F;
    std::memcpy(&value, &bits, sizeof value);
    return value;
  }
  static float low(std::uint32_t pair) { return high(pair << 16); }

  Shapes shapes_;
  unsigned char tiles_[8][kTileRows][kTileBytes];
};

template <class Tiles>
class Multiplication {
 public:
  Multiplication(const Weights& weights, const Layout& layout, Write write)
      : weights_(weights),
        layout_(layout),
        write_(write),
        step_(weights.in % kMostInputs == 0 ? kMostInputs : kLeastInputs) {}

  // Rows in pairs of full tiles, then those that are left.
  void run(const char* x, float* y, int rows) {
    const int full = rows / (2 * kTileRows) * (2 * kTileRows);
    if (full > 0) run_rows(x, y, full, kTileRows, kTileRows);
    const int rest = rows - full;
    if (rest > 0)
      run_rows(x + full * x_row(), y + full * y_row(), rest, std::min(rest, kTileRows),
               std::max(rest - kTileRows, 0));
    tiles_.release();
  }

 private:
  static constexpr int kMostInputs = kTileBytes / 2;

  std::ptrdiff_t x_row() const { return std::ptrdiff_t{2} * layout_.x_row; }  // bytes
  std::ptrdiff_t y_row() const { return layout_.y_row; }

  // first, second: the heights of the two tiles; second 0: there is one.
  void run_rows(const char* x, float* y, int rows, int first, int second) {
    Shapes shapes;
    for (const int column : {0, 1}) {
      shapes.set(kSums[0][column], first, kTileBytes);
      shapes.set(kSums[1][column], std::max(second, 1), kTileBytes);
      shapes.set(kWeights[column], step_ / 2, kTileBytes);
    }
    shapes.set(kActivations[0], first, 2 * step_);
    shapes.set(kActivations[1], std::max(second, 1), 2 * step_);
    tiles_.configure(shapes);
    for (int column = 0; column < weights_.columns; column += kBlock) {
      const char* block =
          weights_.blocks + std::ptrdiff_t{2} * column * weights_.taps * weights_.in;
      const bool wide = weights_.columns - column >= kBlock;
      for (int r = 0; r < rows; r += first + second) {
        const char* from = x + r * x_row();
        float* to = y + r * y_row() + column;
        if (second > 0)
          wide ? tile<true, true>(block, from, to) : tile<true, false>(block, from, to);
        else
          wide ? tile<false, true>(block, from, to) : tile<false, false>(block, from, to);
      }
    }
  }

  // kTwo: both tiles of rows; kWide: both of columns.
  template <bool kTwo, bool kWide>
  void tile(const char* block, const char* x, float* y) {
    const std::ptrdiff_t pair = (kWide ? 2 : 1) * kTileBytes;  // bytes of all columns
    start<0, 0>(y);
    if constexpr (kWide) start<0, 1>(y);
    if constexpr (kTwo) start<1, 0>(y);
    if constexpr (kTwo && kWide) start<1, 1>(y);
    for (int k = 0; k < weights_.taps; ++k) {
      const char* inputs = x + 2 * k * layout_.x_tap;
      for (int i = 0; i < weights_.in; i += step_, block += step_ / 2 * pair) {
        tiles_.template load<kActivations[0]>(inputs + std::ptrdiff_t{2} * i, x_row());
        tiles_.template load<kWeights[0]>(block, pair);
        tiles_.template add_product<kSums[0][0], kActivations[0], kWeights[0]>();
        if constexpr (kWide) {
          tiles_.template load<kWeights[1]>(block + kTileBytes, pair);
          tiles_.template add_product<kSums[0][1], kActivations[0], kWeights[1]>();
        }
        if constexpr (kTwo) {
          tiles_.template load<kActivations[1]>(
              inputs + std::ptrdiff_t{2} * i + kTileRows * x_row(), x_row());
          tiles_.template add_product<kSums[1][0], kActivations[1], kWeights[0]>();
        }
        if constexpr (kTwo && kWide)
          tiles_.template add_product<kSums[1][1], kActivations[1], kWeights[1]>();
      }
    }
    finish<0, 0>(y);
    if constexpr (kWide) finish<0, 1>(y);
    if constexpr (kTwo) finish<1, 0>(y);
    if constexpr (kTwo && kWide) finish<1, 1>(y);
  }

  float* place(float* y, int row, int column) const {
    return y + row * kTileRows * y_row() + column * kTileColumns;
  }
  template <int kRow, int kColumn>
  void start(float* y) {
    if (write_ == Write::kAdd)
      tiles_.template load<kSums[kRow][kColumn]>(place(y, kRow, kColumn), 4 * y_row());
    else
      tiles_.template clear<kSums[kRow][kColumn]>();
  }
  template <int kRow, int kColumn>
  void finish(float* y) {
    tiles_.template store<kSums[kRow][kColumn]>(place(y, kRow, kColumn), 4 * y_row());
  }

  const Weights& weights_;
  const Layout& layout_;
  Write write_;
  int step_;  // inputs at a time
  Tiles tiles_;
};

template <class Tiles>
void multiply_by(const Weights& weights, const Layout& layout, const void* x, float* y, int rows,
                 Write write) {
  Multiplication<Tiles>(weights, layout, write).run(static_cast<const char*>(x), y, rows);
}

#if defined(GLOWVOX_AMX)

// Leaf 7 tells of the instructions, XCR0 whether the system saves tiles when it switches threads.
bool has_instructions() {
  unsigned a = 0, b = 0, c = 0, d = 0;
  constexpr unsigned kXsaveEnabled = 1U << 27, kBfloat16 = 1U << 22, kTiles = 1U << 24;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & kXsaveEnabled) == 0) return false;
  if (__get_cpuid_count(7, 0, &a, &b, &c, &d) == 0) return false;
  if ((d & kBfloat16) == 0 || (d & kTiles) == 0) return false;
  unsigned low = 0, high = 0;
  asm volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  constexpr unsigned kTileState = 3U << 17;
  return (low & kTileState) == kTileState;
}

// Linux gives tiles to a process that asks, Documentation/arch/x86/xstate.rst: all of its threads.
bool ask_system() {
  constexpr int kRequestPermission = 0x1023, kTileData = 18;
  return ::syscall(SYS_arch_prctl, kRequestPermission, kTileData) == 0;
}

// Some products of every width and height, by the processor and by the program.
bool is_right() {
  constexpr int kRows = 51, kColumns = 48;
  for (const int in : {kLeastInputs, 32}) {
    std::vector<std::uint16_t> x(static_cast<std::size_t>(kRows) * in), w(kColumns * in);
    for (std::size_t i = 0; i < x.size(); ++i) x[i] = static_cast<std::uint16_t>(0x3f00 + i % 251);
    for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::uint16_t>(0xbf00 + i % 127);
    const Weights weights{reinterpret_cast<const char*>(w.data()), kColumns, 1, in};
    const Layout layout{in, 0, kColumns};
    std::vector<float> made(kRows * kColumns), expected(made);
    multiply_by<Processor>(weights, layout, x.data(), made.data(), kRows, Write::kReplace);
    multiply_by<Program>(weights, layout, x.data(), expected.data(), kRows, Write::kReplace);
    for (std::size_t i = 0; i < made.size(); ++i)
      if (!(std::fabs(made[i] - expected[i]) <= 1e-5F * std::fabs(expected[i]))) return false;
  }
  return true;
}

#endif

}  // namespace

bool available() {
#if defined(GLOWVOX_AMX)
  static const bool there = has_instructions() && ask_system() && is_right();
  return there;
#else
  return false;
#endif
}

void multiply(const Weights& weights, const Layout& layout, const void* x, float* y, int rows,
              Write write) {
  if (rows < 1) return;
#if defined(GLOWVOX_AMX)
  if (available()) return multiply_by<Processor>(weights, layout, x, y, rows, write);
#endif
  multiply_by<Program>(weights, layout, x, y, rows, write);
}

}  // namespace glowvox::engine::amx
