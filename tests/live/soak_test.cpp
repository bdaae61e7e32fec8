// SPDX-License-Identifier: MIT
// glowvox stream for a long time on a machine that is busy: a frame every 11.6 ms, a competing
// process on every core, clocks that differ. GLOWVOX_SOAK_SECONDS=600 makes it ten minutes.
#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "core/cpu.hpp"
#include "engine/signals.hpp"
#include "glowvox/vocoder.hpp"
#include "live/alsa_card.hpp"

using namespace glowvox;
using namespace glowvox::test;

namespace {

using Clock = std::chrono::steady_clock;

constexpr double kUsualSeconds = 20.0;
constexpr double kFrameSeconds = 0.0116;  // the hop is 11.60998 ms: this writer is 0.09% fast
// This writer comes before everything else: when it is so late, nobody had the machine, and what a
// buffer of 80 ms holds beyond a device's block and a fade is not much more.
constexpr double kStandstillMs = 40.0;
constexpr double kCardSpeed = 0.9995;  // and this card 0.05% slow

double soak_seconds() {
  const char* seconds = std::getenv("GLOWVOX_SOAK_SECONDS");
  return seconds != nullptr ? std::atof(seconds) : kUsualSeconds;
}

// A process that does nothing but use a core.
class Competitor {
 public:
  Competitor() : pid_(::fork()) {
    for (volatile std::uint64_t i = 0; pid_ == 0; i = i + 1) {
    }
  }
  ~Competitor() {
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  Competitor(const Competitor&) = delete;
  Competitor& operator=(const Competitor&) = delete;

 private:
  pid_t pid_;
};

double resident_mb(pid_t pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/statm");
  double size = 0.0, resident = 0.0;
  file >> size >> resident;
  return resident * static_cast<double>(::sysconf(_SC_PAGESIZE)) / 1e6;
}

}  // namespace

TEST_CASE("a long stream on a busy machine: no silence, the same memory, the same delay") {
  const double seconds = soak_seconds();
  const MelSpec spec = Vocoder::load(kShippedModel).mel();
  const Mel mel = speech_like_mel(spec, 500, 1);
  std::vector<std::unique_ptr<Competitor>> competitors;
  for (int i = 0; i < available_cores(); ++i) competitors.push_back(std::make_unique<Competitor>());
  AlsaCard card(spec.sample_rate_hz, kCardSpeed);
  Child child({GLOWVOX_BINARY, "stream", "--model", kShippedModel, "--mel", "-", "--device", "card",
               "--latency", "80", "--live", "--json"},
              card.environment());
  REQUIRE(eventually(10.0, [&card] { return card.heard_samples() > 0; }));

  run_first();
  const auto frames = static_cast<std::int64_t>(seconds / kFrameSeconds);
  const auto start = Clock::now();
  double early_mb = 0.0, latest_ms = 0.0;
  int standstills = 0;
  bool late = false;
  for (std::int64_t i = 0; i < frames; ++i) {
    const auto due =
        start + std::chrono::duration_cast<Clock::duration>(
                    std::chrono::duration<double>(static_cast<double>(i) * kFrameSeconds));
    std::this_thread::sleep_until(due);
    const double late_ms = std::chrono::duration<double, std::milli>(Clock::now() - due).count();
    latest_ms = std::max(latest_ms, late_ms);
    standstills += !late && late_ms > kStandstillMs;
    late = late_ms > kStandstillMs;
    REQUIRE(child.write(&mel.values[static_cast<std::size_t>(i % mel.frames * mel.bands)],
                        static_cast<std::size_t>(mel.bands) * sizeof(float)));
    if (i == frames / 4) early_mb = resident_mb(child.pid());
  }
  const double late_mb = resident_mb(child.pid());
  const double written = std::chrono::duration<double>(Clock::now() - start).count();
  child.end_input();
  REQUIRE(child.wait(20.0) == 0);
  const double drained = std::chrono::duration<double>(Clock::now() - start).count() - written;
  competitors.clear();

  const nlohmann::json figures = nlohmann::json::parse(child.out());
  const auto figure = [&figures](const char* name) { return figures[name].get<double>(); };
  MESSAGE(fmt::format(
      "{:.0f} s: {} starvations, {} driver underruns, {} frames skipped, {} repeated, "
      "work {:.2f} ms "
      "a frame (most {:.1f}), memory {:.1f} then {:.1f} MB, drained in {:.0f} ms; the "
      "writer was up "
      "to {:.1f} ms late, {} times more than {:.0f}",
      written, figure("starvations"), figure("driver_underruns"), figure("frames_skipped"),
      figure("frames_repeated"), figure("work_ms_per_frame"), figure("most_work_ms"), early_mb,
      late_mb, 1e3 * drained, latest_ms, standstills, kStandstillMs));
  CHECK(figure("starvations") <= standstills);
  CHECK(figures["frames"] == frames);
  CHECK(late_mb - early_mb < 1.0);
  // What waited at the end is the buffer and the device's, not what the clocks have drifted apart
  // by.
  CHECK(drained < 0.6);
  if (seconds < 300.0) return;
  const double drift_frames =
      (kFrameSeconds - 256.0 / 22050.0 / kCardSpeed) / -kFrameSeconds * static_cast<double>(frames);
  CHECK(figure("frames_skipped") - figure("frames_repeated") ==
        doctest::Approx(drift_frames).epsilon(0.15));
}
