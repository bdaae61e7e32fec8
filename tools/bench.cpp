// SPDX-License-Identifier: MIT
// glowvox bench: how fast synthesis and training are here.
#include "bench/bench.hpp"

#include <memory>

#include "command.hpp"
#include "options.hpp"

namespace glowvox::tools {

namespace {

std::function<int()> setup(CLI::App& app) {
  auto o = std::make_shared<bench::Options>();
  std::string names;
  for (const bench::RowName& row : bench::kRows)
    names += std::string(names.empty() ? "" : "; ") + row.name + ", " + row.what;
  app.add_option("--row", o->rows, "Only these: " + names);
  app.add_option("--model", o->bench.model, "The causal model (default: the voice beside glowvox)");
  app.add_option("--configs", o->bench.configs,
                 "Folder of configurations (default: that of the sources)");
  app.add_option("--peer", o->peer,
                 "libtorch, or as well pytorch (Debian's python3-torch) or onnxruntime (of what "
                 "export --onnx writes)")
      ->check(CLI::IsMember({"libtorch", "pytorch", "onnxruntime"}))
      ->capture_default_str();
  app.add_option("--python", o->bench.python,
                 "The Python that has the PyTorch or onnxruntime of --peer")
      ->capture_default_str();
  add_threads(app, o->bench.threads);
  app.add_flag("--quick", o->bench.quick, "Short: is everything there and right?");
  app.add_flag("--json", o->json, "One JSON object a row");
  return [o] { return bench::run(*o); };
}

const Registration registration({"bench", Group::kTraining,
                                 "Measure the speed of synthesis, against LibTorch in the same run",
                                 "  glowvox bench\n"
                                 "  glowvox bench --row mdct-causal-bf16 --row stream-bf16 --json\n"
                                 "  glowvox bench --peer pytorch\n"
                                 "  glowvox bench --row stream-fp32 --peer onnxruntime "
                                 "--python venv/bin/python",
                                 setup});

}  // namespace

}  // namespace glowvox::tools
