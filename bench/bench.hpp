// SPDX-License-Identifier: MIT
// glowvox bench: how fast synthesis and training are here.
#pragma once

#include <string>
#include <vector>

namespace glowvox::bench {

struct RowName {
  const char *name, *what;
};
constexpr RowName kRows[] = {
    {"waveglow-256-fp32", "NVIDIA's WaveGlow, 2 s at once"},
    {"waveglow-256-bf16", "the same in bfloat16"},
    {"mdct-causal-fp32", "the project's model, 10 s at once"},
    {"mdct-causal-bf16", "the same in bfloat16"},
    {"mdct-causal-int8", "the same with the nets' weights in 8 bits"},
    {"mdct-causal-corrected", "the same with the model's correction"},
    {"stream-fp32", "the project's model, a frame at a time, one thread"},
    {"stream-bf16", "the same in bfloat16"},
    {"stream-int8", "the same with the nets' weights in 8 bits"},
    {"stream-live", "stream-fp32 with the one correction that adds no delay"},
    {"streams", "1 to 256 streams together, a step of a frame each"},
    {"roofline", "where the time of 10 s of its sound goes, and what products alone would take"},
    {"start", "process start to the end of a short utterance, and where its time goes"},
    {"peers", "others' published vocoders in PyTorch beside it"},
    {"memory-one-hour", "peak memory of an hour of sound"},
    {"libraries", "shared libraries of glowvox synth"},
    {"train", "a training step of the project's model"},
};

struct BenchOptions {
  std::string model;                        // the project's own; empty: beside the program
  std::string configs;                      // folder with waveglow-256.yaml; likewise
  std::string program;                      // the glowvox executable
  std::string pytorch;                      // script that times PyTorch; empty: not asked for
  std::string onnxruntime;                  // that times ONNX Runtime; likewise
  std::string python = "/usr/bin/python3";  // that runs them
  int threads = 0;
  bool quick = false;  // short utterances and few repetitions: is everything there and right?
};

struct Options {
  BenchOptions bench;
  std::vector<std::string> rows;  // names; none: all of them
  std::string peer = "libtorch";  // or pytorch, onnxruntime
  bool json = false;
};

// Measures and prints row after row. Throws UsageError for an unknown one.
int run(const Options& options);

}  // namespace glowvox::bench
