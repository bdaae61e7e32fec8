// SPDX-License-Identifier: MIT
#include "live/raw_output.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstring>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

namespace glowvox::live {

namespace {
constexpr int kWaitMs = 50;
constexpr float kFullScale = 32768.0F;  // as in sound files
}  // namespace

RawFormat raw_format(const std::string& name) {
  if (name == "s16le") return RawFormat::kS16;
  if (name == "f32le") return RawFormat::kF32;
  throw Error("raw samples", "expected s16le or f32le, got '" + name + "'");
}

void encode_raw(const float* samples, std::size_t count, RawFormat format,
                std::vector<char>* bytes) {
  if (format == RawFormat::kF32) {
    bytes->resize(count * sizeof(float));
    std::copy_n(reinterpret_cast<const char*>(samples), bytes->size(), bytes->begin());
    return;
  }
  bytes->resize(count * sizeof(std::int16_t));
  for (std::size_t i = 0; i < count; ++i) {
    const auto value =
        static_cast<std::int16_t>(std::lrint(std::min(samples[i] * kFullScale, kFullScale - 1.0F)));
    std::memcpy(bytes->data() + i * sizeof value, &value, sizeof value);
  }
}

RawOutput::RawOutput(int descriptor, std::string name, RawFormat format,
                     const std::atomic<bool>& interrupted)
    : descriptor_(descriptor), name_(std::move(name)), format_(format), interrupted_(interrupted) {}

void RawOutput::write(const float* samples, std::size_t count) {
  encode_raw(samples, count, format_, &bytes_);
  for (std::size_t done = 0; done < bytes_.size() && !interrupted_;) {
    // A pipe that can be written takes at least so much at once without waiting.
    pollfd ready{descriptor_, POLLOUT, 0};
    if (::poll(&ready, 1, kWaitMs) <= 0) continue;
    const std::size_t piece = std::min<std::size_t>(bytes_.size() - done, PIPE_BUF);
    const ssize_t written = ::write(descriptor_, &bytes_[done], piece);
    if (written > 0) done += static_cast<std::size_t>(written);
    if (written < 0 && errno != EINTR && errno != EAGAIN) throw_write_error(name_, errno);
  }
}

}  // namespace glowvox::live
