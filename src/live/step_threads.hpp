// SPDX-License-Identifier: MIT
// The threads that make sound of many clients' frames.
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

// A client's utterance between the thread that talks to it and those that make its sound.
// `stepping` gives it to one of them, with the first three; the rest is guarded by their mutex.
struct ClientUtterance {
  using Clock = std::chrono::steady_clock;

  explicit ClientUtterance(Stream s) : stream(std::move(s)) {}
  Stream stream;
  std::vector<float> next;                 // [bands]: the frame of this step
  std::vector<char> made;                  // of this step
  std::deque<std::vector<float>> frames;   // that wait
  std::deque<Clock::time_point> arrivals;  // of each
  std::vector<char> bytes;                 // samples to be sent
  Clock::time_point began = Clock::now();
  std::int64_t stepped = 0;  // frames
  bool ended = false;        // no more frames come
  bool done = false;         // all samples are among bytes, or were
  bool stepping = false;     // a thread has it
};

// Every thread takes what is ready when it has nothing else to do, and makes it together by itself:
// none waits for another one, which another program may have kept from its core.

class StepThreads {
 public:
  using Clock = ClientUtterance::Clock;
  struct Options {
    SynthesisOptions synthesis;  // of every utterance
    int threads = 0;             // 0: all cores
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
  StepThreads(const Vocoder& vocoder, const Options& options, std::function<void()> made);
  ~StepThreads();
  StepThreads(const StepThreads&) = delete;
  StepThreads& operator=(const StepThreads&) = delete;

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
  struct Worker {
    Worker(const Vocoder& vocoder, int most_streams) : group(vocoder, most_streams, 1) {}
    StreamGroup group;
    std::vector<Shared> chosen;
    std::vector<StreamGroup::Step> steps;
    std::vector<Clock::time_point> arrivals;  // of the chosen ones' frames
    std::vector<float> clamped;
    std::int64_t samples = 0, clipped = 0;  // of the step
    std::thread thread;
  };
  void run(Worker* worker);
  bool ready(const ClientUtterance& u) const;
  bool choose(Clock::time_point now, std::vector<Shared>* chosen, Clock::time_point* due);
  void take_frames(Worker* worker);
  void step(Worker* worker);
  void give(const Worker& worker, double step_ms);

  const Options options_;
  const std::chrono::duration<double> hop_;
  const std::function<void()> made_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool stop_ = false;
  std::vector<Shared> open_, ahead_;
  std::size_t turn_ = 0;  // of those that are ahead of their time
  std::size_t idle_ = 0;  // threads that wait
  Figures figures_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace glowvox::live
