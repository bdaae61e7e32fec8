// SPDX-License-Identifier: MIT
// A JACK server of the test's own with the dummy driver, and a client that records and plays.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "live/child.hpp"

namespace glowvox::test {

class JackCard {
 public:
  explicit JackCard(int rate_hz, int block = 256);
  ~JackCard();
  JackCard(const JackCard&) = delete;
  JackCard& operator=(const JackCard&) = delete;

  // Why there is no server; empty: it runs.
  const std::string& missing() const { return missing_; }
  Variables environment() const;
  // Connects the recorder to a program that plays through PortAudio, and what it plays itself to
  // one that records. Whether that is so within some seconds.
  bool listen();
  bool speak(const std::vector<float>& samples);
  std::vector<float> heard() const;  // by the recorder, since it was made
  void kill_server();
  void start_server();  // again, without the recorder

 private:
  struct Client;
  int rate_hz_, block_;
  std::string name_, missing_;
  std::unique_ptr<Child> server_;
  std::unique_ptr<Client> client_;
};

}  // namespace glowvox::test
