// SPDX-License-Identifier: MIT
#include <poll.h>

#include "live/frame_source.hpp"
#include "live/listener.hpp"

namespace glowvox::live {

namespace {

class SocketFrames : public FrameSource {
 public:
  SocketFrames(const std::string& path, int bands, bool once)
      : bands_(bands), once_(once), listener_(path) {}

  Got next(float* frame, std::chrono::milliseconds wait) override {
    if (!frames_ && !accept(wait)) return Got::kNothing;
    const Got got = frames_->next(frame, wait);
    spoke_ = spoke_ || got == Got::kFrame || !frames_->complaint().empty();
    if (got != Got::kEnd || spoke_) return got;
    hang_up();  // somebody who only looked whether anybody listens
    return Got::kNothing;
  }
  std::int64_t waiting() override { return frames_ ? frames_->waiting() : 0; }
  std::string complaint() const override { return frames_ ? frames_->complaint() : ""; }
  bool begin_next() override {
    hang_up();
    return !once_;
  }

 private:
  void hang_up() {
    frames_.reset();
    client_.reset(-1);
    spoke_ = false;
  }
  bool accept(std::chrono::milliseconds wait) {
    pollfd ready{listener_.descriptor(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return false;
    const int client = listener_.accept(false);
    if (client < 0) return false;
    client_.reset(client);
    frames_ = std::make_unique<RawFrames>(client, listener_.address(), bands_);
    return true;
  }

  int bands_;
  bool once_;
  bool spoke_ = false;  // this connection has sent something
  Listener listener_;
  Descriptor client_;
  std::unique_ptr<RawFrames> frames_;
};

}  // namespace

std::unique_ptr<FrameSource> listen_for_frames(const std::string& path, int bands, bool once) {
  return std::make_unique<SocketFrames>(path, bands, once);
}

}  // namespace glowvox::live
