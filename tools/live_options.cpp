// SPDX-License-Identifier: MIT
#include "live_options.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "command.hpp"
#include "core/cpu.hpp"
#include "core/messages.hpp"
#include "core/printable.hpp"
#include "core/progress_bar.hpp"
#include "core/streams.hpp"
#include "interrupt.hpp"
#include "live_input.hpp"
#include "sound.hpp"

namespace glowvox::tools {

namespace {

constexpr double kMostLatencyMs = 10000.0;
constexpr double kLightLoad = 0.5;  // real-time factor: nobody is starved by what mostly sleeps

void check(const LiveOptions& o) {
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

live::Outputs open_outputs(const LiveOptions& o, const MelSpec& spec,
                           const std::atomic<bool>& interrupted) {
  live::Outputs outputs;
  const live::RawFormat format = live::raw_format(o.raw);
  if (is_standard(o.out) && (o.format.empty() || o.format == "raw")) {
    say_raw(o.out, spec.sample_rate_hz, o.raw);
    outputs.raw =
        std::make_unique<live::RawOutput>(STDOUT_FILENO, kStandardOutput, format, interrupted);
    return outputs;
  }
  const std::string file = o.out.empty() ? o.tee : o.out;
  if (!file.empty()) outputs.file = open_output(file, spec.sample_rate_hz, o.format);
  if (o.out.empty())
    outputs.player = std::make_unique<live::Player>(
        live::PlayerOptions{o.device, o.latency_ms, o.reconnect, say}, spec.sample_rate_hz,
        interrupted);
  return outputs;
}

std::string status_line(const live::Report& r) {
  return fmt::format(
      "{:.1f} s | buffered {:.0f} ms | {:.2f} ms a frame, real-time factor {:.3f} | underruns: {} "
      "driver, {} ours",
      r.seconds, r.buffered_ms, r.frames > 0 ? 1e3 * r.work_seconds / r.frames : 0.0,
      r.real_time_factor, r.driver_underruns, r.starvations);
}

struct Latency {
  double model_ms = 0.0, buffer_ms = 0.0, device_ms = 0.0;
};

nlohmann::json to_json(const live::Report& r, const Latency& latency) {
  return {{"frames", r.frames},
          {"utterances", r.utterances},
          {"seconds", r.seconds},
          {"first_sound_ms", r.first_sound_ms},
          {"work_ms_per_frame", r.frames > 0 ? 1e3 * r.work_seconds / r.frames : 0.0},
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

void print(const live::Report& r, const Latency& latency, const std::string& where, std::FILE* to) {
  fmt::print(to,
             "{}: {:.2f} s of sound from {} frames; first sound {:.1f} ms after the first frame\n",
             printable(where), r.seconds, r.frames, r.first_sound_ms);
  fmt::print(to,
             "latency: model {:.1f} ms, buffer {:.1f}, device {:.1f}; work {:.2f} ms a frame (most "
             "{:.2f}), real-time factor {:.4f}\n",
             latency.model_ms, latency.buffer_ms, latency.device_ms,
             r.frames > 0 ? 1e3 * r.work_seconds / r.frames : 0.0, r.most_work_ms,
             r.real_time_factor);
  fmt::print(
      to,
      "underruns: {} of the driver, {} ours ({:.0f} ms of silence); frames: {} skipped, {} "
      "repeated, {} malformed; samples: {} clipped, {} limited{}\n",
      r.driver_underruns, r.starvations, r.starved_ms, r.skipped, r.repeated, r.malformed,
      r.clipped, r.limited,
      r.input_losses > 0 ? fmt::format("; the input was lost {} times", r.input_losses) : "");
}

void summarize(const LiveOptions& o, const live::Report& report, const Vocoder& vocoder,
               const live::Player* player) {
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
  if (o.json)
    fmt::print(
        "{}\n",
        to_json(report, latency).dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
  else
    print(report, latency, where, figures_to(o.out));
}

}  // namespace

void LiveOptions::add_to(CLI::App& app, const char* usual_corrections) {
  engine.add_to(app, "one");
  engine.default_to_voice(app);
  app.add_option("--device", device, "Index, or part of a name, of glowvox devices")
      ->capture_default_str();
  app.add_option("--tee", tee, "Write the sound to this wav, flac or ogg as well");
  app.add_option("--latency", latency_ms, "Sound held ready before the device, in ms")
      ->capture_default_str();
  app.add_flag("--reconnect", reconnect, "Wait for a device that is gone");
  engine.add_sampling_to(app);
  engine.add_finishing_to(app, usual_corrections);
  mel.add_conversion_to(app);
  app.add_flag("--force", force, "Play a mel that cannot be speech for the model (it may hurt)");
  app.add_flag("--no-limiter", no_limiter,
               "Let the device get sound that is more than 12 dB louder than its mel says");
  app.add_flag("--json", json, "Print the figures as JSON");
}

int run_live(const LiveOptions& o, const std::string& input, bool given,
             const OpenSource& open_source) {
  check(o);
  for (const std::string& output : {o.out, o.tee}) refuse_overwriting(input, output);
  std::signal(SIGPIPE, SIG_IGN);  // an error like any other
  const std::atomic<bool>& interrupted = catch_interrupts();
  const Vocoder vocoder = o.engine.load();
  const MelSpec& spec = vocoder.mel();
  SynthesisOptions synthesis = o.engine.synthesis();
  synthesis.threads = o.engine.threads;  // none: one
  const bool judged = given && !o.force;
  const live::SessionOptions session{synthesis, o.live, judged, !o.no_limiter};
  const double load = live::warm_up(vocoder, session.synthesis);
  if (o.out.empty()) take_priority(load < kLightLoad);  // there is a device
  const QuietLibraries quiet;
  std::unique_ptr<live::FrameSource> source = open_source(given ? o.mel.specification(spec) : spec);
  if (o.live && source->frames() > 0)
    throw UsageError("--live", "is for a writer that keeps its own time, and a file waits");
  if (o.mel.converts() && !given)
    throw UsageError("--from-preset, --from-stats",
                     "say what a mel was made as, and this is sound");
  source = converted(std::move(source), o.mel, spec, input.empty() ? "mel" : input_name(input));
  if (judged) {
    dsp::MelJudge judge(spec, vocoder.mel_means(), vocoder.mel_deviations());
    source = look_ahead(std::move(source), spec, &judge);
    const dsp::MelVerdict verdict = judge.verdict();
    if (!verdict.refusal.empty()) throw refusal_of(input, verdict);
    if (!verdict.warning.empty()) say("warning: " + input + ": " + advised(verdict));
  }
  live::Outputs outputs = open_outputs(o, spec, interrupted);

  ProgressBar bar;
  const bool terminal = ::isatty(::fileno(messages())) != 0;
  live::SessionHooks hooks;
  hooks.notice = [&bar](const std::string& text) {
    bar.clear();
    say(text);
  };
  if (terminal)
    hooks.status = [&](const live::Report& r) {
      const double whole = static_cast<double>(source->frames());
      bar.show(whole > 0.0 ? static_cast<double>(r.frames) / whole
                           : r.buffered_ms / std::max(1.0, o.latency_ms),
               status_line(r));
    };
  const live::Report report =
      live::run_session(vocoder, source.get(), &outputs, session, hooks, interrupted);
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

}  // namespace glowvox::tools
