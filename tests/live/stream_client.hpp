// SPDX-License-Identifier: MIT
// A client of glowvox stream --listen ... --reply.
#pragma once

#include <doctest/doctest.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <vector>

#include "core/descriptor.hpp"

namespace glowvox::test {

class StreamClient {
 public:
  // address: a path, or 127.0.0.1:PORT.
  explicit StreamClient(const std::string& address) {
    const bool tcp = address.find('/') == std::string::npos;
    socket_.reset(::socket(tcp ? AF_INET : AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_un path{};
    path.sun_family = AF_UNIX;
    sockaddr_in port{};
    port.sin_family = AF_INET;
    port.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (tcp) {
      port.sin_port =
          htons(static_cast<std::uint16_t>(std::stoi(address.substr(address.rfind(':') + 1))));
      const int yes = 1;
      ::setsockopt(socket_.get(), IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
    } else {
      std::memcpy(path.sun_path, address.data(), address.size());
    }
    const auto* to =
        tcp ? reinterpret_cast<const sockaddr*>(&port) : reinterpret_cast<const sockaddr*>(&path);
    REQUIRE(::connect(socket_.get(), to, tcp ? sizeof port : sizeof path) == 0);
  }

  int descriptor() const { return socket_.get(); }
  // Whether all was taken.
  bool send(const void* bytes, std::size_t count) {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
      const ssize_t sent = ::send(socket_.get(), next, count, MSG_NOSIGNAL);
      if (sent <= 0) return false;
      next += sent;
      count -= static_cast<std::size_t>(sent);
    }
    return true;
  }
  bool send(const std::vector<float>& values) {
    return send(values.data(), values.size() * sizeof(float));
  }
  void end() { ::shutdown(socket_.get(), SHUT_WR); }
  void close() { socket_.reset(-1); }
  // What comes until the other side ends.
  std::vector<char> receive_all() {
    std::vector<char> all, part(1 << 16);
    for (ssize_t got = 0; (got = ::recv(socket_.get(), part.data(), part.size(), 0)) > 0;)
      all.insert(all.end(), part.begin(), part.begin() + got);
    return all;
  }
  template <typename Sample>
  std::vector<Sample> receive_samples() {
    const std::vector<char> bytes = receive_all();
    std::vector<Sample> samples(bytes.size() / sizeof(Sample));
    std::memcpy(samples.data(), bytes.data(), samples.size() * sizeof(Sample));
    return samples;
  }

 private:
  Descriptor socket_;
};

}  // namespace glowvox::test
