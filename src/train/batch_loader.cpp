// SPDX-License-Identifier: MIT
#include "train/batch_loader.hpp"

#include <algorithm>
#include <utility>

namespace glowvox::train {

namespace {
constexpr std::int64_t kWaiting = 3;  // passes, when every thread is at another
}

BatchLoader::BatchLoader(const SegmentSampler& sampler, const Share& share, std::int64_t first_draw,
                         int threads)
    : BatchLoader([&sampler](std::int64_t draw, std::int64_t first,
                             std::int64_t count) { return sampler.batch(draw, first, count); },
                  share, first_draw, threads) {}

BatchLoader::BatchLoader(Make make, const Share& share, std::int64_t first_draw, int threads)
    : make_(std::move(make)),
      share_(share),
      ahead_(std::max(1, threads) + kWaiting),
      wanted_(first_draw * share.passes),
      claimed_(wanted_) {
  for (int i = 0; i < std::max(1, threads); ++i) threads_.emplace_back([this] { work(); });
}

BatchLoader::~BatchLoader() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  changed_.notify_all();
  for (std::thread& t : threads_) t.join();
}

void BatchLoader::work() {
  for (;;) {
    std::int64_t pass = 0;
    {
      std::unique_lock<std::mutex> lock(mutex_);
      changed_.wait(lock, [&] { return stop_ || failure_ || claimed_ < wanted_ + ahead_; });
      if (stop_ || failure_) return;
      pass = claimed_++;
    }
    try {
      Batch batch = make_(pass / share_.passes,
                          share_.first + pass % share_.passes * share_.per_pass, share_.per_pass);
      const std::lock_guard<std::mutex> lock(mutex_);
      ready_.emplace(pass, std::move(batch));
    } catch (...) {
      const std::lock_guard<std::mutex> lock(mutex_);
      failure_ = std::current_exception();
    }
    changed_.notify_all();
  }
}

Batch BatchLoader::next() {
  std::unique_lock<std::mutex> lock(mutex_);
  changed_.wait(lock, [&] { return failure_ || ready_.count(wanted_) > 0; });
  if (failure_) std::rethrow_exception(failure_);
  Batch batch = std::move(ready_.at(wanted_));
  ready_.erase(wanted_++);
  lock.unlock();
  changed_.notify_all();
  return batch;
}

}  // namespace glowvox::train
