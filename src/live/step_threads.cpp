// SPDX-License-Identifier: MIT
#include "live/step_threads.hpp"

#include <algorithm>

#include "core/cpu.hpp"

namespace glowvox::live {

namespace {

// A client that sends faster than sound is heard gets its sound as soon as there is time, but
// whoever needs theirs now comes first: beyond a lead of so many frames, so many streams share a
// step with the others, in turn.
constexpr std::int64_t kLeadFrames = 32;
constexpr std::size_t kMostAhead = 8;
// So many frames share what they read of the weights that a second thread is worth its own reading.
constexpr std::size_t kLeastShare = 8;

double ms_between(StepThreads::Clock::time_point from, StepThreads::Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

StepThreads::StepThreads(const Vocoder& vocoder, const Options& options, std::function<void()> made)
    : options_(options),
      hop_(static_cast<double>(vocoder.mel().hop_samples) / vocoder.mel().sample_rate_hz),
      made_(std::move(made)) {
  const int threads = options.threads > 0 ? options.threads : available_cores();
  for (int i = 0; i < threads; ++i)
    workers_.push_back(std::make_unique<Worker>(vocoder, options.most_streams));
  for (const auto& worker : workers_)
    worker->thread = std::thread([this, w = worker.get()] { run(w); });
}

StepThreads::~StepThreads() { stop(); }

const StepThreads::Figures& StepThreads::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  for (const auto& worker : workers_)
    if (worker->thread.joinable()) worker->thread.join();
  return figures_;
}

std::shared_ptr<ClientUtterance> StepThreads::begin() {
  auto utterance =
      std::make_shared<ClientUtterance>(workers_.front()->group.open(options_.synthesis));
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.push_back(utterance);
  return utterance;
}

void StepThreads::push(ClientUtterance* utterance, std::vector<float> frame) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    utterance->frames.push_back(std::move(frame));
    utterance->arrivals.push_back(Clock::now());
  }
  wake_.notify_one();
}

void StepThreads::end(ClientUtterance* utterance) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    utterance->ended = true;
  }
  wake_.notify_one();
}

void StepThreads::drop(const std::shared_ptr<ClientUtterance>& utterance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.erase(std::remove(open_.begin(), open_.end(), utterance), open_.end());
}

std::size_t StepThreads::waiting(const ClientUtterance& utterance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return utterance.frames.size();
}

bool StepThreads::take(ClientUtterance* utterance, std::vector<char>* bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool was_full = utterance->bytes.size() >= options_.most_bytes;
  bytes->insert(bytes->end(), utterance->bytes.begin(), utterance->bytes.end());
  utterance->bytes.clear();
  if (was_full) wake_.notify_one();
  return utterance->done;
}

bool StepThreads::ready(const ClientUtterance& u) const {
  return !u.done && !u.stepping && u.bytes.size() < options_.most_bytes &&
         (!u.frames.empty() || u.ended);
}

// Whose frames a thread's next step has; due: when it is to begin at the latest. Whether it may
// begin now: nobody is left to wait for, or somebody has waited as long as is allowed.
bool StepThreads::choose(Clock::time_point now, std::vector<Shared>* chosen,
                         Clock::time_point* due) {
  chosen->clear();
  ahead_.clear();
  Clock::time_point oldest = now;
  std::size_t live = 0;
  for (const Shared& u : open_) {
    live += !u->done && u->bytes.size() < options_.most_bytes;
    if (!ready(*u)) continue;
    oldest = u->frames.empty() ? Clock::time_point() : std::min(oldest, u->arrivals.front());
    const auto lead = static_cast<double>(u->stepped - kLeadFrames) * hop_;
    if (std::chrono::duration<double>(now - u->began) < lead) {
      ahead_.push_back(u);
    } else {
      chosen->push_back(u);
    }
  }
  *due = oldest + std::chrono::duration_cast<Clock::duration>(
                      std::chrono::duration<double, std::milli>(options_.wait_ms));
  const bool all = chosen->size() + ahead_.size() == live;
  for (std::size_t i = 0; i < std::min(kMostAhead, ahead_.size()); ++i)
    chosen->push_back(ahead_[(turn_ + i) % ahead_.size()]);
  turn_ += kMostAhead;
  return !chosen->empty() && (all || now >= *due);
}

// Of the chosen ones: threads that wait get their share of many.
void StepThreads::take_frames(Worker* worker) {
  const std::size_t share = (worker->chosen.size() + idle_) / (idle_ + 1);
  worker->chosen.resize(std::min(worker->chosen.size(), std::max(kLeastShare, share)));
  worker->steps.clear();
  worker->arrivals.clear();
  for (const Shared& u : worker->chosen) {
    const bool frame = !u->frames.empty();
    if (frame) {
      u->next = std::move(u->frames.front());
      u->frames.pop_front();
      worker->arrivals.push_back(u->arrivals.front());
      u->arrivals.pop_front();
    } else {
      worker->arrivals.push_back(Clock::now());
    }
    u->stepping = true;
    worker->steps.push_back({&u->stream, frame ? u->next.data() : nullptr, {}});
  }
}

void StepThreads::run(Worker* worker) {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    Clock::time_point due;
    if (choose(Clock::now(), &worker->chosen, &due)) {
      const std::size_t ready = worker->chosen.size();
      take_frames(worker);
      const bool left = worker->chosen.size() < ready;
      lock.unlock();
      if (left) wake_.notify_one();
      const auto begin = Clock::now();
      step(worker);
      const double step_ms = ms_between(begin, Clock::now());
      lock.lock();
      give(*worker, step_ms);
      worker->chosen.clear();
      lock.unlock();
      made_();
      lock.lock();
    } else {
      ++idle_;
      if (worker->chosen.empty())
        wake_.wait(lock);
      else
        wake_.wait_until(lock, due);
      --idle_;
    }
  }
}

void StepThreads::step(Worker* worker) {
  worker->group.step(worker->steps.data(), worker->steps.size());
  worker->samples = worker->clipped = 0;
  for (std::size_t i = 0; i < worker->steps.size(); ++i) {
    const Samples& s = worker->steps[i].samples;
    std::vector<float>& clamped = worker->clamped;
    clamped.resize(s.count);
    for (std::size_t k = 0; k < s.count; ++k) {
      clamped[k] = std::clamp(s.data[k], -1.0F, 1.0F);
      worker->clipped += clamped[k] != s.data[k];
    }
    encode_raw(clamped.data(), clamped.size(), options_.format, &worker->chosen[i]->made);
    worker->samples += static_cast<std::int64_t>(s.count);
  }
}

// What a step has made, to those who send it.
void StepThreads::give(const Worker& worker, double step_ms) {
  const auto now = Clock::now();
  for (std::size_t i = 0; i < worker.chosen.size(); ++i) {
    ClientUtterance& u = *worker.chosen[i];
    u.bytes.insert(u.bytes.end(), u.made.begin(), u.made.end());
    u.stepping = false;
    u.done = worker.steps[i].frame == nullptr;
    u.stepped += !u.done;
    figures_.frames += !u.done;
    if (!u.done) figures_.latency.add(ms_between(worker.arrivals[i], now));
  }
  figures_.samples += worker.samples;
  figures_.clipped += worker.clipped;
  ++figures_.steps;
  figures_.most_together = std::max(figures_.most_together, worker.chosen.size());
  figures_.step.add(step_ms);
}

}  // namespace glowvox::live
