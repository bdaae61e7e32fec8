// SPDX-License-Identifier: MIT
// A headless Chromium, driven over its DevTools protocol.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "temporary.hpp"

namespace glowvox::test {

// Talks over --remote-debugging-pipe: JSON messages, each ended by a NUL, on two file descriptors.
// Everything that takes longer than kPatience throws std::runtime_error.
class Browser {
 public:
  static bool installed();
  // Starts Chromium with a profile of its own. more: of its command line.
  explicit Browser(const std::vector<std::string>& more = {});
  ~Browser();  // ends it and everything that it started
  Browser(const Browser&) = delete;
  Browser& operator=(const Browser&) = delete;

  void resize(int width, int height, bool dark);
  void open(const std::string& path);  // of a file; returns when it is loaded
  // The same of an address; requests to addresses that begin with `own` are no complaint.
  void visit(const std::string& url, const std::string& own);
  // The value of a JavaScript expression; promises are awaited.
  nlohmann::json evaluate(const std::string& expression);
  void screenshot(const std::string& png);  // of the whole page
  // Console errors, exceptions, failed loads and requests for anything but files, data and what
  // visit() allows, since the last open() or visit().
  const std::vector<std::string>& complaints() const { return complaints_; }

 private:
  nlohmann::json call(const std::string& method, const nlohmann::json& parameters);
  nlohmann::json read_message();
  void notice(const nlohmann::json& event);

  TemporaryDirectory profile_;
  int pid_ = -1, to_ = -1, from_ = -1, next_id_ = 0;
  bool loaded_ = false;
  std::string buffer_, session_, own_;
  std::vector<std::string> complaints_;
};

}  // namespace glowvox::test
