// SPDX-License-Identifier: MIT
// An address that clients connect to.
#pragma once

#include <string>

#include "core/descriptor.hpp"

namespace glowvox::live {

// Whether an address is HOST:PORT (or [HOST]:PORT) and not a path: a path has a slash, or no colon
// with a number behind it.
bool is_tcp(const std::string& address);

// A Unix socket, made at a path and removed at the end, or a TCP socket.
class Listener {
 public:
  // anybody: of TCP also addresses that other machines reach. Throws Error where something else is
  // at the path or listens there, for a host that is not known, and for one that is not the
  // loopback unless anybody.
  explicit Listener(const std::string& address, bool anybody = false);
  ~Listener();
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;

  int descriptor() const { return socket_.get(); }
  // As clients connect to it: port 0 has become the one that the system chose.
  const std::string& address() const { return address_; }
  // A connection that waits, not blocking where asked for; -1: there is none.
  int accept(bool nonblocking);

 private:
  void listen_at_path();
  void listen_by_tcp(bool anybody);

  std::string address_;
  bool remove_ = false;  // the socket's file
  bool tcp_ = false;
  Descriptor socket_;
};

}  // namespace glowvox::live
