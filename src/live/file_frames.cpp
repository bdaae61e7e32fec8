// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>

#include "arrays/mel_file.hpp"
#include "audio/sound_file.hpp"
#include "core/file_error.hpp"
#include "core/streams.hpp"
#include "live/frame_source.hpp"

namespace glowvox::live {

namespace {

// A mel file with a header.
class MelFileFrames : public FrameSource {
 public:
  MelFileFrames(const std::string& path, int bands) : reader_(path, bands) {}
  Got next(float* frame, std::chrono::milliseconds /*wait*/) override {
    if (at_ == reader_.frames()) return Got::kEnd;
    if (at_ >= first_ + held_.frames) {
      first_ = at_;
      held_ = reader_.read(at_, std::min(kPiece, reader_.frames() - at_));
    }
    std::copy_n(held_.values.begin() + (at_ - first_) * held_.bands, held_.bands, frame);
    ++at_;
    return Got::kFrame;
  }
  std::int64_t waiting() override { return reader_.frames() - at_; }
  std::int64_t frames() const override { return reader_.frames(); }

 private:
  static constexpr std::int64_t kPiece = 64;  // frames read at once
  arrays::MelReader reader_;
  Mel held_;
  std::int64_t first_ = 0, at_ = 0;
};

// A sound file's samples are few enough to be held; its mel is made a hop at a time.
class SoundFrames : public FrameSource {
 public:
  SoundFrames(const std::string& path, const MelSpec& spec, std::string* notice)
      : path_(input_name(path)),
        hop_(static_cast<std::size_t>(spec.hop_samples)),
        samples_(audio::load_mono(path, spec.sample_rate_hz, notice)),
        analysis_(spec) {}
  Got next(float* frame, std::chrono::milliseconds /*wait*/) override {
    while (given_ == mel_->frames) {
      if (finished_) return Got::kEnd;
      given_ = 0;
      finished_ = at_ == samples_.size();
      const std::size_t count = std::min(hop_, samples_.size() - at_);
      try {
        mel_ = finished_ ? &analysis_.finish() : &analysis_.push(samples_.data() + at_, count);
      } catch (const Error& e) {
        throw Error(path_, e.what());
      }
      at_ += count;
    }
    std::copy_n(mel_->values.begin() + given_ * mel_->bands, mel_->bands, frame);
    ++given_;
    return Got::kFrame;
  }
  std::int64_t waiting() override { return mel_->frames - given_; }
  std::int64_t frames() const override { return static_cast<std::int64_t>(samples_.size() / hop_); }
  std::int64_t samples() const override { return static_cast<std::int64_t>(samples_.size()); }

 private:
  std::string path_;
  std::size_t hop_;
  std::vector<float> samples_;
  MelStream analysis_;
  Mel none_;
  const Mel* mel_ = &none_;
  std::int64_t given_ = 0;
  std::size_t at_ = 0;
  bool finished_ = false;
};

// Raw frames of a file or FIFO, which it closes.
class OpenedFrames : public RawFrames {
 public:
  OpenedFrames(int descriptor, const std::string& path, int bands)
      : RawFrames(descriptor, path, bands), owned_(descriptor) {}

 private:
  Descriptor owned_;
};

}  // namespace

std::unique_ptr<FrameSource> open_frames(const std::string& path, const MelSpec& spec) {
  if (is_standard(path))
    return std::make_unique<RawFrames>(STDIN_FILENO, kStandardInput, spec.bands);
  if (arrays::is_mel_name(path)) return std::make_unique<MelFileFrames>(path, spec.bands);
  // A FIFO opens at once and waits for its writer in poll, where Ctrl-C reaches it.
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC);
  if (descriptor < 0) throw cannot_read(path);
  auto frames = std::make_unique<OpenedFrames>(descriptor, path, spec.bands);
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISDIR(status.st_mode))
    throw Error(path, "is a directory, expected mel frames");
  return frames;
}

std::unique_ptr<FrameSource> open_sound(const std::string& path, const MelSpec& spec,
                                        std::string* notice) {
  return std::make_unique<SoundFrames>(path, spec, notice);
}

}  // namespace glowvox::live
