// SPDX-License-Identifier: MIT
// glowvox synth: mel to sound.
#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <limits>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <set>

#include "commands.hpp"
#include "core/progress_bar.hpp"
#include "core/streams.hpp"
#include "engine_options.hpp"
#include "eval/picture.hpp"
#include "glowvox/error.hpp"
#include "interrupt.hpp"
#include "mel_input.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// Shorter work needs no progress bar.
constexpr std::chrono::seconds kPatience(2);

struct Options {
  EngineOptions engine;
  MelInput mel;
  std::string out, picture, format;
  std::vector<std::string> mels, wavs;
  bool json = false, force = false;
};

struct Input {
  std::string path;
  bool sound = false;
};

struct Result {
  std::string out;
  double seconds = 0.0, elapsed = 0.0;
  std::int64_t clipped = 0;
};

// Frames of one input, in pieces as the model takes them: a mel file is read as it is needed, so
// that its length does not matter; a sound file's mel is computed at once.
class Frames {
 public:
  Frames(const Input& input, const Vocoder& vocoder, const MelInput& options) {
    const MelSpec& spec = vocoder.mel();
    if (!input.sound) {
      file_.emplace(input.path, options, spec);
      return;
    }
    const std::vector<float> audio = read_sound(input.path, spec.sample_rate_hz);
    samples_ = static_cast<std::int64_t>(audio.size());
    whole_ = mel_of_sound(input.path, audio, spec);
    // A copy is as long as its recording: the last frame once more where they are too few.
    for (; vocoder.sample_count(whole_.frames) < samples_; ++whole_.frames)
      for (std::int64_t b = 0; b < whole_.bands; ++b)
        whole_.values.push_back(
            whole_.values[whole_.values.size() - static_cast<std::size_t>(whole_.bands)]);
  }
  // That are wanted at most.
  std::int64_t samples() const { return samples_; }
  std::int64_t count() const { return file_ ? file_->count() : whole_.frames; }
  Mel read(std::int64_t first, std::int64_t count) {
    if (file_) return file_->read(first, count);
    const auto begin = whole_.values.begin() + first * whole_.bands;
    return {count, whole_.bands, {begin, begin + count * whole_.bands}};
  }

 private:
  std::optional<MelFrames> file_;
  Mel whole_;
  std::int64_t samples_ = std::numeric_limits<std::int64_t>::max();
};

// Refuses what cannot be speech for the model before anything is made of it, and warns of what
// differs from its training. A recording's mel is right, whatever it sounds like.
void judge(Frames& frames, const Input& input, const Vocoder& vocoder, bool force) {
  constexpr std::int64_t kAtOnce = 4096;
  dsp::MelJudge judge(vocoder.mel(), vocoder.mel_means(), vocoder.mel_deviations());
  for (std::int64_t at = 0; at < frames.count(); at += kAtOnce)
    judge.add(frames.read(at, std::min(kAtOnce, frames.count() - at)));
  const dsp::MelVerdict verdict = judge.verdict();
  const std::string begin = "warning: " + input_name(input.path) + ": ";
  if (input.sound) {
    if (!verdict.warning.empty())
      say(begin + verdict.warning + ": the copy may be worse than that of speech in a quiet room");
    return;
  }
  if (!verdict.refusal.empty()) {
    if (!force) throw refusal_of(input.path, verdict);
    say("warning: " + std::string(refusal_of(input.path, verdict).what()));
  } else if (!verdict.warning.empty()) {
    say(begin + advised(verdict));
  }
}

// One input: the out file itself; several: a file for each in the folder `out`.
std::string output_of(const Input& input, const Options& o, size_t inputs) {
  if (inputs == 1) return o.out;
  return (fs::path(o.out) / fs::path(input.path).stem()).string() + "." +
         (o.format.empty() ? "wav" : o.format);
}

// Nothing when interrupted: the file is not left half written.
std::optional<Result> synthesize(const Vocoder& vocoder, const Input& input, const Options& o,
                                 size_t inputs) {
  const std::atomic<bool>& interrupted = catch_interrupts();
  const int rate = vocoder.mel().sample_rate_hz;
  Frames frames(input, vocoder, o.mel);
  judge(frames, input, vocoder, o.force);
  Result result{output_of(input, o, inputs), 0.0, 0.0, 0};
  const auto writer = open_output(result.out, rate, o.format);
  std::vector<float> picture;
  std::int64_t samples = 0;
  const auto take = [&](Samples piece) {
    piece.count = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(piece.count), frames.samples() - samples));
    writer->write(piece.data, piece.count);
    samples += static_cast<std::int64_t>(piece.count);
    if (!o.picture.empty()) picture.insert(picture.end(), piece.data, piece.data + piece.count);
  };

  const auto start = Clock::now();
  ProgressBar progress;
  const int block = vocoder.block_frames(frames.count());
  Stream stream(vocoder, o.engine.synthesis(), block);
  for (std::int64_t done = 0; done < frames.count(); done += block) {
    if (interrupted) return std::nullopt;
    const Mel piece = frames.read(done, std::min<std::int64_t>(block, frames.count() - done));
    take(stream.push(piece.values.data(), piece.frames));
    if (Clock::now() - start > kPatience)
      progress.show(static_cast<double>(done) / static_cast<double>(frames.count()),
                    fmt::format("{}: {:.0f} s of sound", output_name(result.out),
                                static_cast<double>(samples) / rate));
  }
  take(stream.finish());
  progress.clear();
  result.elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  result.seconds = static_cast<double>(samples) / rate;
  if (!o.picture.empty()) eval::write_spectrogram(o.picture, picture, rate);
  result.clipped = writer->commit();
  return result;
}

void print(const Result& r) {
  const double factor = r.elapsed / r.seconds;
  fmt::print(figures_to(r.out),
             "{}: {:.2f} s of sound in {:.3f} s, real-time factor {:.4f} ({:.0f} times real time), "
             "{} samples clipped\n",
             output_name(r.out), r.seconds, r.elapsed, factor, 1.0 / factor, r.clipped);
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
  std::vector<std::string> paths = o.mels;
  paths.insert(paths.end(), o.wavs.begin(), o.wavs.end());
  check_inputs(paths);
  check_output(o.out, o.json);
  if (inputs.size() > 1 && is_standard(o.out))
    throw UsageError("-o -",
                     fmt::format("carries one sound, and there are {} inputs", inputs.size()),
                     "give a folder");
  if (inputs.size() > 1 && !fs::is_directory(o.out))
    throw Error(o.out, fmt::format("expected an existing folder for {} inputs", inputs.size()));
  if (!o.picture.empty() && inputs.size() > 1)
    throw UsageError("--picture", fmt::format("expected one input, got {}", inputs.size()));
  std::set<std::string> outputs;
  for (const Input& input : inputs) {
    const std::string out = output_of(input, o, inputs.size());
    if (!outputs.insert(out).second)
      throw Error(input.path, "would overwrite another input's output, " + out,
                  "give inputs with different names");
    for (const Input& other : inputs)
      for (const std::string& target : {out, o.picture}) refuse_overwriting(other.path, target);
  }
  static_cast<void>(o.engine.synthesis());  // wrong usage before slow work
  const Vocoder vocoder = o.engine.load();
  nlohmann::json list = nlohmann::json::array();
  for (const Input& input : inputs) {
    const std::optional<Result> result = synthesize(vocoder, input, o, inputs.size());
    if (!result) {
      const std::string out = output_of(input, o, inputs.size());
      say("stopped; " + (is_standard(out) ? "the sound ends here" : out + " was not written"));
      return kInterruptedStatus;
    }
    if (o.json)
      list.push_back(to_json(*result));
    else
      print(*result);
  }
  if (o.json)
    fmt::print("{}\n", list.dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  return 0;
}

}  // namespace

std::function<int()> setup_synth(CLI::App& app) {
  auto o = std::make_shared<Options>();
  o->engine.add_to(app);
  o->engine.default_to_voice(app);
  app.add_option(
      "--mel", o->mels,
      "Mels: npy, npz, PyTorch or safetensors files, raw float32 (.f32), or - for standard input");
  app.add_option("--wav", o->wavs,
                 "Sound files to copy, or - for standard input: their mel is computed first");
  app.add_option("-o,--out", o->out,
                 "wav, flac or ogg, or - for standard output; for several inputs a folder")
      ->required();
  add_format_to(app, &o->format);
  o->engine.add_sampling_to(app);
  o->mel.add_to(app);
  o->engine.add_finishing_to(app);
  app.add_option("--picture", o->picture, "PNG: spectrogram of the result");
  app.add_flag("--force", o->force, "Make sound of a mel that cannot be speech for the model");
  app.add_flag("--json", o->json, "Print the figures as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
