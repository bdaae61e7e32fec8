// A fixed set of threads that do one piece of work together.
#pragma once

#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace glowvox {

// The caller is thread 0. Between runs the others sleep; within one they spin at barriers, so a
// team should not be larger than the number of free cores.
class ThreadTeam {
 public:
  explicit ThreadTeam(int threads);  // >= 1
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }
  // Calls work(thread) in every thread and returns when all have returned; work must not throw.
  void run(const std::function<void(int)>& work);
  // Inside run: waits until every thread has come here.
  void barrier();

 private:
  void serve(int thread);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  const std::function<void(int)>* work_ = nullptr;
  std::uint64_t runs_ = 0;
  bool stop_ = false;
  std::atomic<int> arrived_{0};
  std::atomic<std::uint64_t> passed_{0};
};

// Calls work(0) ... work(count - 1), each once, on `threads` threads, and rethrows what the first of
// them (by index) threw.
void parallel_for(int count, int threads, const std::function<void(int)>& work);

}  // namespace glowvox
