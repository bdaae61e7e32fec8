// SPDX-License-Identifier: MIT
// bench as a user runs it.
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::ModelFolder;
using test::succeeds;

TEST_CASE("bench: PyTorch as a peer") {
  if (std::system("/usr/bin/python3 -c 'import torch' 2>/dev/null") != 0) {
    MESSAGE("skipped: no python3-torch");
    return;
  }
  const ModelFolder folder;
  const json row = json::parse(
      succeeds(folder, "bench --quick --json --row mdct-causal-fp32 --peer pytorch --model " +
                           std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors")
          .out);
  CHECK(row["pytorch_rtf"].get<double>() > 0.0);
  CHECK(row["pytorch_ratio"].get<double>() > 0.0);
}

TEST_CASE("bench: published vocoders beside the voice, or a sentence why not") {
  const ModelFolder folder;
  const std::string voice = " --model " + std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
  const test::Ran none =
      succeeds(folder, "bench --quick --json --row peers --python /bin/false" + voice);
  CHECK(none.out.empty());
  CHECK(test::contains(none.err, "peers: skipped, /bin/false has no PyTorch"));
  const char* python = std::getenv("GLOWVOX_TORCH_PYTHON");
  if (python == nullptr) {
    MESSAGE("skipped: GLOWVOX_TORCH_PYTHON names no Python with PyTorch 2");
    return;
  }
  const json row = json::parse(
      succeeds(folder, "bench --quick --json --row peers --python " + std::string(python) + voice)
          .out);
  // The voice, its flow alone (by ONNX Runtime too, where that Python has it), two of PyTorch's,
  // two by both.
  const bool onnx = !test::contains(row["notes"].dump(), "has no ONNX Runtime");
  REQUIRE(row["parts"].size() == (onnx ? 9 : 8));
  for (const json& part : row["parts"]) {
    CAPTURE(part["name"]);
    CHECK(part["rtf"].get<double>() > 0.0);
    CHECK(part["start_ms"].get<double>() > 0.0);
    CHECK(part["peak_mb"].get<double>() > 10.0);
  }
  CHECK(row["parts"][0]["ratio"] == 1.0);
}

TEST_CASE("bench: every row that takes little time, checked, one object a line") {
  const ModelFolder folder;
  const std::string rows[] = {"mdct-causal-fp32",
                              "mdct-causal-int8",
                              "stream-fp32",
                              "stream-int8",
                              "stream-live",
                              "roofline",
                              "start",
                              "memory-one-hour",
                              "libraries",
                              "train"};
  std::string command =
      "bench --quick --json --model " + std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
  for (const std::string& row : rows) command += " --row " + row;
  const std::string printed = succeeds(folder, command).out;
  std::size_t at = 0;
  for (const std::string& row : rows) {
    const std::size_t end = printed.find('\n', at);
    REQUIRE(end != std::string::npos);
    const json figures = json::parse(printed.substr(at, end - at));
    CHECK(figures["name"] == row);
    CHECK(figures["ratio"].get<double>() > 0.0);
    CHECK(!figures["check"].get<std::string>().empty());
    at = end + 1;
#ifndef __SANITIZE_ADDRESS__  // which has a library and much memory of its own
    // Those of sound files, sound cards and archives are opened later, where a build can do that.
    if (row == "libraries") CHECK(figures["libraries"].get<int>() <= 25);
    if (row == "start") {
      double sum = 0.0;
      for (const auto& [part, ms] : figures["parts"].items()) sum += ms.get<double>();
      CHECK(sum == doctest::Approx(figures["ms"].get<double>()));
    }
    if (row == "roofline") {
      CHECK(figures["parts"].size() == 9);
      for (const json& part : figures["parts"]) {
        CAPTURE(part["name"]);
        if (part["name"] != "rest") CHECK(part["ms"].get<double>() > 0.0);
        if (part.contains("share_of_peak")) CHECK(part["share_of_peak"].get<double>() < 1.5);
      }
      // 1.03 GMAC for every second of sound.
      CHECK(figures["parts"][0]["operations"].get<double>() > 1e9);
      CHECK(figures["parts"][0]["operations"].get<double>() < 3e9);
    }
    if (row == "memory-one-hour") CHECK(figures["mb"].get<double>() < 200.0);
#endif
  }
  CHECK(at == printed.size());
  refuses(folder, "bench --row nothing", "--row: unknown row 'nothing', expected one of", 2);
  refuses(folder, "bench --peer numpy", "--peer: numpy not in {libtorch,pytorch,onnxruntime}", 2);
}
