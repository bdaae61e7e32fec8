// SPDX-License-Identifier: MIT
// A server of static files on this machine.
#pragma once

#include <atomic>
#include <map>
#include <string>
#include <thread>

namespace glowvox::test {

// Serves folders at http://127.0.0.1:PORT, as any host of static files does; one request after the
// other.
class Site {
 public:
  // folders: by the beginning of their paths, "/" or "/name/".
  explicit Site(std::map<std::string, std::string> folders);
  ~Site();
  Site(const Site&) = delete;
  Site& operator=(const Site&) = delete;

  const std::string& url() const { return url_; }  // ends with "/"
  // Bytes of files sent so far.
  long long sent() const { return sent_; }

 private:
  void serve();
  void answer(int connection);

  std::map<std::string, std::string> folders_;
  std::string url_;
  int listener_ = -1;
  std::atomic<bool> over_{false};
  std::atomic<long long> sent_{0};
  std::thread thread_;
};

}  // namespace glowvox::test
