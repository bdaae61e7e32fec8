// SPDX-License-Identifier: MIT
// What needs LibTorch runs in glowvox-train, which lies beside glowvox and parses the same command
// line again: here these functions start it. Where training is not built there is no such program.
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "bench/bench.hpp"
#include "command.hpp"
#include "config/model_config.hpp"
#include "core/beside.hpp"
#include "core/cpu.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"
#include "evaluation/evaluate.hpp"
#include "glowvox/error.hpp"
#include "model/description.hpp"
#include "train/score.hpp"
#include "train/start.hpp"

namespace glowvox {

namespace {

// How OpenMP's threads wait between loops; what the user has set stays.
enum class Waiting { kAsleep, kSpinning };

[[noreturn]] void run_beside(Waiting waiting) {
  // LibTorch's OpenMP threads spin between loops, on the cores that OpenBLAS's threads need: float
  // synthesis is three times faster when they sleep, float training four. bfloat16 training, which
  // has no part in OpenBLAS, is faster when they spin, but only for a moment: where another process
  // wants a core, threads that spin for one that has none are thirty times slower. (Measured when
  // all of its products were oneDNN's; those of fused nets are our own loops' now.)
  if (waiting == Waiting::kAsleep)
    platform::set_default("OMP_WAIT_POLICY", "passive");
  else
    platform::set_default("GOMP_SPINCOUNT", "3000");
  // OpenBLAS's threads spin as well, 20 ms long after each product, beside those of training's own
  // loops: the power of two of cycles after which they sleep.
  platform::set_default("OPENBLAS_THREAD_TIMEOUT", "4");
  const std::string path = program_beside("glowvox-train");
  // A copy of glowvox under that name, or a link to it, would start itself for ever.
  std::error_code absent;
  if (std::filesystem::equivalent(path_of(path), path_of(platform::program_path()), absent))
    throw Error(path, "is glowvox itself, and not what trains", "give glowvox its own name");
  platform::become(path, tools::program_arguments());
  throw Error(path, std::string("cannot be started: ") + std::strerror(errno),
              errno == ENOENT ? "install LibTorch and configure with -DGLOWVOX_TRAINING=ON" : "");
}

}  // namespace

namespace bench {
int run(const Options& /*options*/) { run_beside(Waiting::kAsleep); }
}  // namespace bench

namespace evaluation {
int evaluate(const EvaluationOptions& /*options*/) { run_beside(Waiting::kAsleep); }
}  // namespace evaluation

namespace model {
void describe(const std::string& /*path*/, bool /*timing*/, bool /*json*/) {
  run_beside(Waiting::kAsleep);
}
void write_random(const InitOptions& /*options*/) { run_beside(Waiting::kAsleep); }
}  // namespace model

namespace train {
void score(ScoreOptions /*options*/) { run_beside(Waiting::kAsleep); }
int start(TrainOptions o) {
  const bool bf16 = has_fast_bfloat16() && !o.float32 && config::read_config(o.config).train.bf16;
  run_beside(bf16 ? Waiting::kSpinning : Waiting::kAsleep);
}
}  // namespace train

}  // namespace glowvox
