#pragma once

#include <condition_variable>
#include <exception>
#include <map>
#include <mutex>
#include <thread>
#include <vector>

#include "train/segment_sampler.hpp"

namespace glowvox::train {

// Prepares the batches of the coming steps in threads of its own. What a step gets does not depend
// on how many there are.
class BatchLoader {
 public:
  BatchLoader(const SegmentSampler& sampler, std::int64_t first_step, int threads);
  ~BatchLoader();
  BatchLoader(const BatchLoader&) = delete;
  BatchLoader& operator=(const BatchLoader&) = delete;
  // The batch of the next step in order; rethrows what a thread met.
  Batch next();

 private:
  void work();
  const SegmentSampler& sampler_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::int64_t, Batch> ready_;
  std::int64_t wanted_, claimed_;
  bool stop_ = false;
  std::exception_ptr failure_;
  std::vector<std::thread> threads_;
};

}  // namespace glowvox::train
