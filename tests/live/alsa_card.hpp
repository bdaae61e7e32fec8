// SPDX-License-Identifier: MIT
// A sound card in software: ALSA's file plugin writes what it plays into a FIFO, which is read at
// the pace of a clock of the test's own. Playing blocks when the FIFO is full, as on a real card.
#pragma once

#include <atomic>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "live/child.hpp"
#include "temporary.hpp"

namespace glowvox::test {

class AlsaCard {
 public:
  // speed: of its clock, 1 as long as nothing else is said.
  explicit AlsaCard(int rate_hz, double speed = 1.0);
  ~AlsaCard();
  AlsaCard(const AlsaCard&) = delete;
  AlsaCard& operator=(const AlsaCard&) = delete;

  // For a child that shall see this card ("card", and as the default) and no other, and one that
  // takes everything at once ("nothing").
  Variables environment() const;
  void unplug();
  void plug();
  std::size_t heard_samples() const;
  std::vector<float> heard() const;  // of the left channel, since it was plugged in first

 private:
  void run();

  TemporaryDirectory folder_;
  int rate_hz_;
  double speed_;
  mutable std::mutex mutex_;
  std::vector<float> left_;
  std::atomic<bool> stop_{false};
  std::thread thread_;
};

}  // namespace glowvox::test
