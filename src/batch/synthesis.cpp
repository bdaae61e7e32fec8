// SPDX-License-Identifier: MIT
#include "batch/synthesis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <numeric>
#include <optional>

#include "audio/endpoints.hpp"
#include "batch/jobs.hpp"
#include "batch/report.hpp"
#include "core/atomic_file.hpp"
#include "core/interrupt.hpp"
#include "core/messages.hpp"
#include "core/path.hpp"
#include "core/streams.hpp"
#include "core/thread_team.hpp"
#include "core/usage_error.hpp"
#include "report/picture.hpp"

namespace glowvox::batch {

namespace fs = std::filesystem;

namespace {

using Clock = std::chrono::steady_clock;

// What all jobs share.
struct Synthesis {
  const Request& options;
  const Vocoder& vocoder;
  const arrays::MelConversion& conversion;  // to be copied
  SharedMels& mels;
  Report& report;
  int threads = 1;  // of each job
};

// Frames of one job, in pieces as the model takes them: a mel file is read as it is needed, so that
// its length does not matter; a sound file's mel is computed at once.
class Frames {
 public:
  Frames(const Job& job, const Synthesis& s) {
    if (!job.input.sound) {
      file_.emplace(s.mels.take(job.input.path), job.utterance, s.conversion);
      samples_ = file_->samples();
      return;
    }
    const MelSpec& spec = s.vocoder.mel();
    std::string notice;
    const std::vector<float> audio = audio::load_mono(job.input.path, spec.sample_rate_hz, &notice);
    if (!notice.empty()) s.report.say(notice);
    samples_ = static_cast<std::int64_t>(audio.size());
    whole_ = audio::mel_of_sound(job.input.path, audio, spec);
    // A copy is as long as its recording: the last frame once more where they are too few.
    for (; s.vocoder.sample_count(whole_.frames) < samples_; ++whole_.frames)
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
  std::optional<arrays::MelFrames> file_;
  Mel whole_;
  std::int64_t samples_ = 0;
};

// Refuses what cannot be speech for the model before anything is made of it, and warns of what
// differs from its training. A recording's mel is right, whatever it sounds like.
void judge(Frames& frames, const Job& job, const Synthesis& s) {
  constexpr std::int64_t kAtOnce = 4096;
  const Vocoder& vocoder = s.vocoder;
  dsp::MelJudge judge(vocoder.mel(), vocoder.mel_means(), vocoder.mel_deviations());
  for (std::int64_t at = 0; at < frames.count(); at += kAtOnce)
    judge.add(frames.read(at, std::min(kAtOnce, frames.count() - at)));
  const dsp::MelVerdict verdict = judge.verdict();
  const std::string begin = "warning: " + job.name() + ": ";
  if (job.input.sound) {
    if (!verdict.warning.empty())
      s.report.say(begin + verdict.warning +
                   ": the copy may be worse than that of speech in a quiet room");
    return;
  }
  if (!verdict.refusal.empty()) {
    const Error refusal = arrays::refusal_of(job.name(), verdict);
    if (!s.options.force) throw refusal;
    s.report.say("warning: " + std::string(refusal.what()));
  } else if (!verdict.warning.empty()) {
    s.report.say(begin + arrays::advised(verdict));
  }
}

// Nothing when interrupted: the file is not left half written.
std::optional<Outcome> synthesize(const Job& job, const Synthesis& s) {
  const std::atomic<bool>& interrupted = catch_interrupts();
  const Request& o = s.options;
  const int rate = s.vocoder.mel().sample_rate_hz;
  Frames frames(job, s);
  judge(frames, job, s);
  const auto writer = audio::open_output(job.out, rate, o.format);
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
  SynthesisOptions synthesis = o.engine.synthesis();
  synthesis.threads = s.threads;
  const int block = s.vocoder.block_frames(frames.count(), s.threads);
  Stream stream(s.vocoder, synthesis, block);
  for (std::int64_t done = 0; done < frames.count(); done += block) {
    if (interrupted) return std::nullopt;
    const Mel piece = frames.read(done, std::min<std::int64_t>(block, frames.count() - done));
    take(stream.push(piece.values.data(), piece.frames));
    s.report.advance(job.seconds * static_cast<double>(piece.frames) /
                     static_cast<double>(frames.count()));
  }
  take(stream.finish());
  Outcome outcome;
  outcome.elapsed = std::chrono::duration<double>(Clock::now() - start).count();
  outcome.seconds = static_cast<double>(samples) / rate;
  if (!o.picture.empty()) report::write_spectrogram(o.picture, picture, rate);
  outcome.clipped = writer->commit();
  return outcome;
}

// Of several jobs one that fails does not keep the others from being made.
void make(std::size_t index, const std::vector<Job>& jobs, const Synthesis& s) {
  const Job& job = jobs[index];
  if (catch_interrupts()) return;
  Outcome outcome;
  outcome.failure = job.failure;
  try {
    if (outcome.failure.empty() && s.options.skip_existing &&
        fs::is_regular_file(path_of(job.out))) {
      outcome.skipped = true;
    } else if (outcome.failure.empty()) {
      const std::optional<Outcome> made = synthesize(job, s);
      if (!made) return;
      outcome = *made;
    }
  } catch (const BrokenPipe&) {
    throw;  // nobody wants more
  } catch (const std::exception& e) {
    outcome.failure = message_of(e);
  }
  s.report.finish(index, outcome);
}

// Every thread makes whole utterances, the longest first, so that none has to be waited for alone
// at the end; threads that would have none share the utterances of the others.
void make_all(const std::vector<Job>& jobs, Synthesis s) {
  const int threads = s.options.engine.thread_count();
  const int at_once = static_cast<int>(std::min<std::size_t>(jobs.size(), threads));
  s.threads = threads / at_once;
  std::vector<std::size_t> order(jobs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return jobs[a].seconds > jobs[b].seconds; });
  parallel_for(static_cast<int>(order.size()), at_once,
               [&](int piece) { make(order[static_cast<std::size_t>(piece)], jobs, s); });
}

std::vector<Input> inputs_of(const Request& o) {
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
  if (inputs.size() > 1 && path_of(o.out).has_extension() && !fs::is_directory(path_of(o.out)))
    throw Error(o.out, fmt::format("expected a folder for {} inputs", inputs.size()),
                "end it in a slash to have it made");
  return inputs;
}

// The folder that the files go to, where there is one, made if need be.
void make_folder(const Request& o, std::size_t inputs) {
  if (!names_folder(o.out, inputs)) return;
  std::error_code failure;
  fs::create_directories(path_of(o.out), failure);
  if (failure && !fs::is_directory(path_of(o.out)))
    throw Error(o.out, "cannot make the folder: " + failure.message());
}

}  // namespace

int synthesize_files(const Request& o) {
  const std::vector<Input> inputs = inputs_of(o);
  static_cast<void>(o.engine.synthesis());  // wrong usage before slow work
  const std::atomic<bool>& interrupted = catch_interrupts();
  const Vocoder vocoder = o.engine.load();
  const arrays::MelConversion conversion =
      o.mels.empty() ? arrays::MelConversion({}, vocoder.mel(), "")
                     : arrays::MelConversion(o.mel, vocoder.mel(), o.mels.front());
  SharedMels mels(conversion.bands(), o.mel.read_options());
  const std::vector<Job> jobs =
      jobs_of(inputs, {o.out, o.format}, vocoder.mel(), conversion, &mels);
  if (is_standard(o.out) && jobs.size() > 1)
    throw UsageError("-o -",
                     fmt::format("carries one sound, and there are {} utterances", jobs.size()),
                     "give a folder");
  if (!o.picture.empty() && jobs.size() > 1)
    throw UsageError("--picture", fmt::format("expected one utterance, got {}", jobs.size()));
  for (const Input& input : inputs) refuse_overwriting(input.path, o.picture);
  if (conversion.approximate())
    say((o.mels.size() == 1 ? o.mels.front() : fmt::format("{} mels", o.mels.size())) + ": " +
        conversion.notice());
  make_folder(o, inputs.size());

  Report report(jobs, o.json, vocoder.precision_choice());
  make_all(jobs, {o, vocoder, conversion, mels, report});
  report.end();
  if (interrupted && !report.complete()) {
    say(jobs.size() == 1
            ? "stopped; " + (is_standard(o.out) ? "the sound ends here"
                                                : jobs.front().out + " was not written")
            : fmt::format("stopped; {} of {} files were written", report.made(), jobs.size()));
    return kInterruptedStatus;
  }
  return report.failed() > 0 ? 1 : 0;
}

}  // namespace glowvox::batch
