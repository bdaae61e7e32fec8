// SPDX-License-Identifier: MIT
#include "live/microphone.hpp"

#include <algorithm>
#include <thread>

#include "audio/resample.hpp"
#include "audio/ring.hpp"
#include "audio/sound_card.hpp"
#include "live/player.hpp"

namespace glowvox::live {

namespace {

constexpr std::chrono::milliseconds kTick(2);
constexpr int kHeldSeconds = 4;  // that may wait here

class Microphone : public FrameSource {
 public:
  Microphone(const std::string& choice, double latency_ms, const MelSpec& spec)
      : spec_(spec),
        device_(system_.input(choice)),
        rate_hz_(audio::InputStream::rate_for(device_, spec.sample_rate_hz)),
        ring_(
            std::make_shared<audio::SampleRing>(static_cast<std::size_t>(rate_hz_) * kHeldSeconds)),
        piece_(static_cast<std::size_t>(spec.hop_samples)),
        analysis_(spec),
        stream_(device_, rate_hz_, latency_ms, ring_) {
    if (rate_hz_ != spec.sample_rate_hz)
      resampler_ = std::make_unique<audio::Resampler>(rate_hz_, spec.sample_rate_hz);
  }

  Got next(float* frame, std::chrono::milliseconds wait) override {
    const auto until = std::chrono::steady_clock::now() + wait;
    while (given_ == mel_->frames) {
      const std::size_t count = ring_->read(piece_.data(), piece_.size());
      if (count > 0) {
        analyse(count);
        continue;
      }
      const std::string problem = stream_.problem();
      if (!problem.empty()) throw DeviceLost(device_.host_api + ": " + device_.name, problem);
      if (std::chrono::steady_clock::now() >= until) return Got::kNothing;
      std::this_thread::sleep_for(kTick);
    }
    std::copy_n(mel_->values.begin() + given_ * mel_->bands, mel_->bands, frame);
    ++given_;
    return Got::kFrame;
  }

  std::int64_t waiting() override {
    const auto held = static_cast<std::int64_t>(ring_->filled());
    return mel_->frames - given_ + held * spec_.sample_rate_hz / rate_hz_ / spec_.hop_samples;
  }

  std::int64_t losses() const override { return stream_.losses(); }

 private:
  void analyse(std::size_t count) {
    const float* samples = piece_.data();
    if (resampler_) {
      const std::vector<float>& resampled = resampler_->push(samples, count);
      samples = resampled.data();
      count = resampled.size();
    }
    mel_ = &analysis_.push(samples, count);
    given_ = 0;
  }

  MelSpec spec_;
  audio::SoundSystem system_;
  audio::Device device_;
  int rate_hz_;
  std::shared_ptr<audio::SampleRing> ring_;
  std::vector<float> piece_;
  MelStream analysis_;
  Mel none_;
  const Mel* mel_ = &none_;
  std::int64_t given_ = 0;
  std::unique_ptr<audio::Resampler> resampler_;
  audio::InputStream stream_;
};

}  // namespace

std::unique_ptr<FrameSource> open_microphone(const std::string& device, double latency_ms,
                                             const MelSpec& spec) {
  return std::make_unique<Microphone>(device, latency_ms, spec);
}

}  // namespace glowvox::live
