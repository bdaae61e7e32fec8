// glowvox synth: mel to sound.
#include <fmt/format.h>

#include <chrono>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>
#include <set>

#include "audio/wav.hpp"
#include "commands.hpp"
#include "eval/picture.hpp"
#include "format/npy.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "signals.hpp"
#include "sound.hpp"
#include "torch_threads.hpp"

namespace glowvox::tools {

namespace fs = std::filesystem;

namespace {

struct Options {
  std::string model, out, picture, mel_preset;
  std::vector<std::string> mels, wavs;
  double sigma = 0.7;
  uint64_t seed = 1;
  int threads = 0;
  bool json = false;
};

struct Input {
  std::string path;
  bool sound = false;
};

struct Result {
  std::string out;
  double seconds = 0.0, elapsed = 0.0;
  int64_t clipped = 0;
};

Mel read_input(const Input& input, const MelSpec& spec, const std::string& preset) {
  if (!input.sound) {
    const MelSpec from = preset.empty() ? spec : mel_preset(preset);
    const Mel mel = format::read_mel(input.path, from.bands);
    try {
      return convert_mel(mel, from, spec);
    } catch (const Error& e) {
      throw Error(input.path, e.what());
    }
  }
  return mel_of_sound(input.path, read_sound(input.path, spec.sample_rate_hz), spec);
}

// One input: the out file itself; several: a file for each in the folder `out`.
std::string output_of(const Input& input, const Options& o, size_t inputs) {
  if (inputs == 1) return o.out;
  return (fs::path(o.out) / fs::path(input.path).stem()).string() + ".wav";
}

Result synthesize(model::FlowVocoder& model, const Input& input, const Options& o, size_t inputs) {
  const format::ModelConfig& config = model.config();
  const Mel mel = read_input(input, config.mel, o.mel_preset);
  Result result{output_of(input, o, inputs), 0.0, 0.0, 0};
  const auto start = std::chrono::steady_clock::now();
  const std::vector<float> samples = model.synthesize(mel, o.sigma, o.seed);
  result.elapsed = std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  result.clipped = audio::write_audio(result.out, samples, config.mel.sample_rate_hz);
  result.seconds = static_cast<double>(samples.size()) / config.mel.sample_rate_hz;
  if (!o.picture.empty()) eval::write_spectrogram(o.picture, samples, config.mel.sample_rate_hz);
  return result;
}

void print(const Result& r) {
  const double factor = r.elapsed / r.seconds;
  fmt::print(
      "{}: {:.2f} s of sound in {:.3f} s, real-time factor {:.4f} ({:.0f} times real time), "
      "{} samples clipped\n",
      r.out, r.seconds, r.elapsed, factor, 1.0 / factor, r.clipped);
}

nlohmann::json to_json(const Result& r) {
  return {{"out", r.out},
          {"seconds", r.seconds},
          {"real_time_factor", r.elapsed / r.seconds},
          {"clipped", r.clipped}};
}

int run(const Options& o) {
  std::vector<Input> inputs;
  for (const std::string& path : o.mels) inputs.push_back({path, false});
  for (const std::string& path : o.wavs) inputs.push_back({path, true});
  if (inputs.empty()) throw UsageError("--mel or --wav", "expected at least one input");
  if (inputs.size() > 1 && !fs::is_directory(o.out))
    throw Error(o.out, fmt::format("expected an existing folder for {} inputs", inputs.size()));
  if (!o.picture.empty() && inputs.size() > 1)
    throw UsageError("--picture", fmt::format("expected one input, got {}", inputs.size()));
  if (!(o.sigma >= 0.0))
    throw UsageError("--sigma", fmt::format("expected 0 or more, got {}", o.sigma));
  std::set<std::string> outputs;
  for (const Input& input : inputs)
    if (!outputs.insert(output_of(input, o, inputs.size())).second)
      throw Error(input.path,
                  "would overwrite another input's output, " + output_of(input, o, inputs.size()),
                  "give inputs with different names");
  use_threads(o.threads);
  const torch::NoGradGuard no_grad;
  const auto model = model::load_model(o.model);
  nlohmann::json list = nlohmann::json::array();
  for (const Input& input : inputs) {
    const Result result = synthesize(*model, input, o, inputs.size());
    if (o.json)
      list.push_back(to_json(result));
    else
      print(result);
  }
  if (o.json) fmt::print("{}\n", list.dump(2));
  return 0;
}

}  // namespace

std::function<int()> setup_synth(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("--model", o->model, "Model file")->required();
  app.add_option("--mel", o->mels, "npy files, [bands, frames] or [frames, bands]");
  app.add_option("--wav", o->wavs, "Sound files to copy: their mel is computed first");
  app.add_option("-o,--out", o->out, "wav, flac or ogg; for several inputs a folder")->required();
  app.add_option("--sigma", o->sigma, "Temperature")->capture_default_str();
  app.add_option("--seed", o->seed, "Random seed")->capture_default_str();
  app.add_option("--mel-preset", o->mel_preset,
                 "What --mel was made as (default: the model's own specification)");
  app.add_option("--picture", o->picture, "PNG: spectrogram of the result");
  app.add_option("--threads", o->threads, "Threads (default: all cores)");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
