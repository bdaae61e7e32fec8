// SPDX-License-Identifier: MIT
#include "live/mel_frames.hpp"

#include <algorithm>
#include <cmath>
#include <deque>

#include "core/messages.hpp"
#include "dsp/mel_length.hpp"

namespace glowvox::live {

namespace {

// Another source, from which next() may differ.
class Wrapped : public FrameSource {
 public:
  explicit Wrapped(std::unique_ptr<FrameSource> source) : source_(std::move(source)) {}
  Got next(float* frame, std::chrono::milliseconds wait) override {
    return source_->next(frame, wait);
  }
  std::int64_t waiting() override { return source_->waiting(); }
  bool begin_next() override { return source_->begin_next(); }
  std::string complaint() const override { return source_->complaint(); }
  std::int64_t frames() const override { return source_->frames(); }
  std::int64_t samples() const override { return source_->samples(); }
  std::int64_t losses() const override { return source_->losses(); }

 private:
  std::unique_ptr<FrameSource> source_;
};

class ConvertedFrames : public Wrapped {
 public:
  ConvertedFrames(std::unique_ptr<FrameSource> source, const arrays::MelInput& input,
                  const MelSpec& spec, const std::string& name)
      : Wrapped(std::move(source)), conversion_(input, spec, name), fresh_(conversion_) {
    if (conversion_.approximate()) say(name + ": " + conversion_.notice());
    frame_ = {1, conversion_.bands(),
              std::vector<float>(static_cast<std::size_t>(conversion_.bands()))};
  }
  Got next(float* frame, std::chrono::milliseconds wait) override {
    while (given_ == ready_.frames) {
      if (ended_) return Got::kEnd;
      const Got got = Wrapped::next(frame_.values.data(), wait);
      if (got == Got::kNothing) return got;
      ended_ = got == Got::kEnd;
      ready_ = ended_ ? conversion_.finish() : conversion_.push(frame_);
      given_ = 0;
    }
    std::copy_n(ready_.values.begin() + given_++ * ready_.bands, ready_.bands, frame);
    return Got::kFrame;
  }
  std::int64_t waiting() override { return ready_.frames - given_ + scaled(Wrapped::waiting()); }
  std::int64_t frames() const override { return scaled(Wrapped::frames()); }
  std::int64_t samples() const override { return ended_ ? conversion_.samples() : 0; }
  bool begin_next() override {
    if (!Wrapped::begin_next()) return false;
    conversion_ = fresh_;
    ended_ = false;
    return true;
  }

 private:
  std::int64_t scaled(std::int64_t frames) const {
    return static_cast<std::int64_t>(static_cast<double>(frames) * conversion_.rate());
  }

  arrays::MelConversion conversion_;
  const arrays::MelConversion fresh_;  // for the next utterance
  Mel frame_, ready_;
  std::int64_t given_ = 0;
  bool ended_ = false;
};

class HeldFrames : public Wrapped {
 public:
  HeldFrames(std::unique_ptr<FrameSource> source, const MelSpec& spec, dsp::MelJudge* judge)
      : Wrapped(std::move(source)) {
    const int second = spec.sample_rate_hz / spec.hop_samples + 1;
    Mel mel{1, spec.bands, std::vector<float>(static_cast<std::size_t>(spec.bands))};
    for (int i = 0; i < second; ++i) {
      last_ = Wrapped::next(mel.values.data(), std::chrono::milliseconds(0));
      if (last_ != Got::kFrame) break;
      held_.push_back(mel.values);
      // A damaged frame is found when it is played.
      if (std::all_of(mel.values.begin(), mel.values.end(),
                      [](float x) { return std::isfinite(x); }))
        judge->add(mel);
    }
  }
  Got next(float* frame, std::chrono::milliseconds wait) override {
    if (held_.empty()) return last_ == Got::kEnd ? last_ : Wrapped::next(frame, wait);
    std::copy(held_.front().begin(), held_.front().end(), frame);
    held_.pop_front();
    return Got::kFrame;
  }
  std::int64_t waiting() override {
    return Wrapped::waiting() + static_cast<std::int64_t>(held_.size());
  }

 private:
  std::deque<std::vector<float>> held_;
  Got last_ = Got::kNothing;
};

}  // namespace

std::unique_ptr<FrameSource> converted(std::unique_ptr<FrameSource> source,
                                       const arrays::MelInput& input, const MelSpec& spec,
                                       const std::string& name) {
  const bool a_hop_each = dsp::made_samples(spec, 2) == 2 * spec.hop_samples;
  if (!input.converts() && a_hop_each) return source;
  return std::make_unique<ConvertedFrames>(std::move(source), input, spec, name);
}

std::unique_ptr<FrameSource> look_ahead(std::unique_ptr<FrameSource> source, const MelSpec& spec,
                                        dsp::MelJudge* judge) {
  if (source->frames() == 0) return source;
  return std::make_unique<HeldFrames>(std::move(source), spec, judge);
}

}  // namespace glowvox::live
