// SPDX-License-Identifier: MIT
// The graphs in ONNX Runtime, against the engine.
#include <doctest/doctest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "arrays/mel_file.hpp"
#include "core/random.hpp"
#include "engine/random_models.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using namespace glowvox::test;
using nlohmann::json;

namespace {

constexpr double kLargestDifference = 1e-4;  // of audio in [-1, 1]

std::string python() {
  const char* chosen = std::getenv("GLOWVOX_ONNX_PYTHON");
  return chosen != nullptr ? chosen : GLOWVOX_ONNX_PYTHON;
}

// Whether there is a Python that has these.
bool has(const std::string& packages) {
  const std::string command = python() + " -c 'import " + packages + "' >/dev/null 2>&1";
  if (std::system(command.c_str()) == 0) return true;
  MESSAGE("skipped: " << python() << " does not have all of " << packages
                      << " (from PyPI; the Python that has them in GLOWVOX_ONNX_PYTHON)");
  return false;
}

bool has_runtime() { return has("onnxruntime, numpy"); }

std::string script(const std::string& name) {
  return std::string(GLOWVOX_TEST_DATA) + "/../onnx/" + name;
}

// Folders as run_graphs.py wants them, and what it says about each.
class Cases {
 public:
  // Exports the model and writes what the engine makes of a mel and random latents.
  void add(const std::string& model, const Mel& mel, const std::string& options = "") {
    const std::string path = folder_.file(std::to_string(paths_.size()));
    std::filesystem::create_directories(path);
    succeeds(folder_, "export " + model + " --onnx -o " + path + "/voice.onnx" + options);
    const Vocoder vocoder = Vocoder::load(model, Precision::kFloat32);
    const std::int64_t rows = mel.frames * vocoder.rows_per_frame(), channels = vocoder.channels();
    std::vector<float> z(static_cast<std::size_t>(rows * channels)), turned(z.size());
    fill_normal(5, 0, 0, 0, rows * channels, z.data(), 1);
    for (float& value : z) value *= 0.7F;
    for (std::int64_t r = 0; r < rows; ++r)
      for (std::int64_t c = 0; c < channels; ++c)
        turned[static_cast<std::size_t>(c * rows + r)] =
            z[static_cast<std::size_t>(r * channels + c)];
    arrays::write_mel(path + "/mel.npy", mel);
    arrays::write_npy(path + "/latent.npy", {{1, channels, rows}, turned});
    const std::vector<float> audio = vocoder.decode(mel, z);
    arrays::write_npy(path + "/audio.npy", {{static_cast<std::int64_t>(audio.size())}, audio});
    streams_.push_back(std::filesystem::exists(path + "/voice-streaming.onnx"));
    paths_.push_back(path);
  }

  std::string path(std::size_t i) const { return paths_[i]; }
  bool streams(std::size_t i) const { return streams_[i]; }

  std::vector<json> run() const {
    std::string command = python() + " " + script("run_graphs.py");
    for (const std::string& path : paths_) command += " " + path;
    const std::string out = folder_.file("out"), err = folder_.file("err");
    const int status = std::system((command + " >" + out + " 2>" + err).c_str());
    CAPTURE(read_file(err));
    REQUIRE(status == 0);
    std::istringstream lines(read_file(out));
    std::vector<json> results;
    for (std::string line; std::getline(lines, line);) results.push_back(json::parse(line));
    REQUIRE(results.size() == paths_.size());
    return results;
  }

 private:
  TemporaryDirectory folder_;
  std::vector<std::string> paths_;
  std::vector<bool> streams_;
};

void check(const json& result, bool streams) {
  CAPTURE(result.dump());
  const double largest = result["largest"];
  CHECK(largest > 1e-3);
  // Random models can be loud.
  const double most = kLargestDifference * std::max(1.0, largest);
  CHECK(result["whole"] <= most);
  CHECK(result["batch"] <= most);
  REQUIRE(result.contains("streams") == streams);
  if (streams) CHECK(result["streams"] <= most);
}

void add_random(Cases& cases, const config::ModelConfig& config, std::int64_t frames) {
  const TemporaryDirectory folder;
  config::validate(config, "test");
  const std::string path = folder.file("model.safetensors");
  model::save_model(path, *random_model(config), false);
  cases.add(path, speech_like_mel(config.mel, frames, 2));
}

}  // namespace

TEST_CASE("ONNX Runtime makes of the shipped voice what the engine does, whole and in streams") {
  if (!has_runtime()) return;
  Cases cases;
  const Mel mel = arrays::read_mel(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy", 80);
  cases.add(std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors", mel);
  check(cases.run()[0], true);
}

TEST_CASE("ONNX Runtime runs every shipped configuration, and what none of them has") {
  if (!has_runtime()) return;
  Cases cases;
  std::vector<std::string> names;
  for (const std::string& name : shipped_configs()) {
    names.push_back(name);
    add_random(cases, reduced_config(name), 21);
  }
  for (const Variant& variant : variants()) {
    names.push_back(variant.name);
    add_random(cases, variant.config(), 21);
  }
  const std::vector<json> results = cases.run();
  for (std::size_t i = 0; i < results.size(); ++i) {
    CAPTURE(names[i]);
    check(results[i], cases.streams(i));
  }
}

TEST_CASE("ONNX Runtime runs an utterance of a single frame") {
  if (!has_runtime()) return;
  Cases cases;
  add_random(cases, reduced_config("mdct-causal"), 1);
  add_random(cases, reduced_config("waveglow-64"), 1);
  const std::vector<json> results = cases.run();
  for (std::size_t i = 0; i < results.size(); ++i) check(results[i], cases.streams(i));
}

TEST_CASE("imported checkpoints of WaveGlow and SqueezeWave run in ONNX Runtime") {
  if (!has_runtime()) return;
  Cases cases;
  for (const char* name : {"waveglow", "squeezewave"}) {
    const std::string model = golden_model(name);
    cases.add(model, speech_like_mel(Vocoder::load(model).mel(), 30, 3));
  }
  const std::vector<json> results = cases.run();
  for (std::size_t i = 0; i < results.size(); ++i) check(results[i], false);
}

TEST_CASE("with weights in half precision a file is half as large and its sound near") {
  if (!has_runtime()) return;
  Cases cases;
  const TemporaryDirectory folder;
  const config::ModelConfig config = reduced_config("mdct-causal", 64);
  const std::string path = folder.file("model.safetensors");
  model::save_model(path, *random_model(config), false);
  const Mel mel = speech_like_mel(config.mel, 21, 2);
  cases.add(path, mel);
  cases.add(path, mel, " --half");
  const auto size = [&](std::size_t i) {
    return static_cast<double>(std::filesystem::file_size(cases.path(i) + "/voice.onnx"));
  };
  CHECK(size(1) < 0.6 * size(0));
  const std::vector<json> results = cases.run();
  check(results[0], true);
  CHECK(results[1]["whole"] > results[0]["whole"]);
  CHECK(results[1]["whole"] < 0.02 * results[1]["largest"].get<double>());
}

TEST_CASE("sherpa-onnx's Matcha TTS takes a graph that draws its own noise") {
  if (!has("sherpa_onnx, onnx, numpy")) return;
  const TemporaryDirectory folder;
  const std::string graph = folder.file("vocoder.onnx");
  const std::string mel = std::string(GLOWVOX_SAMPLES) + "/kerstin.npy";
  // At a temperature of 0 there is nothing random.
  succeeds(folder, "export " + kShippedModel + " --onnx --mel-only --sigma 0 -o " + graph);
  REQUIRE(std::system((python() + " " + script("sherpa.py") + " " + graph + " " + mel + " " +
                       folder.file("") + " >/dev/null 2>&1")
                          .c_str()) == 0);
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  const Mel frames = arrays::read_mel(mel, 80);
  const std::vector<float> z(static_cast<std::size_t>(frames.frames * vocoder.channels()));
  CHECK(eval::largest_difference(vocoder.decode(frames, z),
                                 arrays::read_array(folder.file("audio.npy")).values) <=
        kLargestDifference);
}

TEST_CASE("a graph that draws its own noise draws it from its seed, at its temperature") {
  if (!has_runtime()) return;
  const TemporaryDirectory folder;
  const auto spoken = [&](const std::string& options) {
    const std::string graph = folder.file("vocoder.onnx");
    succeeds(folder, "export " + kShippedModel + " --onnx --mel-only -o " + graph + options);
    const std::string mel = std::string(GLOWVOX_SAMPLES) + "/kerstin.npy";
    const std::string code =
        "import sys, numpy, onnxruntime; "
        "session = onnxruntime.InferenceSession(sys.argv[1]); "
        "mel = numpy.load(sys.argv[2])[None]; "
        "numpy.save(sys.argv[3], session.run(None, {session.get_inputs()[0].name: mel})[0][0])";
    const std::string out = folder.file("audio.npy");
    REQUIRE(std::system(
                (python() + " -c '" + code + "' " + graph + " " + mel + " " + out + " 2>/dev/null")
                    .c_str()) == 0);
    return arrays::read_array(out).values;
  };
  const Vocoder vocoder = Vocoder::load(kShippedModel, Precision::kFloat32);
  const Mel frames = arrays::read_mel(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy", 80);
  const auto decoded = [&](float sigma) {
    std::vector<float> z(static_cast<std::size_t>(frames.frames * vocoder.channels()));
    fill_normal(1, 0, 0, 0, static_cast<std::int64_t>(z.size()), z.data());
    for (float& value : z) value *= sigma;
    return vocoder.decode(frames, z);
  };
  const std::vector<float> silent = decoded(0.0F);
  CHECK(eval::largest_difference(silent, spoken(" --sigma 0")) <= kLargestDifference);
  const std::vector<float> first = spoken(" --seed 1");
  CHECK(spoken(" --seed 1") == first);
  CHECK(spoken(" --seed 2") != first);
  // A little noise changes the sound by as much as it does in the engine; twice of it would by 6 dB
  // more.
  CHECK(std::abs(eval::snr_db(silent, spoken(" --sigma 0.01 --seed 1")) -
                 eval::snr_db(silent, decoded(0.01F))) < 1.5);
}
