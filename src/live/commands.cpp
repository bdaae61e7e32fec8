// SPDX-License-Identifier: MIT
#include "live/commands.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>

#include "audio/endpoints.hpp"
#include "audio/formats.hpp"
#include "core/cpu.hpp"
#include "core/interrupt.hpp"
#include "core/messages.hpp"
#include "core/progress_bar.hpp"
#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "live/mel_frames.hpp"
#include "live/microphone.hpp"
#include "live/session.hpp"

namespace glowvox::live {

namespace {

constexpr double kMostLatencyMs = 10000.0;
constexpr double kLightLoad = 0.5;  // real-time factor: nobody is starved by what mostly sleeps

void check(const Options& o) {
  static_cast<void>(o.engine.synthesis());
  if (!(o.latency_ms >= 0.0 && o.latency_ms <= kMostLatencyMs))
    throw UsageError("--latency",
                     fmt::format("expected 0 to {} ms, got {}", kMostLatencyMs, o.latency_ms));
  if (!o.out.empty() && !o.tee.empty())
    throw UsageError("--tee", "goes beside a device, -o takes its place", "give one of them");
  if (o.live && !o.out.empty())
    throw UsageError("--live", "is about a device's clock, and -o has none");
  if (!o.format.empty() && o.out.empty() && o.tee.empty())
    throw UsageError("--format", "is about a file, and there is none", "give -o or --tee");
  check_output(o.out, o.json);
}

Outputs open_outputs(const Options& o, const MelSpec& spec, const std::atomic<bool>& interrupted) {
  Outputs outputs;
  const RawFormat format = raw_format(o.raw);
  if (is_standard(o.out) && (o.format.empty() || o.format == "raw")) {
    audio::say_raw(o.out, spec.sample_rate_hz, o.raw);
    outputs.raw = std::make_unique<RawOutput>(STDOUT_FILENO, kStandardOutput, format, interrupted);
    return outputs;
  }
  const std::string file = o.out.empty() ? o.tee : o.out;
  if (!file.empty()) outputs.file = audio::open_output(file, spec.sample_rate_hz, o.format);
  if (o.out.empty())
    outputs.player = std::make_unique<Player>(
        PlayerOptions{o.device, o.latency_ms, o.reconnect, say}, spec.sample_rate_hz, interrupted);
  return outputs;
}

double work_ms(const Report& r) {  // of a frame
  return r.frames > 0 ? 1e3 * r.work_seconds / r.frames : 0.0;
}

std::string status_line(const Report& r) {
  return fmt::format(
      "{:.1f} s | buffered {:.0f} ms | {:.2f} ms a frame, real-time factor {:.3f} | underruns: {} "
      "driver, {} ours",
      r.seconds, r.buffered_ms, work_ms(r), r.real_time_factor, r.driver_underruns, r.starvations);
}

struct Latency {
  double model_ms = 0.0, buffer_ms = 0.0, device_ms = 0.0;
};

nlohmann::json to_json(const Report& r, const Latency& latency) {
  return {{"frames", r.frames},
          {"utterances", r.utterances},
          {"seconds", r.seconds},
          {"first_sound_ms", r.first_sound_ms},
          {"work_ms_per_frame", work_ms(r)},
          {"most_work_ms", r.most_work_ms},
          {"real_time_factor", r.real_time_factor},
          {"model_latency_ms", latency.model_ms},
          {"buffer_latency_ms", latency.buffer_ms},
          {"device_latency_ms", latency.device_ms},
          {"driver_underruns", r.driver_underruns},
          {"starvations", r.starvations},
          {"starved_ms", r.starved_ms},
          {"frames_skipped", r.skipped},
          {"frames_repeated", r.repeated},
          {"frames_malformed", r.malformed},
          {"input_losses", r.input_losses},
          {"clipped", r.clipped},
          {"limited", r.limited},
          {"reconnects", r.reconnects},
          {"interrupted", r.interrupted}};
}

std::string to_text(const Report& r, const Latency& latency, const std::string& where) {
  std::string text = fmt::format(
      "{}: {:.2f} s of sound from {} frames; first sound {:.1f} ms after the first frame\n", where,
      r.seconds, r.frames, r.first_sound_ms);
  text += fmt::format(
      "latency: model {:.1f} ms, buffer {:.1f}, device {:.1f}; work {:.2f} ms a frame (most "
      "{:.2f}), real-time factor {:.4f}\n",
      latency.model_ms, latency.buffer_ms, latency.device_ms, work_ms(r), r.most_work_ms,
      r.real_time_factor);
  text += fmt::format(
      "underruns: {} of the driver, {} ours ({:.0f} ms of silence); frames: {} skipped, {} "
      "repeated, {} malformed; samples: {} clipped, {} limited",
      r.driver_underruns, r.starvations, r.starved_ms, r.skipped, r.repeated, r.malformed,
      r.clipped, r.limited);
  return r.input_losses > 0 ? text + fmt::format("; the input was lost {} times", r.input_losses)
                            : text;
}

void summarize(const Options& o, const Report& report, const Vocoder& vocoder,
               const Player* player) {
  Latency latency;
  std::int64_t model_samples = vocoder.look_ahead_samples() + vocoder.overlap_samples();
  if (o.engine.denoise.value_or(vocoder.denoise()) > 0.0)
    model_samples += vocoder.denoise_delay_samples();
  model_samples +=
      o.engine.corrections.value_or(vocoder.corrections()) * vocoder.correction_delay_samples();
  latency.model_ms = 1e3 * static_cast<double>(model_samples) / vocoder.mel().sample_rate_hz;
  if (player) {
    latency.buffer_ms = player->target_ms();
    latency.device_ms = player->device_latency_ms();
  }
  const std::string where = player ? player->device() : output_name(o.out);
  nlohmann::json json = to_json(report, latency);
  json["precision"] = name_of(vocoder.precision());
  json["precision_from"] = name_of(vocoder.precision_choice().source);
  print_result(o.json, json, to_text(report, latency, where), o.out);
}

// The source is opened once the model is there.
using OpenSource = std::function<std::unique_ptr<FrameSource>(const MelSpec& spec)>;

// input: the file that it reads, if it is one. given: the mel was not computed here from sound.
int run(const Options& o, const std::string& input, bool given, const OpenSource& open_source) {
  check(o);
  for (const std::string& output : {o.out, o.tee}) refuse_overwriting(input, output);
  std::signal(SIGPIPE, SIG_IGN);  // an error like any other
  const std::atomic<bool>& interrupted = catch_interrupts();
  const Vocoder vocoder = o.engine.load();
  const MelSpec& spec = vocoder.mel();
  SynthesisOptions synthesis = o.engine.synthesis();
  synthesis.threads = o.engine.threads;  // none: one
  const bool judged = given && !o.force;
  const SessionOptions session{synthesis, o.live, judged, !o.no_limiter};
  const double load = warm_up(vocoder, session.synthesis);
  if (o.out.empty()) take_priority(load < kLightLoad);  // there is a device
  const QuietLibraries quiet;
  std::unique_ptr<FrameSource> source = open_source(given ? o.mel_input.specification(spec) : spec);
  if (o.live && source->frames() > 0)
    throw UsageError("--live", "is for a writer that keeps its own time, and a file waits");
  if (o.mel_input.converts() && !given)
    throw UsageError("--from-preset, --from-stats",
                     "say what a mel was made as, and this is sound");
  source =
      converted(std::move(source), o.mel_input, spec, input.empty() ? "mel" : input_name(input));
  if (judged) {
    dsp::MelJudge judge(spec, vocoder.mel_means(), vocoder.mel_deviations());
    source = look_ahead(std::move(source), spec, &judge);
    const dsp::MelVerdict verdict = judge.verdict();
    if (!verdict.refusal.empty()) throw arrays::refusal_of(input, verdict);
    if (!verdict.warning.empty()) say("warning: " + input + ": " + arrays::advised(verdict));
  }
  Outputs outputs = open_outputs(o, spec, interrupted);

  ProgressBar bar;
  const bool terminal = ::isatty(::fileno(messages())) != 0;
  SessionHooks hooks;
  hooks.notice = [&bar](const std::string& text) {
    bar.clear();
    say(text);
  };
  if (terminal)
    hooks.status = [&](const Report& r) {
      const double whole = static_cast<double>(source->frames());
      bar.show(whole > 0.0 ? static_cast<double>(r.frames) / whole
                           : r.buffered_ms / std::max(1.0, o.latency_ms),
               status_line(r));
    };
  const Report report = run_session(vocoder, source.get(), &outputs, session, hooks, interrupted);
  bar.finish();

  summarize(o, report, vocoder, outputs.player.get());
  if (report.interrupted) {
    // What is left is memory, which the system takes faster than it is given back.
    source.reset();
    outputs.player.reset();
    std::fflush(nullptr);
    std::_Exit(kInterruptedStatus);
  }
  if (!report.refusal.empty()) throw Error("mel", report.refusal, "--force plays it");
  if (report.malformed == 0) return 0;
  throw Error(
      "mel", fmt::format("malformed input, {} in all: {}", report.malformed, report.first_problem));
}

std::unique_ptr<FrameSource> open_recording(const std::string& path, const MelSpec& spec) {
  std::string notice;
  auto source = open_sound(path, spec, &notice);
  if (!notice.empty()) say(notice);
  return source;
}

std::unique_ptr<FrameSource> open(const StreamOptions& o, const MelSpec& spec) {
  if (!o.mel.empty()) return open_frames(o.mel, spec);
  if (!o.socket.empty()) {
    auto source = listen_for_frames(o.socket, spec.bands, o.once);
    say(fmt::format("listening on {}: raw float32 frames of {} bands, a connection an utterance",
                    o.socket, spec.bands));
    return source;
  }
  if (o.microphone)
    return open_microphone(o.microphone->empty() ? "default" : *o.microphone, o.latency_ms, spec);
  return open_recording(o.wav, spec);
}

}  // namespace

int play(const PlayOptions& o) {
  if (o.file.empty() == o.wav.empty()) throw UsageError("FILE or --wav", "expected one of them");
  const std::string& input = o.wav.empty() ? o.file : o.wav;
  const bool sound = !o.wav.empty() || audio::named(o.file) == audio::Named::kSound;
  return run(o, input, !sound, [&](const MelSpec& spec) {
    return sound ? open_recording(input, spec) : open_frames(input, spec);
  });
}

int stream(StreamOptions o) {
  const int sources =
      !o.mel.empty() + !o.socket.empty() + !o.wav.empty() + o.microphone.has_value();
  if (sources != 1)
    throw UsageError("--mel, --listen, --wav or --mic",
                     fmt::format("expected one of them, got {}", sources));
  if (o.mel == "-" && ::isatty(STDIN_FILENO) != 0)
    throw UsageError("--mel -", "standard input is a terminal", "pipe an acoustic model into it");
  if (o.once && o.socket.empty()) throw UsageError("--once", "goes with --listen");
  if (o.microphone && o.reconnect)
    throw UsageError("--reconnect", "cannot wait while --mic records");
  if (o.microphone && o.out.empty()) o.live = true;
  // Somebody is waiting for the sound.
  if (o.live && !o.engine.corrections) o.engine.corrections = 0;
  return run(o, o.mel.empty() ? o.wav : o.mel, !o.mel.empty() || !o.socket.empty(),
             [&o](const MelSpec& spec) { return open(o, spec); });
}

}  // namespace glowvox::live
