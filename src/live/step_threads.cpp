// SPDX-License-Identifier: MIT
#include "live/step_thread.hpp"

#include <algorithm>

namespace glowvox::live {

namespace {

// A client that sends faster than sound is heard gets its sound as soon as there is time, but
// whoever needs theirs now comes first: beyond a lead of so many frames, so many streams share a
// step with the others, in turn.
constexpr std::int64_t kLeadFrames = 32;
constexpr std::size_t kMostAhead = 8;

double ms_between(StepThread::Clock::time_point from, StepThread::Clock::time_point to) {
  return std::chrono::duration<double, std::milli>(to - from).count();
}

}  // namespace

StepThread::StepThread(const Vocoder& vocoder, const Options& options, std::function<void()> made)
    : options_(options),
      hop_(static_cast<double>(vocoder.mel().hop_samples) / vocoder.mel().sample_rate_hz),
      made_(std::move(made)),
      group_(vocoder, options.most_streams, options.threads),
      thread_([this] { run(); }) {}

StepThread::~StepThread() { stop(); }

const StepThread::Figures& StepThread::stop() {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
  return figures_;
}

std::shared_ptr<ClientUtterance> StepThread::begin() {
  auto utterance = std::make_shared<ClientUtterance>(group_.open(options_.synthesis));
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.push_back(utterance);
  return utterance;
}

void StepThread::push(ClientUtterance* utterance, std::vector<float> frame) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    utterance->frames.push_back(std::move(frame));
    utterance->arrivals.push_back(Clock::now());
  }
  wake_.notify_one();
}

void StepThread::end(ClientUtterance* utterance) {
  {
    const std::lock_guard<std::mutex> lock(mutex_);
    utterance->ended = true;
  }
  wake_.notify_one();
}

void StepThread::drop(const std::shared_ptr<ClientUtterance>& utterance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  open_.erase(std::remove(open_.begin(), open_.end(), utterance), open_.end());
}

std::size_t StepThread::waiting(const ClientUtterance& utterance) {
  const std::lock_guard<std::mutex> lock(mutex_);
  return utterance.frames.size();
}

bool StepThread::take(ClientUtterance* utterance, std::vector<char>* bytes) {
  const std::lock_guard<std::mutex> lock(mutex_);
  const bool was_full = utterance->bytes.size() >= options_.most_bytes;
  bytes->insert(bytes->end(), utterance->bytes.begin(), utterance->bytes.end());
  utterance->bytes.clear();
  if (was_full) wake_.notify_one();
  return utterance->done;
}

bool StepThread::ready(const ClientUtterance& u) const {
  return !u.done && u.bytes.size() < options_.most_bytes && (!u.frames.empty() || u.ended);
}

// Whose frames the next step has; due: when it is to begin at the latest. Whether it may begin now:
// nobody is left to wait for, or somebody has waited as long as is allowed.
bool StepThread::choose(Clock::time_point now, Clock::time_point* due) {
  chosen_.clear();
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
      chosen_.push_back(u);
    }
  }
  *due = oldest + std::chrono::duration_cast<Clock::duration>(
                      std::chrono::duration<double, std::milli>(options_.wait_ms));
  const bool all = chosen_.size() + ahead_.size() == live;
  for (std::size_t i = 0; i < std::min(kMostAhead, ahead_.size()); ++i)
    chosen_.push_back(ahead_[(turn_ + i) % ahead_.size()]);
  turn_ += kMostAhead;
  return !chosen_.empty() && (all || now >= *due);
}

void StepThread::run() {
  std::unique_lock<std::mutex> lock(mutex_);
  while (!stop_) {
    Clock::time_point due;
    if (choose(Clock::now(), &due)) {
      steps_.clear();
      arrivals_.clear();
      for (const Shared& u : chosen_) {
        const bool frame = !u->frames.empty();
        if (frame) {
          u->next = std::move(u->frames.front());
          u->frames.pop_front();
          arrivals_.push_back(u->arrivals.front());
          u->arrivals.pop_front();
        } else {
          arrivals_.push_back(Clock::now());
        }
        steps_.push_back({&u->stream, frame ? u->next.data() : nullptr, {}});
      }
      lock.unlock();
      step();
      lock.lock();
      const auto now = Clock::now();
      for (std::size_t i = 0; i < chosen_.size(); ++i) {
        ClientUtterance& u = *chosen_[i];
        u.bytes.insert(u.bytes.end(), u.made.begin(), u.made.end());
        u.done = steps_[i].frame == nullptr;
        u.stepped += !u.done;
        figures_.frames += !u.done;
        if (!u.done) figures_.latency.add(ms_between(arrivals_[i], now));
      }
      chosen_.clear();
      lock.unlock();
      made_();
      lock.lock();
    } else if (chosen_.empty()) {
      wake_.wait(lock);
    } else {
      wake_.wait_until(lock, due);
    }
  }
}

void StepThread::step() {
  const auto begin = Clock::now();
  group_.step(steps_.data(), steps_.size());
  for (std::size_t i = 0; i < steps_.size(); ++i) {
    const Samples& s = steps_[i].samples;
    clamped_.resize(s.count);
    for (std::size_t k = 0; k < s.count; ++k) {
      clamped_[k] = std::clamp(s.data[k], -1.0F, 1.0F);
      figures_.clipped += clamped_[k] != s.data[k];
    }
    encode_raw(clamped_.data(), clamped_.size(), options_.format, &chosen_[i]->made);
    figures_.samples += static_cast<std::int64_t>(s.count);
  }
  ++figures_.steps;
  figures_.most_together = std::max(figures_.most_together, steps_.size());
  figures_.step.add(ms_between(begin, Clock::now()));
}

}  // namespace glowvox::live
