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
#include "live/listener.hpp"
#include "live/mel_frames.hpp"
#include "live/microphone.hpp"
#include "live/session.hpp"
#include "live/stream_server.hpp"

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

void summarize(const Options& o, const SynthesisOptions& synthesis, const Report& report,
               const Vocoder& vocoder, const Player* player) {
  Latency latency;
  std::int64_t model_samples = vocoder.look_ahead_samples() + vocoder.overlap_samples();
  const int corrections = synthesis.corrections.value_or(vocoder.corrections());
  if (synthesis.denoise.value_or(vocoder.denoise()) > 0.0)
    model_samples +=
        vocoder.denoise_delay_samples() + (corrections > 0 ? vocoder.overlap_samples() : 0);
  model_samples += vocoder.correction_delay_samples(corrections);
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
  // Somebody is waiting for the sound.
  if (o.live && !synthesis.corrections) synthesis.corrections = vocoder.live_corrections();
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

  summarize(o, session.synthesis, report, vocoder, outputs.player.get());
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

nlohmann::json to_json(const ServerReport& r, int rate_hz) {
  const StepThreads::Figures& w = r.work;
  nlohmann::json json = {{"clients", r.clients},
                         {"completed", r.completed},
                         {"dropped", r.dropped},
                         {"turned_away", r.turned_away},
                         {"most_clients_at_once", r.most_at_once},
                         {"frames", w.frames},
                         {"seconds", static_cast<double>(w.samples) / rate_hz},
                         {"steps", w.steps},
                         {"most_frames_in_a_step", w.most_together},
                         {"clipped", w.clipped},
                         {"interrupted", r.interrupted}};
  const auto add = [&json](const std::string& name, const LatencyHistogram& times) {
    json[name + "_p50_ms"] = times.percentile_ms(0.5);
    json[name + "_p99_ms"] = times.percentile_ms(0.99);
    json[name + "_p99_9_ms"] = times.percentile_ms(0.999);
    json[name + "_most_ms"] = times.most_ms();
  };
  add("latency", w.latency);
  add("step", w.step);
  return json;
}

std::string to_text(const ServerReport& r, const std::string& where, int rate_hz) {
  const StepThreads::Figures& w = r.work;
  const auto times = [](const LatencyHistogram& h) {
    return fmt::format("{:.2f} ms (99%: {:.2f}, 99.9%: {:.2f}, most {:.2f})", h.percentile_ms(0.5),
                       h.percentile_ms(0.99), h.percentile_ms(0.999), h.most_ms());
  };
  return fmt::format(
      "{}: {} clients, at most {} at once: {} completed, {} dropped, {} turned away\n"
      "{:.2f} s of sound from {} frames, at most {} in a step\n"
      "from a frame to its samples {}; a step {}",
      where, r.clients, r.most_at_once, r.completed, r.dropped, r.turned_away,
      static_cast<double>(w.samples) / rate_hz, w.frames, w.most_together, times(w.latency),
      times(w.step));
}

void check_server(const StreamOptions& o) {
  static_cast<void>(o.engine.synthesis());
  if (o.socket.empty()) throw UsageError("--reply", "goes with --listen");
  if (!o.out.empty() || !o.tee.empty() || o.live || o.reconnect)
    throw UsageError("--reply", "sends samples back to clients, nothing is played or written here",
                     "leave out -o, --tee, --live and --reconnect");
  const auto within = [](const char* option, double value, double least, double most) {
    if (!(value >= least && value <= most))
      throw UsageError(option, fmt::format("expected {} to {}, got {}", least, most, value));
  };
  within("--clients", o.clients, 1, 10000);
  within("--queue", o.queue, 1, 10000);
  within("--idle-timeout", o.idle_seconds, 0.1, 86400);
  within("--batch-wait", o.batch_wait_ms, 0, 1000);
}

int serve_clients(const StreamOptions& o) {
  check_server(o);
  std::signal(SIGPIPE, SIG_IGN);
  const std::atomic<bool>& interrupted = catch_interrupts();
  EngineOptions engine = o.engine;
  engine.stream = false;  // many rows share the weights, as in a whole utterance
  const Vocoder vocoder = engine.load();
  ServerOptions server;
  server.address = o.socket;
  server.reply = raw_format(o.reply + "le");
  server.anybody = o.anybody;
  server.most_clients = o.clients;
  server.most_frames = o.queue;
  server.idle_seconds = o.idle_seconds;
  server.batch_wait_ms = o.batch_wait_ms;
  server.force = o.force;
  server.once = o.once;
  server.threads = o.engine.threads;
  server.synthesis = o.engine.synthesis();
  server.synthesis.threads = 1;
  // Somebody is waiting for the sound.
  if (!o.engine.corrections) server.synthesis.corrections = vocoder.live_corrections();
  server.mel_input = o.mel_input;
  warm_up(vocoder, server.synthesis);
  take_priority(false);
  const int bands = o.mel_input.specification(vocoder.mel()).bands;
  const int rate_hz = vocoder.mel().sample_rate_hz;
  std::string address;
  const ServerReport report = serve(
      vocoder, server,
      [&](const std::string& at) {
        address = at;
        say(
            fmt::format("listening on {}: raw float32 frames of {} bands in, {} samples of {} Hz "
                        "back, a connection an utterance, at most {} at once",
                        at, bands, o.reply, rate_hz, o.clients));
      },
      say, interrupted);
  print_result(o.json, to_json(report, rate_hz), to_text(report, address, rate_hz));
  return report.interrupted ? kInterruptedStatus : 0;
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
  if (!o.reply.empty()) return serve_clients(o);
  if (is_tcp(o.socket))
    throw UsageError("--listen", "HOST:PORT is for clients that get their samples back",
                     "give --reply f32 or s16, or a path");
  if (o.microphone && o.reconnect)
    throw UsageError("--reconnect", "cannot wait while --mic records");
  if (o.microphone && o.out.empty()) o.live = true;
  return run(o, o.mel.empty() ? o.wav : o.mel, !o.mel.empty() || !o.socket.empty(),
             [&o](const MelSpec& spec) { return open(o, spec); });
}

}  // namespace glowvox::live
