// SPDX-License-Identifier: MIT
#include "live/session.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <limits>
#include <optional>
#include <thread>

#include "dsp/mel_judge.hpp"
#include "glowvox/error.hpp"
#include "live/frame_check.hpp"
#include "live/limiter.hpp"
#include "live/pace.hpp"

namespace glowvox::live {

namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick(2);
constexpr int kWarmUpFrames = 4;
constexpr int kMostBad = 10;       // malformed frames in a row before a mel is asked what it is
constexpr int kJudgedEvery = 20;   // frames
constexpr milliseconds kWait(20);  // for a frame; Ctrl-C and a lost device are seen in between

double ms_between(std::int64_t from_ns, std::int64_t to_ns) {
  return 1e-6 * static_cast<double>(to_ns - from_ns);
}

std::int64_t now_ns() { return Clock::now().time_since_epoch().count(); }

class Session {
 public:
  Session(const Vocoder& vocoder, FrameSource* source, Outputs* outputs,
          const SessionOptions& options, const SessionHooks& hooks,
          const std::atomic<bool>& interrupted)
      : vocoder_(vocoder),
        source_(source),
        outputs_(outputs),
        options_(options),
        hooks_(hooks),
        interrupted_(interrupted),
        check_(vocoder.mel()),
        level_(vocoder.mel()),
        limiter_(vocoder.mel()),
        hop_ms_(1e3 * vocoder.mel().hop_samples / vocoder.mel().sample_rate_hz),
        pace_(hop_ms_),
        frame_(static_cast<std::size_t>(vocoder.mel().bands)),
        good_(frame_.size(), check_.silence()) {}

  Report run() {
    stream_.emplace(vocoder_, options_.synthesis);
    do {
      play_utterance();
      if (interrupted_) break;
      stream_.emplace(vocoder_, options_.synthesis);
      good_.assign(good_.size(), check_.silence());
      wait_until_played();
    } while (!interrupted_ && source_->begin_next());
    report_.interrupted = interrupted_;
    update();
    if (outputs_->player) {
      if (interrupted_)
        outputs_->player->stop();
      else
        outputs_->player->drain();
    }
    return report_;
  }

 private:
  void play_utterance() {
    bool begun = false, refused = false;
    noted_ = false;
    bad_ = 0;
    sent_ = 0;
    const std::int64_t recorded = source_->samples();
    left_ = recorded > 0 ? recorded : std::numeric_limits<std::int64_t>::max();
    std::int64_t frames = 0;
    limiter_.begin();
    judge_.emplace(vocoder_.mel(), vocoder_.mel_means(), vocoder_.mel_deviations());
    while (!interrupted_ && !refused) {
      update();
      if (outputs_->player && !outputs_->player->ready()) {
        std::this_thread::sleep_for(kTick);
        continue;
      }
      const Got got = source_->next(frame_.data(), kWait);
      if (got == Got::kEnd) break;
      if (got == Got::kNothing) continue;
      if (first_frame_ns_ == 0) first_frame_ns_ = now_ns();
      if (!begun && outputs_->player) outputs_->player->begin();
      begun = true;
      ++frames;
      play_frame();
      refused = options_.judge && refuse();
    }
    if (interrupted_) return;
    report_.utterances += begun && !refused;
    // A copy is as long as its recording: the last frame once more where they are too few. Frames
    // that were left out or played twice have made it another length.
    const std::int64_t wanted = options_.live ? 0 : source_->samples();
    if (wanted > 0) left_ = std::max<std::int64_t>(0, wanted - sent_);
    for (; begun && !refused && vocoder_.sample_count(frames) < wanted; ++frames)
      push(good_.data());
    deliver(stream_->finish());
    if (outputs_->player) outputs_->player->end();
    const std::string complaint = source_->complaint();
    if (!complaint.empty()) note_problem(complaint);
  }

  void play_frame() {
    const std::string problem = problem_of_frame();
    bad_ = problem.empty() ? 0 : bad_ + 1;
    if (problem.empty()) {
      good_ = frame_;
    } else {
      // The frame before may be as loud as can be: it is not held where one would be louder still.
      if (options_.judge && level_.rms(frame_.data()) > dsp::kLoudestRms)
        good_.assign(good_.size(), check_.silence());
      note_problem(fmt::format("frame {}: {}", report_.frames, problem));
    }
    ++report_.frames;
    const Pace::Step step = pace();
    if (step != Pace::Step::kSkip) push(good_.data());
    if (step == Pace::Step::kRepeat) push(good_.data());
  }

  // One that no sound can have, or that is louder than any of speech: it is never heard.
  std::string problem_of_frame() {
    const std::string problem = check_.problem(frame_.data());
    if (!options_.judge) return problem;
    const auto finite = [](float x) { return std::isfinite(x); };
    if (std::all_of(frame_.begin(), frame_.end(), finite)) judge_one();
    const double rms = level_.rms(frame_.data());
    if (!problem.empty() || rms <= dsp::kLoudestRms) return problem;
    return fmt::format("would be {:.1f} dB louder than a sine at full scale",
                       20.0 * std::log10(rms / dsp::kLoudestRms));
  }

  void judge_one() {
    one_.frames = 1;
    one_.bands = vocoder_.mel().bands;
    one_.values = frame_;
    judge_->add(one_);
  }

  // Whether the mel so far cannot be speech.
  bool refuse() {
    if (bad_ < kMostBad && (judge_->frames() == 0 || judge_->frames() % kJudgedEvery != 0))
      return false;
    const dsp::MelVerdict verdict = judge_->verdict();
    if (verdict.refusal.empty()) return false;
    const std::string text = fmt::format("stopped: {}; it is probably {}; {}", verdict.refusal,
                                         verdict.probably, verdict.advice);
    if (report_.refusal.empty()) report_.refusal = text;
    hooks_.notice(text);
    return true;
  }

  Pace::Step pace() {
    if (!options_.live || !outputs_->player) return Pace::Step::kPlay;
    const Player& player = *outputs_->player;
    const std::int64_t starvations = player.counts().starvations;
    if (starvations != starvations_) pace_.restart();
    starvations_ = starvations;
    const double buffered_ms =
        player.buffered_ms() + static_cast<double>(source_->waiting() + 1) * hop_ms_;
    return pace_.next(buffered_ms, player.target_ms(), player.least_ms());
  }

  void push(const float* frame) {
    limiter_.push_mel(frame);
    const std::int64_t begin = now_ns();
    const Samples samples = stream_->push(frame, 1);
    const double work_ms = ms_between(begin, now_ns());
    report_.work_seconds += 1e-3 * work_ms;
    report_.most_work_ms = std::max(report_.most_work_ms, work_ms);
    deliver(samples);
  }

  void deliver(Samples samples) {
    samples.count = static_cast<std::size_t>(
        std::min<std::int64_t>(static_cast<std::int64_t>(samples.count), left_));
    left_ -= static_cast<std::int64_t>(samples.count);
    sent_ += static_cast<std::int64_t>(samples.count);
    clamped_.resize(samples.count);
    for (std::size_t i = 0; i < samples.count; ++i) {
      clamped_[i] = std::clamp(samples.data[i], -1.0F, 1.0F);
      report_.clipped += clamped_[i] != samples.data[i];
    }
    report_.samples += static_cast<std::int64_t>(samples.count);
    if (outputs_->file) outputs_->file->write(clamped_.data(), clamped_.size());
    if (outputs_->raw) outputs_->raw->write(clamped_.data(), clamped_.size());
    if (outputs_->player) {
      if (options_.limit) report_.limited += limiter_.apply(clamped_.data(), clamped_.size());
      outputs_->player->write(clamped_.data(), clamped_.size());
    }
    if (samples.count > 0 && first_written_ns_ == 0) first_written_ns_ = now_ns();
  }

  void wait_until_played() {
    while (outputs_->player && !interrupted_ && !outputs_->player->played_out()) {
      update();
      std::this_thread::sleep_for(kTick);
    }
  }

  void note_problem(const std::string& problem) {
    ++report_.malformed;
    if (report_.first_problem.empty()) report_.first_problem = problem;
    if (!noted_) hooks_.notice(problem);
    noted_ = true;
  }

  void update() {
    Report& r = report_;
    r.seconds = static_cast<double>(r.samples) / vocoder_.mel().sample_rate_hz;
    r.real_time_factor = r.seconds > 0.0 ? r.work_seconds / r.seconds : 0.0;
    r.skipped = pace_.skipped();
    r.repeated = pace_.repeated();
    r.input_losses = source_->losses();
    std::int64_t sounded_ns = first_written_ns_;
    if (const Player* player = outputs_->player.get()) {
      const audio::PlayoutCounts counts = player->counts();
      r.starvations = counts.starvations;
      r.starved_ms = 1e3 * static_cast<double>(counts.starved_samples) / player->rate_hz();
      r.driver_underruns = counts.driver_underruns;
      r.buffered_ms = player->buffered_ms();
      r.device_latency_ms = player->device_latency_ms();
      r.reconnects = player->reconnects();
      sounded_ns = player->first_sound_ns();
    }
    if (sounded_ns != 0 && first_frame_ns_ != 0)
      r.first_sound_ms = ms_between(first_frame_ns_, sounded_ns);
    hooks_.status(r);
  }

  const Vocoder& vocoder_;
  FrameSource* source_;
  Outputs* outputs_;
  const SessionOptions& options_;
  const SessionHooks& hooks_;
  const std::atomic<bool>& interrupted_;
  FrameCheck check_;
  dsp::MelLevel level_;
  Limiter limiter_;
  std::optional<dsp::MelJudge> judge_;  // of this utterance
  double hop_ms_;
  Pace pace_;
  std::vector<float> frame_, good_;  // [bands]: what came, and the last that was right
  std::vector<float> clamped_;
  Mel one_;
  std::optional<Stream> stream_;
  std::int64_t sent_ = 0;  // samples of this utterance so far
  std::int64_t left_ = 0;  // that are still to come, at most
  bool noted_ = false;     // a problem of this utterance
  int bad_ = 0;            // frames in a row
  std::int64_t first_frame_ns_ = 0, first_written_ns_ = 0, starvations_ = 0;
  Report report_;
};

}  // namespace

double warm_up(const Vocoder& vocoder, const SynthesisOptions& options) {
  const MelSpec& spec = vocoder.mel();
  const std::vector<float> frame(static_cast<std::size_t>(spec.bands), FrameCheck(spec).silence());
  Stream stream(vocoder, options);
  double least_ms = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kWarmUpFrames; ++i) {
    const std::int64_t begin = now_ns();
    stream.push(frame.data(), 1);
    least_ms = std::min(least_ms, ms_between(begin, now_ns()));
  }
  return least_ms * spec.sample_rate_hz / (1e3 * spec.hop_samples);
}

Report run_session(const Vocoder& vocoder, FrameSource* source, Outputs* outputs,
                   const SessionOptions& options, const SessionHooks& hooks,
                   const std::atomic<bool>& interrupted) {
  Session session(vocoder, source, outputs, options, hooks, interrupted);
  try {
    const Report report = session.run();
    if (report.frames == 0 && !report.interrupted)
      throw Error("mel", "no frame came", report.first_problem);
    const bool nothing = report.frames == 0 || (!report.refusal.empty() && report.utterances == 0);
    if (outputs->file && !nothing) outputs->file->commit();
    return report;
  } catch (const DeviceLost&) {
    if (outputs->file) outputs->file->commit();  // what was recorded is not lost with the device
    throw;
  }
}

}  // namespace glowvox::live
