// SPDX-License-Identifier: MIT
#include "train/run_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <thread>

#include "glowvox/error.hpp"

namespace glowvox::train {

namespace {
constexpr std::chrono::milliseconds kPollForLock{50};
}  // namespace

RunLock::RunLock(const std::string& folder, std::chrono::milliseconds patience)
    : file_(::open((folder + "/.lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0666)) {
  if (file_ < 0) return;
  const auto until = std::chrono::steady_clock::now() + patience;
  while (::flock(file_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return;
    if (std::chrono::steady_clock::now() >= until) {
      ::close(file_);
      throw Error(folder, "another run is writing to it",
                  "wait until it has ended, stop it, or choose another --out");
    }
    std::this_thread::sleep_for(kPollForLock);
  }
}

RunLock::~RunLock() {
  if (file_ >= 0) ::close(file_);
}

}  // namespace glowvox::train
