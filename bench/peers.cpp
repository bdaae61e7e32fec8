// SPDX-License-Identifier: MIT
#include "peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "core/beside.hpp"
#include "core/cpu.hpp"
#include "core/program.hpp"
#include "glowvox/error.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::bench {

namespace {

constexpr const char* kPeers[] = {"hifigan-v1", "vocos", "waveglow-256", "squeezewave-128s"};
constexpr const char* kOurs[] = {"waveglow-256", "squeezewave-128s"};
constexpr double kStartSeconds = 0.25;
constexpr int kRuns = 5;

struct Line {
  std::string name, by;
  double rtf = 0.0, start_ms = 0.0, peak_mb = 0.0, parameters_m = 0.0;
};

// Of whole commands and of synthesis in this process, with what the model asks for by itself.
Line ours(const BenchOptions& o, const std::string& name, const std::string& model,
          double seconds) {
  const ScratchFolder folder;
  const Vocoder vocoder = Vocoder::load(model);
  const std::string out = folder.file("out.wav");
  const auto command = [&](const std::string& mel) {
    std::vector<std::string> words = {o.program, "synth", "--force", "--model", model,
                                      "--mel",   mel,     "-o",      out};
    if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
    return words;
  };
  Line line{name, "glowvox"};
  const Mel mel = random_mel(vocoder.mel(), seconds);
  const SynthesisOptions options{SynthesisOptions{}.sigma, 1, o.threads};
  line.rtf = median_seconds([&] { vocoder.synthesize(mel, options); }, o.quick ? 1 : kRuns, 0.0) /
             seconds_of(mel, vocoder.mel());
  const std::string brief = write_mel(folder, vocoder.mel(), kStartSeconds);
  line.start_ms =
      1e3 * median_seconds([&] { child_seconds(command(brief)); }, o.quick ? 1 : kRuns, 0.0);
  line.peak_mb = watch_child(command(write_mel(folder, vocoder.mel(), seconds))).peak_mb;
  return line;
}

Line theirs(const BenchOptions& o, const std::string& name, double seconds) {
  const int threads = o.threads > 0 ? o.threads : available_cores();
  const std::string printed = output_of({o.python, beside_program("bench/synthesis_peers.py"), name,
                                         fmt::format("{}", seconds), std::to_string(threads)});
  const nlohmann::json answer = nlohmann::json::parse(printed, nullptr, false);
  if (!answer.is_object() || !answer.contains("rtf"))
    throw Error("peers", "bench/synthesis_peers.py " + name + " did not run", "run it by itself");
  return {name,
          "PyTorch " + answer.at("torch").get<std::string>(),
          answer.at("rtf").get<double>(),
          answer.at("start_ms").get<double>(),
          answer.at("peak_mb").get<double>(),
          1e-6 * answer.at("parameters").get<double>()};
}

bool has_torch(const BenchOptions& o) {
  return !output_of({o.python, "-c", "import torch; print(torch.__version__)"}).empty();
}

void add(const Line& line, const Line& voice, BenchRow* row) {
  const double ratio = line.rtf / voice.rtf;
  row->table.push_back(fmt::format("{:<18} {:<14} {:>9.4f} {:>9.1f} {:>9.0f} {:>9.0f} {:>9.1f}",
                                   line.name, line.by, line.rtf, 1.0 / line.rtf, line.start_ms,
                                   line.peak_mb, ratio));
  nlohmann::ordered_json part = {{"name", line.name},       {"by", line.by},
                                 {"rtf", line.rtf},         {"start_ms", line.start_ms},
                                 {"peak_mb", line.peak_mb}, {"ratio", ratio}};
  if (line.parameters_m > 0.0) part["parameters_m"] = line.parameters_m;
  row->parts.push_back(part);
}

}  // namespace

double pytorch_factor(const BenchOptions& o, const std::string& name, double seconds) {
  const std::string printed = output_of({o.python, o.pytorch, name, fmt::format("{}", seconds)});
  const nlohmann::json answer = nlohmann::json::parse(printed, nullptr, false);
  if (!answer.is_object() || !answer.contains("rtf"))
    throw Error("--peer pytorch", "PyTorch did not run", "apt-get install python3-torch");
  return answer["rtf"].get<double>();
}

double onnxruntime_figure(const BenchOptions& o, const std::string& model, const char* graph,
                          const char* figure, double seconds, int threads) {
  const ScratchFolder folder;
  child_seconds({o.program, "export", model, "--onnx", "-o", folder.file("voice.onnx")});
  const std::string printed =
      output_of({o.python, o.onnxruntime, folder.file(graph), fmt::format("{}", seconds),
                 std::to_string(threads > 0 ? threads : available_cores())});
  const nlohmann::json answer = nlohmann::json::parse(printed, nullptr, false);
  if (!answer.is_object() || !answer.contains(figure))
    throw Error("--peer onnxruntime", "ONNX Runtime did not run",
                "pip install onnxruntime numpy, and name its Python by --python");
  return answer[figure].get<double>();
}

BenchRow peers(const BenchOptions& o) {
  BenchRow row;
  row.name = "peers";
  row.unit = "rtf";
  if (!has_torch(o)) {
    row.skipped = o.python + " has no PyTorch (pip install torch, and name its Python by --python)";
    return row;
  }
  const auto seconds = [&o](const std::string& name) {
    return o.quick ? 0.25 : name == "waveglow-256" ? 2.0 : 10.0;
  };
  const Line voice = ours(o, "mdct-causal", o.model, seconds("mdct-causal"));
  row.table.push_back(fmt::format("{:<18} {:<14} {:>9} {:>9} {:>9} {:>9} {:>9}", "", "", "rtf",
                                  "x real", "start ms", "peak MB", "ratio"));
  row.parts = nlohmann::ordered_json::array();
  add(voice, voice, &row);
  const ScratchFolder folder;
  for (const char* name : kOurs)
    add(ours(o, name, random_model(o, folder, name), seconds(name)), voice, &row);
  double fastest = std::numeric_limits<double>::infinity();
  for (const char* name : kPeers) {
    const Line line = theirs(o, name, seconds(name));
    fastest = std::min(fastest, line.rtf);
    add(line, voice, &row);
  }
  row.value = voice.rtf;
  row.peer = "the fastest of them";
  row.peer_value = fastest;
  row.check = "published numbers of parameters, finite sound";
  return row;
}

}  // namespace glowvox::bench
