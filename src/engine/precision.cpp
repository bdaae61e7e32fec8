// SPDX-License-Identifier: MIT
#include "engine/precision.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <limits>

#include "config/receptive_field.hpp"
#include "core/cpu.hpp"
#include "core/thread_team.hpp"
#include "engine/channels.hpp"
#include "engine/conversions.hpp"
#include "engine/instruction_set.hpp"
#include "engine/stage.hpp"
#include "glowvox/error.hpp"
#include "glowvox/version.h"

namespace glowvox::engine {

namespace {

// 6 MB in float32 and 3 MB in bfloat16.
constexpr std::size_t kMostWeights = 1500000;
constexpr int kTile = 64;  // rows, of an utterance
constexpr int kUtteranceRounds = 3, kFrameRounds = 7;
constexpr double kGain = 0.9;  // of the time in float32, from which on bfloat16 is taken

int features_of(const config::ModelConfig& config) {
  switch (config.conditioner.kind) {
    case config::ConditionerKind::kRepeat:
      return config.mel.bands;
    case config::ConditionerKind::kUpsample:
      return config.mel.bands * config.lift.channels;
    default:
      return config.conditioner.channels;
  }
}

// Weights like a trained model's, cheaply: neither zero nor denormal.
MatrixRows made_up(int out, int taps, int in, Storage stored) {
  MatrixRows matrix{out, taps, in, nullptr, stored};
  matrix.row = [size = matrix.row_size()](int n, float* row) {
    for (std::size_t i = 0; i < size; ++i)
      row[i] = 0.015625F * static_cast<float>(static_cast<int>((i + n) % 7) - 3);
  };
  return matrix;
}

// A thread's own rows, as many as a product of the widest kind takes.
struct Rows {
  Rows(std::size_t inputs, std::size_t outputs) : x(inputs, 0.5F), narrow(inputs), y(outputs) {}
  std::vector<float> x;
  std::vector<std::uint16_t> narrow;
  std::vector<float> y;
};

// The products in one precision.
class Timed {
 public:
  Timed(const TimedProducts& products, DType dtype) : dtype_(dtype) {
    for (std::size_t i = 0; i < products.matrices.size(); ++i) {
      const MatrixRows& m = products.matrices[i];
      const int x_row = padded(m.in);
      const int rows_before = (m.taps - 1) * products.dilations[i];
      products_.emplace_back(
          m, dtype, Layout{x_row, std::int64_t{products.dilations[i]} * x_row, padded(m.out)});
      sizes_.push_back({static_cast<std::size_t>(x_row), static_cast<std::size_t>(rows_before)});
    }
  }

  // Activations are rounded on the way, as synthesis does.
  void run(int rows, Rows* own) const {
    for (std::size_t i = 0; i < products_.size(); ++i) {
      const void* x = own->x.data();
      if (dtype_ == DType::kBfloat16) {
        to_bfloat16(own->x.data(), static_cast<std::size_t>(rows) * sizes_[i].row,
                    own->narrow.data());
        x = own->narrow.data();
      }
      products_[i].run(x, own->y.data(), rows);
    }
  }

  std::size_t inputs(int rows) const {
    std::size_t most = 0;
    for (const Size& size : sizes_)
      most = std::max(most, (static_cast<std::size_t>(rows) + size.before) * size.row);
    return most;
  }
  std::size_t outputs(int rows) const {
    std::size_t most = 0;
    for (const Product& product : products_)
      most = std::max(most, static_cast<std::size_t>(rows) * padded(product.out()));
    return most;
  }

 private:
  struct Size {
    std::size_t row, before;  // floats of a row of activations; rows of the taps before
  };
  DType dtype_;
  std::vector<Product> products_;
  std::vector<Size> sizes_;
};

// Shortest times of `work` in both precisions.
PrecisionChoice::Times shortest(int rounds, const PrecisionClock& now,
                                const std::function<void(int precision)>& work) {
  std::array<double, 2> least;
  least.fill(std::numeric_limits<double>::infinity());
  for (const int precision : {0, 1}) work(precision);
  for (int round = 0; round < rounds; ++round)
    for (const int precision : {0, 1}) {
      const double start = now();
      work(precision);
      double& best = least[static_cast<std::size_t>(precision)];
      best = std::min(best, now() - start);
    }
  return {least[0], least[1]};
}

}  // namespace

double steady_seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

TimedProducts timed_products(const config::ModelConfig& config, Storage stored) {
  TimedProducts timed;
  timed.frame_rows = std::max(1, config.mel.hop_samples / config.lift.channels);
  timed.shape = fmt::format("{} rows a frame, weights {}", timed.frame_rows,
                            stored == Storage::kFloat32 ? "float" : "half");
  std::size_t weights = 0;
  const auto add = [&](int out, int taps, int in, int dilation) {
    if (weights >= kMostWeights) return;
    timed.matrices.push_back(made_up(out, taps, in, stored));
    timed.dilations.push_back(taps > 1 ? dilation : 0);
    timed.shape += fmt::format(", {}x{}x{}", out, taps, in);
    weights += static_cast<std::size_t>(out) * timed.matrices.back().row_size();
  };
  const int H = config.net.channels, features = features_of(config);
  const bool wavenet = config.net.kind == config::NetKind::kWavenet;
  for (int step = config.steps - 1; step >= 0; --step) {
    const int half = config::channels_at_step(config, step) / 2;
    add(H, 1, half, 0);
    for (int layer = 0; layer < config.net.layers; ++layer) {
      add(2 * H, 1, features, 0);
      add(2 * H, wavenet ? config.net.kernel : 1, H, config::dilation_of(config.net, layer));
      add(H, 1, H, 0);
      if (wavenet) add(H, 1, H, 0);
    }
    add(2 * half, 1, H, 0);
  }
  return timed;
}

PrecisionTimes time_precisions(const TimedProducts& products, int threads,
                               const PrecisionClock& now) {
  const std::array<Timed, 2> both = {Timed(products, DType::kFloat32),
                                     Timed(products, DType::kBfloat16)};
  const int most_rows = std::max(kTile, products.frame_rows);
  std::vector<Rows> rows(static_cast<std::size_t>(threads),
                         Rows(both[0].inputs(most_rows), both[0].outputs(most_rows)));
  ThreadTeam team(threads);
  PrecisionTimes times;
  times.utterances = shortest(kUtteranceRounds, now, [&](int precision) {
    team.run({threads}, [&](int, int piece, int) {
      both[static_cast<std::size_t>(precision)].run(kTile, &rows[static_cast<std::size_t>(piece)]);
    });
  });
  times.frames = shortest(kFrameRounds, now, [&](int precision) {
    both[static_cast<std::size_t>(precision)].run(products.frame_rows, rows.data());
  });
  return times;
}

std::string precision_key(const TimedProducts& products, int threads) {
  return fmt::format("glowvox {}; {}; {}; {} threads; {}", GLOWVOX_VERSION, processor_name(),
                     name_of(instruction_set()), threads, products.shape);
}

bool bfloat16_pays(const PrecisionChoice::Times& times) {
  return times.bfloat16 <= kGain * times.float32;
}

PrecisionChoice choose_precision(const PrecisionQuestion& question, const std::string& key,
                                 const PrecisionCache& cache,
                                 const std::function<PrecisionTimes()>& measure) {
  using Source = PrecisionChoice::Source;
  PrecisionChoice choice;
  if (question.stated()) {
    choice.precision = question.asked;
    choice.source = Source::kStated;
  }
  if (!question.open()) return choice;
  const std::optional<PrecisionTimes> known = cache.read(key);
  const PrecisionTimes times = known ? *known : measure();
  choice.source = known ? Source::kCached : Source::kMeasured;
  if (known || cache.write(key, times)) choice.cache_file = cache.path_of(key);
  choice.utterances = times.utterances;
  choice.frames = times.frames;
  const bool pays =
      bfloat16_pays(question.asked == Precision::kAutoStream ? times.frames : times.utterances);
  choice.precision = pays ? Precision::kBfloat16 : Precision::kFloat32;
  return choice;
}

PrecisionChoice choose_precision(Precision asked, const config::ModelConfig& config,
                                 Storage stored) {
  const PrecisionQuestion question{asked, has_bfloat16_products(), config.synthesis.bf16};
  if (asked == Precision::kBfloat16 && !question.possible)
    throw Error("precision",
                std::string("bfloat16 needs AVX-512 BF16 or NEON BF16, this processor offers ") +
                    name_of(instruction_set()),
                "use fp32");
  if (!question.open()) return choose_precision(question, "", PrecisionCache(""), {});
#if defined(__wasm__)
  // Which has no bfloat16: what times and keeps it does not come into a page.
  throw Error("precision", "WebAssembly multiplies no bfloat16");
#else
  const int threads = available_cores();
  const TimedProducts products = timed_products(config, stored);
  return choose_precision(question, precision_key(products, threads),
                          PrecisionCache(precision_cache_folder()),
                          [&] { return time_precisions(products, threads, steady_seconds); });
#endif
}

}  // namespace glowvox::engine
