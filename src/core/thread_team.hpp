// SPDX-License-Identifier: MIT
// Threads that do the pieces of one piece of work after the other.
#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace glowvox {

// Work in stages: the pieces of a stage are done in parallel, all of them before the next stage
// begins. A piece is taken by whoever is free, so that a thread which gets no processor time keeps
// nobody waiting but for the piece it is at. The caller is thread 0; the others sleep between runs.
class ThreadTeam {
 public:
  using Work = std::function<void(int stage, int piece, int thread)>;
  static constexpr int kMostStages = (1 << 20) - 2, kMostPieces = (1 << 22) - 1;  // of a stage

  explicit ThreadTeam(int threads);  // >= 1; throws Error when the system refuses one
  ~ThreadTeam();
  ThreadTeam(const ThreadTeam&) = delete;
  ThreadTeam& operator=(const ThreadTeam&) = delete;

  int size() const { return static_cast<int>(workers_.size()) + 1; }
  // pieces: of every stage, 0 or more. Work must not throw. Throws Error beyond the limits above.
  void run(const std::vector<int>& pieces, const Work& work);

  // Work that stands in no stage: one of the others does it as soon as it is free, while the caller
  // goes on with runs; none is waiting when finish_aside() has returned, which does the work itself
  // where nobody has begun, and rethrows what it threw. One at a time.
  void start_aside(std::function<void()> work);
  void finish_aside();

 private:
  enum class Aside { kNone, kWaiting, kBegun, kDone };
  void stop();
  bool take_aside();
  void serve(int thread);
  bool take_piece(int thread);
  void begin_stage(int stage);

  std::vector<std::thread> workers_;
  std::mutex mutex_;
  std::condition_variable wake_;
  std::atomic<bool> stop_{false};
  // Of the present run; read only by who has taken a piece of it.
  const std::vector<int>* pieces_ = nullptr;
  const Work* work_ = nullptr;
  // Where the run is: stage, next piece and the stage's pieces in 20, 22 and 22 bits.
  std::atomic<std::uint64_t> place_;
  std::atomic<int> done_{0};  // pieces of the stage
  std::atomic<Aside> aside_{Aside::kNone};
  std::function<void()> aside_work_;
  std::exception_ptr aside_failure_;
};

// Calls work(0) ... work(count - 1), each once, on `threads` threads, and rethrows what the first
// of them (by index) threw.
void parallel_for(int count, int threads, const std::function<void(int)>& work);

}  // namespace glowvox
