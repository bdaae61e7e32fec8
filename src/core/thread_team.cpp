// SPDX-License-Identifier: MIT
#include "core/thread_team.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <system_error>
#include <utility>

#include "glowvox/error.hpp"

namespace glowvox {

namespace {

constexpr int kSpins = 4000;  // then the processor is offered to others
constexpr std::uint64_t kOver = (1 << 20) - 1;
constexpr int kBits = 22;
constexpr std::uint64_t kMask = (std::uint64_t{1} << kBits) - 1;

struct Place {
  std::uint64_t stage = kOver, next = 0, pieces = 0;
};

std::uint64_t pack(const Place& place) {
  return place.stage << 2 * kBits | place.next << kBits | place.pieces;
}

Place unpack(std::uint64_t word) {
  return {word >> 2 * kBits, word >> kBits & kMask, word & kMask};
}

void wait_a_moment(int* spins) {
  if (++*spins > kSpins) {
    std::this_thread::yield();
    return;
  }
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

}  // namespace

ThreadTeam::ThreadTeam(int threads) : place_(pack(Place{})) {
  try {
    for (int thread = 1; thread < threads; ++thread)
      workers_.emplace_back([this, thread] { serve(thread); });
  } catch (const std::system_error& e) {
    stop();
    throw Error("threads", fmt::format("cannot start {}: {}", threads, e.code().message()),
                "use fewer");
  }
}

ThreadTeam::~ThreadTeam() { stop(); }

void ThreadTeam::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (std::thread& worker : workers_) worker.join();
}

void ThreadTeam::run(const std::vector<int>& pieces, const Work& work) {
  if (workers_.empty()) {
    for (std::size_t stage = 0; stage < pieces.size(); ++stage)
      for (int piece = 0; piece < pieces[stage]; ++piece) work(static_cast<int>(stage), piece, 0);
    return;
  }
  if (pieces.size() > kMostStages ||
      std::any_of(pieces.begin(), pieces.end(), [](int count) { return count > kMostPieces; }))
    throw Error("threads", "too much work at once", "use smaller pieces");
  pieces_ = &pieces;
  work_ = &work;
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    begin_stage(0);
  }
  wake_.notify_all();
  int spins = 0;
  while (unpack(place_.load(std::memory_order_acquire)).stage != kOver) {
    if (take_piece(0))
      spins = 0;
    else
      wait_a_moment(&spins);
  }
}

// The first stage from `stage` on that has pieces, or the end of the run.
void ThreadTeam::begin_stage(int stage) {
  Place place;
  for (auto s = static_cast<std::size_t>(stage); s < pieces_->size(); ++s) {
    if ((*pieces_)[s] == 0) continue;
    place.stage = s;
    place.pieces = static_cast<std::uint64_t>((*pieces_)[s]);
    break;
  }
  done_.store(0, std::memory_order_relaxed);
  place_.store(pack(place), std::memory_order_release);
}

// Whoever takes a piece holds the run up until it is done: until then all about the run stays as it
// is, and the word that was replaced said everything about the piece, however old it was.
bool ThreadTeam::take_piece(int thread) {
  std::uint64_t word = place_.load(std::memory_order_acquire);
  Place place = unpack(word);
  if (place.next == place.pieces) return false;
  ++place.next;
  if (!place_.compare_exchange_strong(word, pack(place), std::memory_order_acq_rel)) return true;
  const int stage = static_cast<int>(place.stage);
  (*work_)(stage, static_cast<int>(place.next) - 1, thread);
  if (done_.fetch_add(1, std::memory_order_acq_rel) + 1 == static_cast<int>(place.pieces))
    begin_stage(stage + 1);
  return true;
}

void ThreadTeam::start_aside(std::function<void()> work) {
  aside_work_ = std::move(work);
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    aside_.store(Aside::kWaiting, std::memory_order_release);
  }
  wake_.notify_one();
}

bool ThreadTeam::take_aside() {
  Aside expected = Aside::kWaiting;
  if (aside_.load(std::memory_order_relaxed) != expected ||
      !aside_.compare_exchange_strong(expected, Aside::kBegun, std::memory_order_acquire))
    return false;
  try {
    aside_work_();
  } catch (...) {
    aside_failure_ = std::current_exception();
  }
  aside_.store(Aside::kDone, std::memory_order_release);
  return true;
}

void ThreadTeam::finish_aside() {
  if (aside_.load(std::memory_order_relaxed) == Aside::kNone) return;
  take_aside();
  int spins = 0;
  while (aside_.load(std::memory_order_acquire) != Aside::kDone) wait_a_moment(&spins);
  aside_.store(Aside::kNone, std::memory_order_relaxed);
  aside_work_ = nullptr;
  if (aside_failure_) std::rethrow_exception(std::exchange(aside_failure_, nullptr));
}

void ThreadTeam::serve(int thread) {
  const auto over = [this] {
    return unpack(place_.load(std::memory_order_acquire)).stage == kOver;
  };
  int spins = 0;
  while (!stop_) {
    if (take_aside() || take_piece(thread)) {
      spins = 0;
    } else if (!over() || spins < kSpins) {
      wait_a_moment(&spins);
    } else {
      std::unique_lock<std::mutex> lock(mutex_);
      wake_.wait(lock, [&] {
        return stop_ || !over() || aside_.load(std::memory_order_relaxed) == Aside::kWaiting;
      });
      spins = 0;
    }
  }
}

void parallel_for(int count, int threads, const std::function<void(int)>& work) {
  std::vector<std::exception_ptr> failures(static_cast<std::size_t>(count));
  ThreadTeam team(std::clamp(threads, 1, std::max(1, count)));
  team.run({count}, [&](int, int piece, int) {
    try {
      work(piece);
    } catch (...) {
      failures[static_cast<std::size_t>(piece)] = std::current_exception();
    }
  });
  for (const std::exception_ptr& failure : failures)
    if (failure) std::rethrow_exception(failure);
}

}  // namespace glowvox
