// SPDX-License-Identifier: MIT
// The thread that makes sound of many clients' frames.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include "glowvox/stream_group.hpp"
#include "live/latency_histogram.hpp"
#include "live/raw_output.hpp"

namespace glowvox::live {

// A client's utterance between the thread that talks to it and the one that makes its sound. What
// is not the stream's own is guarded by the step thread's mutex.
struct ClientUtterance {
  using Clock = std::chrono::steady_clock;

  explicit ClientUtterance(Stream s) : stream(std::move(s)) {}
  Stream stream;                           // the step thread's
  std::vector<float> next;                 // [bands]: the frame of this step
  std::vector<char> made;                  // of this step
  std::deque<std::vector<float>> frames;   // that wait
  std::deque<Clock::time_point> arrivals;  // of each
  std::vector<char> bytes;                 // samples to be sent
  Clock::time_point began = Clock::now();
  std::int64_t stepped = 0;  // frames
  bool ended = false;        // no more frames come
  bool done = false;         // all samples are among bytes, or were
};

class StepThread {
 public:
  using Clock = ClientUtterance::Clock;
  struct Options {
    SynthesisOptions synthesis;  // of every utterance
    int threads = 0;             // of a step; 0: all cores
    int most_streams = 1;        // expected
    RawFormat format = RawFormat::kF32;
    std::size_t most_bytes = 0;  // that wait to be sent before a client's frames wait
    double wait_ms = 0.0;        // that a frame waits for other streams' while there is time
  };
  struct Figures {
    std::int64_t frames = 0, samples = 0, steps = 0, clipped = 0;
    std::size_t most_together = 0;  // streams of one step
    LatencyHistogram latency;       // from a frame's arrival until its samples can be sent
    LatencyHistogram step;          // a step's time
  };

  // made: called whenever there are new samples, from the thread.
  StepThread(const Vocoder& vocoder, const Options& options, std::function<void()> made);
  ~StepThread();
  StepThread(const StepThread&) = delete;
  StepThread& operator=(const StepThread&) = delete;

  // All from the thread that talks to clients.
  std::shared_ptr<ClientUtterance> begin();
  void push(ClientUtterance* utterance, std::vector<float> frame);
  void end(ClientUtterance* utterance);  // the mel
  void drop(const std::shared_ptr<ClientUtterance>& utterance);
  // Frames that wait; bytes: takes what can be sent; done: there will be no more.
  std::size_t waiting(const ClientUtterance& utterance);
  bool take(ClientUtterance* utterance, std::vector<char>* bytes);
  // Ends the thread after its step; what it did.
  const Figures& stop();

 private:
  using Shared = std::shared_ptr<ClientUtterance>;
  void run();
  bool ready(const ClientUtterance& u) const;
  bool choose(Clock::time_point now, Clock::time_point* due);
  void step();

  const Options options_;
  const std::chrono::duration<double> hop_;
  const std::function<void()> made_;
  StreamGroup group_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::vector<Shared> open_, chosen_, ahead_;
  std::vector<StreamGroup::Step> steps_;
  std::vector<Clock::time_point> arrivals_;  // of the chosen ones' frames
  std::vector<float> clamped_;
  std::size_t turn_ = 0;  // of those that are ahead of their time
  Figures figures_;       // the thread's, until it has ended
  std::thread thread_;
};

}  // namespace glowvox::live
