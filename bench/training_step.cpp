// SPDX-License-Identifier: MIT
#include "training_step.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cmath>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>

#include "core/cpu.hpp"
#include "flow/ops.hpp"
#include "flow/torch_threads.hpp"
#include "glowvox/error.hpp"
#include "model/flow_vocoder.hpp"
#include "timing.hpp"
#include "train/optimizer.hpp"

namespace glowvox::bench {

namespace {

using torch::Tensor;
using Clock = std::chrono::steady_clock;

// y [rows, out] = x [rows, in] w: forward, and the gradients of x and w.
struct Product {
  std::int64_t rows, in, out;
  double times = 1.0;  // in a step
  double flop() const { return 3.0 * 2.0 * static_cast<double>(rows * in * out) * times; }
};

// Those of a step's nets and mixings, which is all but some thousandths of its work.
std::vector<Product> products_of(const config::ModelConfig& c) {
  const std::int64_t rows =
      std::int64_t{c.train.batch} * c.train.segment_frames * c.mel.hop_samples / c.lift.channels;
  const std::int64_t half = c.lift.channels / 2, H = c.net.channels, F = c.conditioner.channels;
  const double nets = c.steps, layers = c.net.layers;
  return {{rows, half, H, nets},
          {rows, F, 2 * H, nets * layers},
          {rows, H * c.net.kernel, 2 * H, nets * layers},
          {rows, H, 2 * H, nets * (layers - 1)},
          {rows, H, H, nets},
          {rows, H, 2 * half, nets},
          {rows, 2 * half, 2 * half, nets},
          {2 * half, 2 * half, 2 * half, nets}};
}

double flop_of(const std::vector<Product>& products) {
  double sum = 0.0;
  for (const Product& p : products) sum += p.flop();
  return sum;
}

// Seconds of the products alone, by LibTorch's BLAS.
double products_seconds(const std::vector<Product>& products, double least_seconds) {
  double sum = 0.0;
  for (const Product& p : products) {
    const Tensor x = torch::randn({p.rows, p.in}), w = torch::randn({p.out, p.in});
    const Tensor g = torch::randn({p.rows, p.out});
    Tensor y = torch::empty({p.rows, p.out}), gx = torch::empty_like(x), gw = torch::empty_like(w);
    sum += p.times * median_seconds(
                         [&] {
                           at::mm_out(y, x, w.t());
                           at::mm_out(gx, g, w);
                           at::mm_out(gw, g.t(), x);
                         },
                         3, least_seconds / static_cast<double>(products.size()));
  }
  return sum;
}

// A training step on one batch, as the trainer makes it; bf16: the nets' products.
class Steps {
 public:
  explicit Steps(const config::ModelConfig& config, bool bf16 = false)
      : config_(config), bf16_(bf16), model_(config), optimizer_(model_, config.train) {
    const std::int64_t samples = std::int64_t{config.train.segment_frames} * config.mel.hop_samples;
    audio_ = torch::randn({config.train.batch, samples + 2 * model_.margin()}) * 0.1;
    mel_ = torch::randn({config.train.batch, config.train.segment_frames, config.mel.bands}) - 5.0;
    model_.initialize(audio_, mel_, flow::Edges::kMargins);
    optimizer_.restart_averages();
    samples_ = static_cast<double>(samples);
  }

  double step() {  // the loss before it
    const std::array<Clock::time_point, 4> times = [&] {
      const flow::Bfloat16Guard guard(bf16_);
      const auto start = Clock::now();
      optimizer_.zero_grad();
      const Tensor loss = -model_.log_prob(audio_, mel_, flow::Edges::kMargins).mean() / samples_;
      loss_ = loss.item<double>();
      const auto walked = Clock::now();
      loss.backward();
      const auto back = Clock::now();
      const double norm = optimizer_.gradient_norm().item<double>();
      optimizer_.step(count_++, kRate, std::min(1.0, config_.train.clip_norm / norm));
      return std::array{start, walked, back, Clock::now()};
    }();
    for (std::size_t i = 0; i < parts.size(); ++i)
      parts[i].push_back(std::chrono::duration<double>(times[i + 1] - times[i]).count());
    return loss_;
  }

  std::array<std::vector<double>, 3> parts;  // seconds forward, backward, of the optimizer

 private:
  static constexpr double kRate = 1e-4;
  config::ModelConfig config_;
  bool bf16_;
  model::FlowVocoder model_;
  train::Optimizer optimizer_;
  Tensor audio_, mel_;
  double samples_ = 0.0, loss_ = 0.0;
  std::int64_t count_ = 0;
};

double median(std::vector<double> values) {
  std::nth_element(values.begin(), values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2),
                   values.end());
  return values[values.size() / 2];
}

// The loss of the first step by LibTorch's own operators, which the step's has to equal.
double portable_loss(const config::ModelConfig& config) {
  torch::manual_seed(1);
  const flow::PortableGuard guard(true);
  return Steps(config).step();
}

// Steps that have been timed.
struct Timed {
  double seconds, first, last;  // the median step; the losses
  std::array<double, 3> parts;  // seconds
};

Timed timed(const config::ModelConfig& config, bool bf16, bool quick) {
  torch::manual_seed(1);
  Steps steps(config, bf16);
  Timed t{0.0, steps.step(), 0.0, {}};
  steps.parts = {};
  t.seconds = median_seconds([&] { t.last = steps.step(); }, quick ? 2 : 7, quick ? 0.0 : 6.0);
  std::transform(steps.parts.begin(), steps.parts.end(), t.parts.begin(), median);
  if (!(t.last < t.first))
    throw Error("bench", fmt::format("the loss went from {} to {}", t.first, t.last));
  return t;
}

void add_twin(const BenchOptions& o, const config::ModelConfig& config, BenchRow* row) {
  const auto script = std::filesystem::path(o.pytorch).parent_path() / "pytorch_training_peer.py";
  const std::string printed =
      output_of({o.python, script.string(), fmt::format("{}", config.train.batch),
                 fmt::format("{}", config.train.segment_frames), o.quick ? "0" : "4"});
  const nlohmann::json answer = nlohmann::json::parse(printed, nullptr, false);
  if (!answer.is_object() || !answer.contains("step_ms"))
    throw Error("--peer pytorch", "PyTorch did not run", "name a Python that has it by --python");
  row->other = OtherPeer{"PyTorch", answer["step_ms"].get<double>()};
  for (const auto& [name, ms] : answer["ms"].items())
    row->notes.push_back(fmt::format("PyTorch {}, {}: {:.0f} ms",
                                     answer["torch"].get<std::string>(), name, ms.get<double>()));
}

}  // namespace

BenchRow training_step(const BenchOptions& o) {
  flow::use_threads(o.threads);
  const config::ModelConfig config = config::read_config(o.configs + "/mdct-causal.yaml");
  const double expected = portable_loss(config);
  const Timed in_float = timed(config, false, o.quick);
  if (!(std::fabs(in_float.first - expected) <= 1e-4 * std::fabs(expected)))
    throw Error("bench", fmt::format("the loss is {}, {} by LibTorch's operators", in_float.first,
                                     expected));
  std::optional<Timed> in_bf16;
  if (has_fast_bfloat16()) in_bf16 = timed(config, true, o.quick);
  // What training would choose.
  const Timed& best = in_bf16 && in_bf16->seconds < in_float.seconds ? *in_bf16 : in_float;
  const double seconds = best.seconds;

  const std::vector<Product> products = products_of(config);
  const double flop = flop_of(products);
  BenchRow row;
  row.name = "train";
  row.unit = "ms";
  row.value = 1e3 * seconds;
  row.peer = "its products alone, LibTorch's BLAS";
  row.peer_value = 1e3 * products_seconds(products, o.quick ? 0.0 : 4.0);
  row.check = fmt::format("loss {:.4f} as by LibTorch's operators, then {:.4f}", in_float.first,
                          in_float.last);
  if (in_bf16)
    row.notes.push_back(
        fmt::format("in float {:.0f} ms, in bfloat16 {:.0f} ms (loss {:.4f}, then {:.4f})",
                    1e3 * in_float.seconds, 1e3 * in_bf16->seconds, in_bf16->first, in_bf16->last));
  row.notes.push_back(fmt::format("{:.0f} GFLOP/s, the products alone {:.0f}",
                                  flop / seconds * 1e-9, flop / *row.peer_value * 1e-6));
  row.notes.push_back(fmt::format("forward {:.0f}%, backward {:.0f}%, optimizer {:.0f}%",
                                  100.0 * best.parts[0] / seconds, 100.0 * best.parts[1] / seconds,
                                  100.0 * best.parts[2] / seconds));
  if (!o.pytorch.empty()) add_twin(o, config, &row);
  return row;
}

}  // namespace glowvox::bench
