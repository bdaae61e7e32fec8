// SPDX-License-Identifier: MIT
#include "rows.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <filesystem>

#include "arrays/mel_file.hpp"
#include "core/random.hpp"
#include "engine/engine_options.hpp"
#include "eval/difference.hpp"
#include "eval/distances.hpp"
#include "flow/torch_threads.hpp"
#include "glowvox/error.hpp"
#include "glowvox/vocoder.hpp"
#include "many_streams.hpp"
#include "model/model_file.hpp"
#include "peers.hpp"
#include "roofline.hpp"
#include "start.hpp"
#include "timing.hpp"
#include "training_step.hpp"

namespace glowvox::bench {

namespace {

constexpr double kLargestDifference = 1e-4;  // of audio in [-1, 1]
constexpr double kLeastSnrDb = 35.0, kLeastInt8SnrDb = 25.0;

std::string checked_difference(const std::vector<float>& expected, const std::vector<float>& got,
                               const std::string& of) {
  const double difference = eval::largest_difference(expected, got);
  if (!(difference <= kLargestDifference))
    throw Error("bench", fmt::format("differs from {} by {:.2g}, expected {:.0e} or less", of,
                                     difference, kLargestDifference));
  return fmt::format("within {:.1e} of {}", difference, of);
}

std::string checked_snr(const std::vector<float>& expected, const std::vector<float>& got,
                        Precision precision) {
  const double snr = eval::snr_db(expected, got);
  const double least = precision == Precision::kInt8 ? kLeastInt8SnrDb : kLeastSnrDb;
  if (!(snr >= least))
    throw Error("bench", fmt::format("{:.1f} dB from fp32, expected {:.0f} or more", snr, least));
  return fmt::format("{:.1f} dB from fp32", snr);
}

// A whole utterance, against LibTorch running the same model.
BenchRow offline(const BenchOptions& o, const std::string& name, const std::string& path,
                 double seconds, Precision precision) {
  const Vocoder vocoder = Vocoder::load(path, precision);
  const Mel mel = random_mel(vocoder.mel(), seconds);
  const SynthesisOptions options{kSigma, 1, o.threads, std::nullopt, 0};
  const std::vector<float> got = vocoder.synthesize(mel, options);
  const torch::NoGradGuard no_grad;
  flow::use_threads(o.threads);
  const auto reference = model::load_model(path);

  BenchRow row;
  row.name = name + "-" + name_of(precision);
  row.unit = "rtf";
  row.peer = "LibTorch fp32";
  if (precision == Precision::kFloat32)
    row.check = checked_difference(reference->synthesize(mel, kSigma, 1), got, "LibTorch");
  else
    row.check = checked_snr(Vocoder::load(path, Precision::kFloat32).synthesize(mel, options), got,
                            precision);
  const double length = seconds_of(mel, vocoder.mel());
  row.value =
      median_seconds([&] { vocoder.synthesize(mel, options); }, 5, o.quick ? 0.0 : 2.0) / length;
  row.peer_value =
      median_seconds([&] { reference->synthesize(mel, kSigma, 1); }, o.quick ? 1 : 3, 0.0) / length;
  row.notes.push_back(fmt::format("{:.1f} times real time", 1.0 / row.value));
  if (!o.pytorch.empty()) row.other = OtherPeer{"PyTorch", pytorch_factor(o, name, length)};
  if (!o.onnxruntime.empty())
    row.other = OtherPeer{"ONNX Runtime",
                          onnxruntime_figure(o, path, "voice.onnx", "rtf", length, o.threads)};
  return row;
}

BenchRow waveglow(const BenchOptions& o, Precision precision) {
  const ScratchFolder folder;
  return offline(o, "waveglow-256", random_model(o, folder, "waveglow-256"), o.quick ? 0.3 : 2.0,
                 precision);
}

BenchRow own_model(const BenchOptions& o, Precision precision) {
  return offline(o, "mdct-causal", o.model, o.quick ? 1.0 : 10.0, precision);
}

// The same with the correction that the model asks for, against the flow alone.
BenchRow corrected(const BenchOptions& o) {
  const Vocoder vocoder = Vocoder::load(o.model);
  const Mel mel = random_mel(vocoder.mel(), o.quick ? 1.0 : 10.0);
  const SynthesisOptions options{kSigma, 1, o.threads},
      plain{kSigma, 1, o.threads, std::nullopt, 0};
  const auto distance = [&](const std::vector<float>& x) {
    return eval::mel_error(mel,
                           log_mel(x.data(), static_cast<std::int64_t>(x.size()), vocoder.mel()));
  };
  const double before = distance(vocoder.synthesize(mel, plain));
  const double after = distance(vocoder.synthesize(mel, options));
  if (vocoder.corrections() > 0 && !(after < before))
    throw Error("bench", fmt::format("mel error {:.3f}, {:.3f} without correction", after, before));
  const double length = seconds_of(mel, vocoder.mel());
  const int repetitions = o.quick ? 1 : 5;
  BenchRow row;
  row.name = "mdct-causal-corrected";
  row.unit = "rtf";
  row.value =
      median_seconds([&] { vocoder.synthesize(mel, options); }, repetitions, o.quick ? 0.0 : 2.0) /
      length;
  row.peer = "without correction";
  row.peer_value =
      median_seconds([&] { vocoder.synthesize(mel, plain); }, repetitions, 0.0) / length;
  row.check = fmt::format("mel error {:.3f}, {:.3f} without", after, before);
  row.notes.push_back(fmt::format("{} frames together, {:.1f} times real time",
                                  vocoder.corrections(), 1.0 / row.value));
  return row;
}

// A stream on one thread, a frame at a time.
struct FrameByFrame {
  std::vector<float> samples;
  std::vector<double> ms;  // of every frame, sorted
  double median() const { return ms[ms.size() / 2]; }
};

FrameByFrame frame_by_frame(const Vocoder& vocoder, const Mel& mel,
                            const SynthesisOptions& options) {
  FrameByFrame run;
  Stream stream(vocoder, options);
  const auto keep = [&](const Samples& s) {
    run.samples.insert(run.samples.end(), s.data, s.data + s.count);
  };
  for (std::int64_t frame = 0; frame < mel.frames; ++frame) {
    const auto start = std::chrono::steady_clock::now();
    const Samples piece = stream.push(mel.values.data() + frame * mel.bands, 1);
    run.ms.push_back(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count() * 1e3);
    keep(piece);
  }
  keep(stream.finish());
  std::sort(run.ms.begin(), run.ms.end());
  return run;
}

void add_slowest(const FrameByFrame& run, BenchRow* row) {
  row->notes.push_back(
      fmt::format("99.9th percentile {:.2f} ms", run.ms[run.ms.size() * 999 / 1000]));
  row->notes.push_back(fmt::format("longest {:.2f} ms", run.ms.back()));
}

// The flow alone, against the time that a frame lasts.
BenchRow stream(const BenchOptions& o, Precision precision) {
  const Vocoder vocoder = Vocoder::load(o.model, precision);
  const Mel mel = random_mel(vocoder.mel(), o.quick ? 2.0 : 60.0);
  const SynthesisOptions options{kSigma, 1, 1, std::nullopt, 0};
  BenchRow row;
  row.name = fmt::format("stream-{}", name_of(precision));
  row.unit = "ms";
  row.check =
      checked_difference(vocoder.synthesize(mel, options),
                         frame_by_frame(vocoder, mel, options).samples, "the whole utterance");
  const FrameByFrame run = frame_by_frame(vocoder, mel, options);
  row.value = run.median();
  row.peer = "length of a frame";
  row.peer_value = 1e3 * vocoder.mel().hop_samples / vocoder.mel().sample_rate_hz;
  add_slowest(run, &row);
  if (!o.onnxruntime.empty())
    row.other =
        OtherPeer{"ONNX Runtime", onnxruntime_figure(o, o.model, "voice-streaming.onnx", "ms",
                                                     seconds_of(mel, vocoder.mel()), 1)};
  return row;
}

// With the one correction that adds no delay, against the flow alone.
BenchRow live_stream(const BenchOptions& o) {
  const Vocoder vocoder = Vocoder::load(o.model);
  const Mel mel = random_mel(vocoder.mel(), o.quick ? 2.0 : 60.0);
  const SynthesisOptions live{kSigma, 1, 1, std::nullopt, 1}, plain{kSigma, 1, 1, std::nullopt, 0};
  BenchRow row;
  row.name = "stream-live";
  row.unit = "ms";
  row.check = checked_difference(vocoder.synthesize(mel, live),
                                 frame_by_frame(vocoder, mel, live).samples, "the whole utterance");
  const FrameByFrame run = frame_by_frame(vocoder, mel, live);
  row.value = run.median();
  row.peer = "without correction";
  row.peer_value = frame_by_frame(vocoder, mel, plain).median();
  add_slowest(run, &row);
  return row;
}

// Peak memory of an hour of sound, against that of ten seconds.
BenchRow memory(const BenchOptions& o) {
  const ScratchFolder folder;
  const MelSpec spec = Vocoder::load(o.model).mel();
  const std::string out = folder.file("out.wav");
  const auto run = [&](double seconds) {
    const std::string mel = write_mel(folder, spec, seconds);
    return watch_child({o.program, "synth", "--model", o.model, "--mel", mel, "-o", out});
  };
  BenchRow row;
  row.name = "memory-one-hour";
  row.unit = "mb";
  row.peer = "ten seconds";
  row.peer_value = run(10.0).peak_mb;
  const double seconds = o.quick ? 60.0 : 3600.0;
  const Child hour = run(seconds);
  row.value = hour.peak_mb;
  const auto bytes = static_cast<double>(std::filesystem::file_size(out));
  if (bytes < 2.0 * (seconds - 1.0) * spec.sample_rate_hz)
    throw Error("bench", fmt::format("{} bytes of sound for {} seconds", bytes, seconds));
  row.check = fmt::format("{:.0f} MB of sound", bytes * 1e-6);
  row.notes.push_back(
      fmt::format("{:.0f} times real time, reading and writing included", seconds / hour.seconds));
  return row;
}

int count_libraries(const std::string& program) {
  // What the loader would load: as ldd has it say.
  const std::string listed = output_of({"env", "LD_TRACE_LOADED_OBJECTS=1", program});
  int count = 0;
  for (std::size_t at = listed.find(".so"); at != std::string::npos;
       at = listed.find(".so", listed.find('\n', at)))
    count += 1;
  return count;
}

BenchRow libraries(const BenchOptions& o) {
  BenchRow row;
  row.name = "libraries";
  row.unit = "libraries";
  row.value = count_libraries(o.program);
  row.peer = "glowvox-train, with LibTorch";
  row.peer_value = count_libraries(o.program + "-train");
  if (row.value < 1.0) throw Error(o.program, "the loader does not list its libraries");
  row.check = "as the loader lists them";
  return row;
}

template <BenchRow (*Measure)(const BenchOptions&, Precision)>
BenchRow in_fp32(const BenchOptions& o) {
  return Measure(o, Precision::kFloat32);
}

template <BenchRow (*Measure)(const BenchOptions&, Precision)>
BenchRow in_bf16(const BenchOptions& o) {
  return Measure(o, Precision::kBfloat16);
}

template <BenchRow (*Measure)(const BenchOptions&, Precision)>
BenchRow in_int8(const BenchOptions& o) {
  return Measure(o, Precision::kInt8);
}

}  // namespace

Mel random_mel(const MelSpec& spec, double seconds) {
  Mel mel;
  mel.bands = spec.bands;
  mel.frames =
      static_cast<std::int64_t>(std::lround(seconds * spec.sample_rate_hz / spec.hop_samples));
  mel.values.resize(static_cast<std::size_t>(mel.frames * mel.bands));
  for (std::size_t i = 0; i < mel.values.size(); ++i)
    mel.values[i] = static_cast<float>(-6.0 + 3.0 * uniform_at(1, 0, i));
  return mel;
}

double seconds_of(const Mel& mel, const MelSpec& spec) {
  return static_cast<double>(mel.frames * spec.hop_samples) / spec.sample_rate_hz;
}

std::string random_model(const BenchOptions& o, const ScratchFolder& folder,
                         const std::string& name) {
  torch::manual_seed(1);
  model::FlowVocoder model(config::read_config(o.configs + "/" + name + ".yaml"));
  model.randomize();
  const std::string path = folder.file(name + ".safetensors");
  model::save_model(path, model, false);
  return path;
}

std::string write_mel(const ScratchFolder& folder, const MelSpec& spec, double seconds) {
  const std::string path = folder.file("mel.npy");
  arrays::write_mel(path, random_mel(spec, seconds));
  return path;
}

const std::vector<Bench>& benches() {
  static const std::vector<Bench> all = {
      {"waveglow-256-fp32", in_fp32<waveglow>},
      {"waveglow-256-bf16", in_bf16<waveglow>},
      {"mdct-causal-fp32", in_fp32<own_model>},
      {"mdct-causal-bf16", in_bf16<own_model>},
      {"mdct-causal-int8", in_int8<own_model>},
      {"mdct-causal-corrected", corrected},
      {"stream-fp32", in_fp32<stream>},
      {"stream-bf16", in_bf16<stream>},
      {"stream-int8", in_int8<stream>},
      {"stream-live", live_stream},
      {"streams", many_streams},
      {"roofline", roofline},
      {"start", start},
      {"peers", peers},
      {"memory-one-hour", memory},
      {"libraries", libraries},
      {"train", training_step},
  };
  return all;
}

}  // namespace glowvox::bench
