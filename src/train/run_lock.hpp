// SPDX-License-Identifier: MIT
// One run in a folder at a time.
#pragma once

#include <chrono>
#include <string>

namespace glowvox::train {

// Holds a run's folder as long as it lives, and no longer than its process, however that ends.
// Throws Error where another one still holds it after `patience`: one that was told to end saves a
// checkpoint first. Where the file system has no locks, nobody is kept out.
class RunLock {
 public:
  explicit RunLock(const std::string& folder,
                   std::chrono::milliseconds patience = std::chrono::seconds(20));
  ~RunLock();
  RunLock(const RunLock&) = delete;
  RunLock& operator=(const RunLock&) = delete;

 private:
  int file_;  // its lock; below 0: none
};

}  // namespace glowvox::train
