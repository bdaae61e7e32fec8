// SPDX-License-Identifier: MIT
#pragma once

#include "core/platform.hpp"

namespace glowvox {

// A file descriptor that is closed with its owner.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) platform::close_descriptor(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }
  void reset(int fd) {
    if (fd_ >= 0) platform::close_descriptor(fd_);
    fd_ = fd;
  }

 private:
  int fd_;
};

}  // namespace glowvox
