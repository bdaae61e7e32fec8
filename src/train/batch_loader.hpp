// SPDX-License-Identifier: MIT
#pragma once

#include <condition_variable>
#include <exception>
#include <functional>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "train/segment_sampler.hpp"

namespace glowvox::train {

// Which part of every batch is this process's, and in how many passes it takes it.
struct Share {
  std::int64_t first = 0, per_pass = 0;  // segments
  int passes = 1;
};

// Prepares what the coming passes take in threads of its own. What a pass gets does not depend on
// how many there are.
class BatchLoader {
 public:
  // Makes segments [first, first + count) of batch number `draw`; called in several threads.
  using Make = std::function<Batch(std::int64_t draw, std::int64_t first, std::int64_t count)>;
  BatchLoader(Make make, const Share& share, std::int64_t first_draw, int threads);
  BatchLoader(const SegmentSampler& sampler, const Share& share, std::int64_t first_draw,
              int threads);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;
  // What the next pass takes, in order; rethrows what a thread met.
  Batch next();

 private:
  void work();
  const Make make_;
  const Share share_;
  const std::int64_t ahead_;  // passes in preparation or waiting
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Batch> ready_;  // by pass
  std::int64_t wanted_, claimed_;
  bool stop_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace glowvox::train
