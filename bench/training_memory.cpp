// SPDX-License-Identifier: MIT
// Memory and time of a training pass, forward and backward, with activations kept and made again,
// and how far the gradients of the two are apart. Each way runs in a process of its own.
// Usage: bench_training_memory CONFIG BATCH SAMPLES [float32|bfloat16]
#include <ATen/Parallel.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "core/messages.hpp"
#include "flow/ops.hpp"
#include "flow/torch_threads.hpp"
#include "model/flow_vocoder.hpp"
#include "train/estimate.hpp"
#include "train/memory_meter.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

constexpr int kPasses = 3;  // the fastest counts

struct Task {
  config::ModelConfig config;
  std::int64_t batch, frames;
  bool bf16;
};

std::vector<Tensor> gradients(const Task& task, bool recompute, int passes, bool tell) {
  torch::manual_seed(1);
  auto& meter = train::MemoryMeter::install();
  model::FlowVocoder model(task.config);
  model.randomize();
  model.set_recompute(recompute);
  const std::int64_t samples = task.frames * task.config.mel.hop_samples;
  const Tensor audio = torch::randn({task.batch, samples + 2 * model.margin()}) * 0.1;
  const Tensor mel = torch::randn({task.batch, task.frames, task.config.mel.bands}) - 5.0;
  const flow::Bfloat16Guard guard(task.bf16);
  double seconds = 1e9;
  const std::int64_t before = meter.restart_peak();
  for (int i = 0; i < passes; ++i) {
    model.zero_grad();
    const auto start = std::chrono::steady_clock::now();
    const Tensor loss =
        -model.log_prob(audio, mel, flow::Edges::kMargins).mean() / static_cast<double>(samples);
    loss.backward();
    seconds = std::min(
        seconds, std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count());
  }
  struct rusage usage {};
  ::getrusage(RUSAGE_SELF, &usage);
  if (tell)
    fmt::print("{:<11} {:>8} at its peak beyond the weights, process {:>8}, {:.2f} s a pass\n",
               recompute ? "made again:" : "kept:",
               train::readable_bytes(static_cast<double>(meter.peak_bytes() - before)),
               train::readable_bytes(1024.0 * static_cast<double>(usage.ru_maxrss)), seconds);
  std::fflush(stdout);
  std::vector<Tensor> all;
  for (const Tensor& p : model.parameters()) all.push_back(p.grad().detach());
  return all;
}

void difference(const Task& task) {
  const auto kept = gradients(task, false, 1, false), again = gradients(task, true, 1, false);
  double sum = 0.0, size = 0.0;
  for (std::size_t i = 0; i < kept.size(); ++i) {
    sum += (kept[i] - again[i]).square().sum().item<double>();
    size += kept[i].square().sum().item<double>();
  }
  fmt::print("gradients differ by {:.2g} of their norm\n", std::sqrt(sum / size));
  std::fflush(stdout);
}

template <typename Body>
int in_a_process(const Body& body) {
  const pid_t pid = ::fork();
  if (pid == 0) {
    flow::use_threads(0);
    body();
    ::_exit(0);
  }
  int status = 0;
  ::waitpid(pid, &status, 0);
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  set_program_name("bench_training_memory");
  try {
    if (argc < 4) {
      say("usage: bench_training_memory CONFIG BATCH SAMPLES [float32|bfloat16]");
      return 2;
    }
    Task task{config::read_config(argv[1]), std::atoll(argv[2]), 0, false};
    const std::int64_t hop = task.config.mel.hop_samples;
    task.frames = (std::atoll(argv[3]) + hop - 1) / hop;
    task.bf16 = argc > 4 && std::strcmp(argv[4], "bfloat16") == 0;
    fmt::print("{}: batch {} x {} samples, {}\n", task.config.name, task.batch, task.frames * hop,
               task.bf16 ? "bfloat16" : "float");
    std::fflush(stdout);
    int failed = 0;
    for (const bool recompute : {false, true})
      failed |= in_a_process([&] { gradients(task, recompute, kPasses, true); });
    failed |= in_a_process([&] { difference(task); });
    return failed == 0 ? 0 : 1;
  } catch (const std::exception& e) {
    say_error(message_of(e));
    return 1;
  }
}
