// SPDX-License-Identifier: MIT
#include <algorithm>
#include <optional>
#include <utility>

#include "dsp/mel_approximation.hpp"
#include "live/frame_source.hpp"

namespace glowvox::live {

namespace {

class ConvertedFrames : public FrameSource {
 public:
  ConvertedFrames(std::unique_ptr<FrameSource> source, const MelSpec& from, const MelSpec& to)
      : source_(std::move(source)), from_(from), to_(to), frame_{1, from.bands, {}} {
    frame_.values.resize(static_cast<std::size_t>(from.bands));
    begin();
  }

  Got next(float* frame, std::chrono::milliseconds wait) override {
    while (!give(frame)) {
      if (ended_) return Got::kEnd;
      const Got got = source_->next(frame_.values.data(), wait);
      if (got == Got::kNothing) return got;
      ended_ = got == Got::kEnd;
      if (!ended_)
        keep(approximation_ ? approximation_->push(frame_) : convert_mel(frame_, from_, to_));
      else if (approximation_)
        keep(approximation_->finish());
    }
    return Got::kFrame;
  }

  std::int64_t waiting() override {
    return ready_.frames - given_ + static_cast<std::int64_t>(source_->waiting() * ratio());
  }

  bool begin_next() override {
    if (!source_->begin_next()) return false;
    begin();
    return true;
  }

  std::string complaint() const override { return source_->complaint(); }
  std::int64_t frames() const override {
    return static_cast<std::int64_t>(source_->frames() * ratio());
  }
  std::int64_t losses() const override { return source_->losses(); }

 private:
  // Frames of `to` for one of `from`.
  double ratio() const {
    return static_cast<double>(from_.hop_samples) / from_.sample_rate_hz * to_.sample_rate_hz /
           to_.hop_samples;
  }

  void begin() {
    approximation_.reset();
    if (!converts_exactly(from_, to_)) approximation_.emplace(from_, to_);
    ready_ = {};
    given_ = 0;
    ended_ = false;
  }

  void keep(Mel mel) {
    ready_ = std::move(mel);
    given_ = 0;
  }

  bool give(float* frame) {
    if (given_ == ready_.frames) return false;
    std::copy_n(ready_.values.begin() + given_ * to_.bands, to_.bands, frame);
    ++given_;
    return true;
  }

  std::unique_ptr<FrameSource> source_;
  MelSpec from_, to_;
  std::optional<dsp::MelApproximation> approximation_;
  Mel frame_, ready_;
  std::int64_t given_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<FrameSource> convert_frames(std::unique_ptr<FrameSource> source,
                                            const MelSpec& from, const MelSpec& to) {
  return std::make_unique<ConvertedFrames>(std::move(source), from, to);
}

}  // namespace glowvox::live
