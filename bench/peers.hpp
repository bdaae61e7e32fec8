// SPDX-License-Identifier: MIT
// Other people's programs, run by a Python that has what they need.
#pragma once

#include <string>

#include "rows.hpp"

namespace glowvox::bench {

// PyTorch's real-time factor on one of the two models of bench/pytorch_peer.py.
double pytorch_factor(const BenchOptions& options, const std::string& name, double seconds);

// The model's exported graph in ONNX Runtime: `figure` is what the script prints, rtf of the
// offline one, ms (of a frame) of the streaming one.
double onnxruntime_figure(const BenchOptions& options, const std::string& model, const char* graph,
                          const char* figure, double seconds, int threads);

// Vocoders that others have published, random weights in PyTorch, beside this project's voice and
// its own runs of WaveGlow and SqueezeWave: real-time factor, start and memory of each. Skipped
// where the Python has no PyTorch.
BenchRow peers(const BenchOptions& options);

}  // namespace glowvox::bench
