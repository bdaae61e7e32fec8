// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

#include "glowvox/error.hpp"
#include "live/frame_source.hpp"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "raw frames are little endian");

namespace glowvox::live {

namespace {
constexpr std::size_t kBufferBytes = 1 << 16;
constexpr std::string_view kMagic = "\x93NUMPY";  // of an npy file
}  // namespace

RawFrames::RawFrames(int descriptor, std::string name, int bands)
    : descriptor_(descriptor),
      name_(std::move(name)),
      frame_bytes_(static_cast<std::size_t>(bands) * sizeof(float)),
      buffer_(std::max(kBufferBytes, frame_bytes_)) {
  struct stat status {};
  if (::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode))
    frames_ = static_cast<std::int64_t>(static_cast<std::size_t>(status.st_size) / frame_bytes_);
}

bool RawFrames::take(float* frame) {
  if (end_ - begin_ < frame_bytes_) return false;
  std::memcpy(frame, &buffer_[begin_], frame_bytes_);
  begin_ += frame_bytes_;
  ++given_;
  return true;
}

Got RawFrames::at_end() {
  if (end_ > begin_ && complaint_.empty())
    complaint_ =
        fmt::format("{}: ends within frame {}: {} of {} bytes (a frame is {} bands of float32)",
                    name_, given_, end_ - begin_, frame_bytes_, frame_bytes_ / sizeof(float));
  begin_ = end_ = 0;
  return Got::kEnd;
}

Got RawFrames::next(float* frame, std::chrono::milliseconds wait) {
  const auto until = std::chrono::steady_clock::now() + wait;
  while (!take(frame)) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
        until - std::chrono::steady_clock::now());
    pollfd ready{descriptor_, POLLIN, 0};
    const int found = ::poll(&ready, 1, static_cast<int>(std::max<std::int64_t>(0, left.count())));
    if (found == 0 || (found < 0 && errno == EINTR)) return Got::kNothing;
    if ((ready.revents & POLLIN) == 0) return at_end();
    if (begin_ > 0) {
      std::memmove(buffer_.data(), &buffer_[begin_], end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    }
    const ssize_t got = ::read(descriptor_, &buffer_[end_], buffer_.size() - end_);
    if (got == 0) return at_end();
    if (got < 0 && (errno == EINTR || errno == EAGAIN)) return Got::kNothing;
    if (got < 0) complaint_ = name_ + ": cannot read: " + std::strerror(errno);
    if (got > 0) end_ += static_cast<std::size_t>(got);
    if (given_ == 0 && end_ >= kMagic.size() &&
        std::equal(kMagic.begin(), kMagic.end(), buffer_.begin()))
      complaint_ = name_ + ": holds an npy file, expected raw float32 frames; give the .npy's path";
    if (!complaint_.empty()) return at_end();
  }
  return Got::kFrame;
}

std::int64_t RawFrames::waiting() {
  int more = 0;
  if (::ioctl(descriptor_, FIONREAD, &more) != 0) more = 0;
  return static_cast<std::int64_t>((end_ - begin_ + static_cast<std::size_t>(more)) / frame_bytes_);
}

}  // namespace glowvox::live
