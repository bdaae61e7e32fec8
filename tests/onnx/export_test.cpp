// SPDX-License-Identifier: MIT
// glowvox export --onnx as a user runs it.
#include <doctest/doctest.h>
#include <onnx.pb.h>

#include <filesystem>
#include <nlohmann/json.hpp>

#include "golden.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using namespace glowvox::test;
using nlohmann::json;

namespace {

const std::string kShipped = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";

::onnx::ModelProto parsed(const std::string& path) {
  ::onnx::ModelProto model;
  REQUIRE(model.ParseFromString(read_file(path)));
  return model;
}

std::string metadata(const ::onnx::ModelProto& model, const std::string& key) {
  for (const auto& entry : model.metadata_props())
    if (entry.key() == key) return entry.value();
  return "";
}

}  // namespace

TEST_CASE("export --onnx writes two files of the format and operator set that it says") {
  const TemporaryDirectory folder;
  const std::string out = folder.file("voice.onnx"),
                    streaming = folder.file("voice-streaming.onnx");
  const json figures = json::parse(
      succeeds(folder, "export " + kShipped + " --onnx --half -o " + out + " --json").out);
  REQUIRE(figures.size() == 2);
  CHECK(figures[0]["out"] == out);
  CHECK(figures[1]["out"] == streaming);
  for (const std::string& path : {out, streaming}) {
    const ::onnx::ModelProto model = parsed(path);
    CHECK(model.ir_version() == 8);
    REQUIRE(model.opset_import_size() == 1);
    CHECK(model.opset_import(0).domain().empty());
    CHECK(model.opset_import(0).version() == 17);
    CHECK(model.producer_name() == "glowvox");
    CHECK(metadata(model, "model_name") == "mdct-causal-many");
  }
  CHECK(metadata(parsed(streaming), "graph") == "streaming");
}

TEST_CASE("export --onnx --mel-only writes the one graph") {
  const TemporaryDirectory folder;
  const std::string out = folder.file("vocoder.onnx");
  CHECK(
      contains(succeeds(folder, "export " + kShipped + " --onnx --mel-only --seed 3 -o " + out).out,
               "mel-only graph"));
  CHECK(parsed(out).graph().output_size() == 1);
  CHECK_FALSE(std::filesystem::exists(folder.file("vocoder-streaming.onnx")));
}

TEST_CASE("export --onnx says why there is no streaming graph") {
  const TemporaryDirectory folder;
  const std::string out = folder.file("waveglow.onnx");
  CHECK(contains(succeeds(folder, "export " + golden_model("waveglow") + " --onnx -o " + out).out,
                 "no streaming graph: this model looks ahead"));
  CHECK(parsed(out).graph().output_size() == 1);
}

TEST_CASE("export --onnx refuses what does not belong together") {
  const TemporaryDirectory folder;
  const std::string out = folder.file("voice.onnx");
  refuses(folder, "export " + kShipped + " --onnx -o " + folder.file("voice.pt"),
          "expected a name that ends in .onnx", 2);
  refuses(folder, "export " + kShipped + " -o " + out, "in .onnx, with --onnx", 2);
  refuses(folder, "export " + kShipped + " --onnx --seed 1 -o " + out, "--mel-only", 2);
  refuses(folder, "export " + kShipped + " --mel-only -o " + out, "--onnx", 2);
  refuses(folder, "export " + folder.file("none.safetensors") + " --onnx -o " + out,
          "none.safetensors");
  CHECK_FALSE(std::filesystem::exists(out));
}
