// SPDX-License-Identifier: MIT
#include "many_streams.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <fstream>
#include <thread>

#include "core/cpu.hpp"
#include "core/random.hpp"
#include "glowvox/error.hpp"
#include "glowvox/stream_group.hpp"

namespace glowvox::bench {

namespace {

using Clock = std::chrono::steady_clock;

constexpr int kStreams[] = {1, 8, 32, 64, 150, 256};
constexpr int kGoal = 150;
constexpr int kLeastSteps = 9, kQuickSteps = 3;
constexpr double kMeasuredSeconds = 1.0;
constexpr std::int64_t kFrames = 64;
constexpr int kWarmUpSteps = 2;

SynthesisOptions options_of(std::size_t stream) { return {0.7, stream + 1, 1, 0.0, 0}; }

Mel mel_of(const MelSpec& spec) {
  Mel mel{kFrames, spec.bands, std::vector<float>(static_cast<std::size_t>(kFrames * spec.bands))};
  for (std::size_t i = 0; i < mel.values.size(); ++i)
    mel.values[i] = static_cast<float>(-6.0 + 3.0 * uniform_at(1, 0, i));
  return mel;
}

// Streams that all have a frame in every step.
class Load {
 public:
  Load(const Vocoder& vocoder, const Mel& mel, int streams, int threads)
      : mel_(mel), group_(vocoder, streams, threads) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(streams); ++i)
      streams_.push_back(group_.open(options_of(i)));
    steps_.resize(streams_.size());
  }
  // Every stream begins at another frame. Samples of the last stream are kept.
  void step() {
    for (std::size_t i = 0; i < streams_.size(); ++i) {
      const auto at =
          static_cast<std::size_t>(frame(i, step_)) * static_cast<std::size_t>(mel_.bands);
      steps_[i] = {&streams_[i], &mel_.values[at], {}};
    }
    group_.step(steps_.data(), steps_.size());
    const Samples& s = steps_.back().samples;
    last_.insert(last_.end(), s.data, s.data + s.count);
    ++step_;
  }
  // Throws Error where the last stream is not what it is alone.
  void check(const Vocoder& vocoder) const {
    const std::size_t last = streams_.size() - 1;
    Stream alone(vocoder, options_of(last));
    std::vector<float> expected;
    for (std::int64_t step = 0; step < step_; ++step) {
      const auto at =
          static_cast<std::size_t>(frame(last, step)) * static_cast<std::size_t>(mel_.bands);
      const Samples s = alone.push(&mel_.values[at], 1);
      expected.insert(expected.end(), s.data, s.data + s.count);
    }
    if (expected.empty() || last_ != expected)
      throw Error("bench", "a stream among others differs from the same alone");
  }

 private:
  std::int64_t frame(std::size_t stream, std::int64_t step) const {
    return (static_cast<std::int64_t>(7 * stream) + step) % mel_.frames;
  }

  const Mel& mel_;
  StreamGroup group_;
  std::vector<Stream> streams_;
  std::vector<StreamGroup::Step> steps_;
  std::vector<float> last_;
  std::int64_t step_ = 0;
};

double median_ms(const std::function<void()>& work, bool quick) {
  std::vector<double> times;
  const auto begin = Clock::now();
  const auto seconds = [](Clock::duration d) { return std::chrono::duration<double>(d).count(); };
  while (static_cast<int>(times.size()) < (quick ? kQuickSteps : kLeastSteps) ||
         (!quick && seconds(Clock::now() - begin) < kMeasuredSeconds)) {
    const auto start = Clock::now();
    work();
    times.push_back(1e3 * seconds(Clock::now() - start));
  }
  std::nth_element(times.begin(), times.begin() + times.size() / 2, times.end());
  return times[times.size() / 2];
}

double step_ms(const Vocoder& vocoder, const Mel& mel, int streams, int threads, bool quick) {
  Load load(vocoder, mel, streams, threads);
  for (int i = 0; i < kWarmUpSteps; ++i) load.step();
  const double ms = median_ms([&load] { load.step(); }, quick);
  load.check(vocoder);
  return ms;
}

// A frame of as many streams as threads, each on a thread of its own, as they were one process
// each.
double alone_ms(const Vocoder& vocoder, const Mel& mel, int threads, bool quick) {
  std::vector<double> ms(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (std::size_t i = 0; i < ms.size(); ++i)
    running.emplace_back([&, i] {
      Stream stream(vocoder, options_of(i));
      std::size_t frame = 0;
      const auto push = [&] {
        stream.push(&mel.values[frame++ % kFrames * static_cast<std::size_t>(mel.bands)], 1);
      };
      push();
      ms[i] = median_ms(push, quick);
    });
  for (std::thread& thread : running) thread.join();
  return *std::max_element(ms.begin(), ms.end());
}

// A step of as many streams on every thread, each by itself, as a server works.
double apart_ms(const Vocoder& vocoder, const Mel& mel, int streams, int threads, bool quick) {
  std::vector<double> ms(static_cast<std::size_t>(threads));
  std::vector<std::thread> running;
  for (double& mine : ms)
    running.emplace_back([&] {
      Load load(vocoder, mel, streams, 1);
      for (int i = 0; i < kWarmUpSteps; ++i) load.step();
      mine = median_ms([&load] { load.step(); }, quick);
    });
  for (std::thread& thread : running) thread.join();
  return *std::max_element(ms.begin(), ms.end());
}

double resident_mb() {
  std::ifstream file("/proc/self/statm");
  double size = 0.0, resident = 0.0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

double stream_mb(const Vocoder& vocoder, const Mel& mel, int threads) {
  Load few(vocoder, mel, 1, threads);
  few.step();
  const double before = resident_mb();
  Load load(vocoder, mel, kGoal, threads);
  for (int i = 0; i < kWarmUpSteps; ++i) load.step();
  return (resident_mb() - before) / kGoal;
}

}  // namespace

BenchRow many_streams(const BenchOptions& o) {
  const Vocoder vocoder = Vocoder::load(o.model);
  const MelSpec& spec = vocoder.mel();
  const Mel mel = mel_of(spec);
  const int threads = o.threads > 0 ? o.threads : available_cores();
  const double frame_ms = 1e3 * spec.hop_samples / spec.sample_rate_hz;
  const double mb = stream_mb(vocoder, mel, threads);  // before others leave memory behind
  BenchRow row;
  row.name = "streams";
  row.unit = "ms";
  row.peer = "a frame of a stream alone";
  row.peer_value = alone_ms(vocoder, mel, threads, o.quick) / threads;
  double most = 0.0;
  for (const int streams : kStreams) {
    std::string note = fmt::format("{} streams:", streams);
    for (const int t : {1, threads}) {
      if (t != 1 || threads == 1) {
        const double ms = step_ms(vocoder, mel, streams, t, o.quick);
        note += fmt::format(" {:.2f} ms a step on {}", ms, t);
        most = std::max(most, streams * frame_ms / ms);
        if (streams == kGoal) row.value = ms / streams;
      } else {
        note += fmt::format(" {:.2f} on 1,", step_ms(vocoder, mel, streams, t, o.quick));
      }
    }
    if (threads > 1) {
      const double ms = apart_ms(vocoder, mel, streams, threads, o.quick);
      note += fmt::format(", {:.2f} of as many on each by itself", ms);
      most = std::max(most, threads * streams * frame_ms / ms);
    }
    row.notes.push_back(note);
  }
  row.notes.push_back(fmt::format("carries {:.0f} streams in real time", most));
  row.notes.push_back(fmt::format("{:.2f} MB a stream", mb));
  row.check = "equal to each alone, bit for bit";
  return row;
}

}  // namespace glowvox::bench
