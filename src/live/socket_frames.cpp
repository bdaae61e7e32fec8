// SPDX-License-Identifier: MIT
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "glowvox/error.hpp"
#include "live/frame_source.hpp"

namespace glowvox::live {

namespace {

constexpr int kMostWaiting = 16;  // connections

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw Error("socket " + path,
                "its path has " + std::to_string(path.size()) + " bytes, expected 1 to " +
                    std::to_string(sizeof address.sun_path - 1),
                "choose a shorter one");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Error failure(const std::string& path, const std::string& what) {
  return Error(path, "cannot " + what + ": " + std::strerror(errno));
}

int new_socket(const std::string& path) {
  const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (descriptor < 0) throw failure(path, "make a socket");
  return descriptor;
}

// What an earlier program left behind is removed; what is in use, or no socket at all, is not.
void clear_the_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    throw Error(path, "exists and is no socket", "choose another path");
  const Descriptor probe(new_socket(path));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    throw Error(path, "another program listens there", "choose another path");
  if (errno == ECONNREFUSED) ::unlink(path.c_str());
}

class SocketFrames : public FrameSource {
 public:
  SocketFrames(const std::string& path, int bands, bool once)
      : path_(path), bands_(bands), once_(once), listener_(new_socket(path)) {
    const sockaddr_un address = address_of(path);
    clear_the_way(path, address);
    if (::bind(listener_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
      throw failure(path, "listen");
    bound_ = true;
    if (::listen(listener_.get(), kMostWaiting) != 0) throw failure(path, "listen");
  }
  ~SocketFrames() override {
    if (bound_) ::unlink(path_.c_str());
  }

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
    pollfd ready{listener_.get(), POLLIN, 0};
    if (::poll(&ready, 1, static_cast<int>(wait.count())) <= 0) return false;
    const int client = ::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC);
    if (client < 0) return false;
    client_.reset(client);
    frames_ = std::make_unique<RawFrames>(client, path_, bands_);
    return true;
  }

  std::string path_;
  int bands_;
  bool once_, bound_ = false;
  bool spoke_ = false;  // this connection has sent something
  Descriptor listener_, client_;
  std::unique_ptr<RawFrames> frames_;
};

}  // namespace

std::unique_ptr<FrameSource> listen_for_frames(const std::string& path, int bands, bool once) {
  return std::make_unique<SocketFrames>(path, bands, once);
}

}  // namespace glowvox::live
