// SPDX-License-Identifier: MIT
// glowvox export --onnx.
#pragma once

#include <string>

#include "onnx/vocoder_graph.hpp"

namespace glowvox::onnx {

struct ExportOptions {
  std::string model, out;  // out: NAME.onnx
  bool mel_only = false, half = false;
  double sigma = 0.7;
  std::optional<std::uint64_t> seed;
  bool json = false;
};

// Writes the offline graph, NAME.onnx, and that of streams, NAME-streaming.onnx, where the model
// does not look ahead; or the one of mel_only. Prints what they are. Throws UsageError for options
// that do not belong together, Error for a file that is no model.
void export_onnx(const ExportOptions& options);

}  // namespace glowvox::onnx
