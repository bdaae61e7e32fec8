// SPDX-License-Identifier: MIT
#include "peers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>
#include <optional>
#include <utility>

#include "core/beside.hpp"
#include "core/cpu.hpp"
#include "core/program.hpp"
#include "glowvox/error.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::bench {

namespace {

// A published flow that is run here and by PyTorch.
struct Flow {
  const char *name, *key;
  double seconds;  // of sound
};
constexpr double kStartSeconds = 0.25;
constexpr int kRuns = 5;

struct Line {
  std::string name, by;
  double rtf = 0.0, start_ms = 0.0, peak_mb = 0.0, parameters_m = 0.0;
};

int runs(const BenchOptions& o) { return o.quick ? 1 : kRuns; }

int threads_of(const BenchOptions& o) { return o.threads > 0 ? o.threads : available_cores(); }

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

// Of whole commands and of synthesis in this process. corrections: none: what the model asks for by
// itself.
Line ours(const BenchOptions& o, const std::string& name, const std::string& model, double seconds,
          std::optional<int> corrections = std::nullopt) {
  const ScratchFolder folder;
  const Vocoder vocoder = Vocoder::load(model);
  const std::string out = folder.file("out.wav");
  const auto command = [&](const std::string& mel) {
    std::vector<std::string> words = {o.program, "synth", "--force", "--model", model,
                                      "--mel",   mel,     "-o",      out};
    if (o.threads > 0) words.insert(words.end(), {"--threads", std::to_string(o.threads)});
    if (corrections) words.insert(words.end(), {"--corrections", std::to_string(*corrections)});
    return words;
  };
  Line line{name, "glowvox"};
  const Mel mel = random_mel(vocoder.mel(), seconds);
  const SynthesisOptions options{SynthesisOptions{}.sigma, 1, o.threads, std::nullopt, corrections};
  line.rtf = median_seconds([&] { vocoder.synthesize(mel, options); }, runs(o), 0.0) /
             seconds_of(mel, vocoder.mel());
  const std::string brief = write_mel(folder, vocoder.mel(), kStartSeconds);
  line.start_ms = 1e3 * median_seconds([&] { child_seconds(command(brief)); }, runs(o), 0.0);
  line.peak_mb = watch_child(command(write_mel(folder, vocoder.mel(), seconds))).peak_mb;
  return line;
}

// What a script says of itself for so many seconds of sound; and its start, the median of several
// processes.
nlohmann::json answer_of(const BenchOptions& o, const std::string& script, const std::string& what,
                         double seconds) {
  std::vector<double> starts;
  nlohmann::json answer;
  while (static_cast<int>(starts.size()) < runs(o)) {
    // The last one makes all of the sound, the others only begin.
    const bool last = static_cast<int>(starts.size()) + 1 == runs(o);
    const std::string printed =
        output_of({o.python, beside_program(script), what, fmt::format("{}", last ? seconds : 0.0),
                   std::to_string(threads_of(o))});
    answer = nlohmann::json::parse(printed, nullptr, false);
    if (!answer.is_object() || !answer.contains("start_ms"))
      throw Error("peers", script + " " + what + " did not run", "run it by itself");
    starts.push_back(answer["start_ms"].get<double>());
  }
  answer["start_ms"] = median(starts);
  return answer;
}

Line theirs(const BenchOptions& o, const std::string& name, const std::string& key,
            double seconds) {
  const nlohmann::json answer = answer_of(o, "bench/synthesis_peers.py", key, seconds);
  return {name,
          "PyTorch " + answer.at("torch").get<std::string>(),
          answer.at("rtf").get<double>(),
          answer.at("start_ms").get<double>(),
          answer.at("peak_mb").get<double>(),
          1e-6 * answer.at("parameters").get<double>()};
}

// The voice's own flow by ONNX Runtime.
Line exported(const BenchOptions& o, const std::string& name, double seconds) {
  const ScratchFolder folder;
  child_seconds({o.program, "export", o.model, "--onnx", "-o", folder.file("voice.onnx")});
  const nlohmann::json answer =
      answer_of(o, "bench/onnxruntime_peer.py", folder.file("voice.onnx"), seconds);
  return {name, "ONNX Runtime " + answer.at("onnxruntime").get<std::string>(),
          answer.at("rtf").get<double>(), answer.at("start_ms").get<double>(),
          answer.at("peak_mb").get<double>()};
}

bool has_module(const BenchOptions& o, const std::string& name) {
  return !output_of({o.python, "-c", "import " + name + "; print(" + name + ".__version__)"})
              .empty();
}

// A line of the table in Markdown, and of the JSON.
void add(const Line& line, const Line& voice, BenchRow* row) {
  const double ratio = line.rtf / voice.rtf;
  row->markdown.push_back(fmt::format("| {} | {} | {:.3f} | {:.1f} | {:.0f} | {:.0f} |", line.name,
                                      line.by, line.rtf, ratio, line.start_ms, line.peak_mb));
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
  if (!has_module(o, "torch")) {
    row.skipped = o.python + " has no PyTorch (pip install torch, and name its Python by --python)";
    return row;
  }
  const double long_s = o.quick ? 0.25 : 10.0, short_s = o.quick ? 0.25 : 2.0;
  const ScratchFolder folder;
  const Line voice = ours(o, "the voice", o.model, long_s);
  row.markdown = {
      "| vocoder | run by | real-time factor | by the voice's | start, ms | memory, MB |",
      "|---|---|---|---|---|---|"};
  row.parts = nlohmann::ordered_json::array();
  add(voice, voice, &row);
  add(ours(o, "its flow alone", o.model, long_s, 0), voice, &row);
  if (has_module(o, "onnxruntime"))
    add(exported(o, "its flow alone", long_s), voice, &row);
  else
    row.notes.push_back(o.python + " has no ONNX Runtime (pip install onnxruntime)");
  double fastest = std::numeric_limits<double>::infinity();
  const auto add_theirs = [&](const char* name, const char* key, double seconds) {
    const Line line = theirs(o, name, key, seconds);
    fastest = std::min(fastest, line.rtf);
    add(line, voice, &row);
  };
  add_theirs("Vocos", "vocos", long_s);
  add_theirs("HiFi-GAN V1", "hifigan-v1", long_s);
  for (const auto& [name, key, seconds] : {Flow{"SqueezeWave-128S", "squeezewave-128s", long_s},
                                           Flow{"WaveGlow-256", "waveglow-256", short_s}}) {
    add(ours(o, name, random_model(o, folder, key), seconds), voice, &row);
    add_theirs(name, key, seconds);
  }
  row.value = voice.rtf;
  row.peer = "the fastest in PyTorch";
  row.peer_value = fastest;
  row.check = "published numbers of parameters, finite sound";
  row.notes.push_back(
      fmt::format("{}, {} threads, medians of {}", processor_name(), threads_of(o), runs(o)));
  return row;
}

}  // namespace glowvox::bench
