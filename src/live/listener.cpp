// SPDX-License-Identifier: MIT
#include "live/listener.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cerrno>
#include <cstring>
#include <memory>

#include "glowvox/error.hpp"

namespace glowvox::live {

namespace {

constexpr int kMostWaiting = 128;  // connections
constexpr int kLargestPort = 65535;

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  if (path.empty() || path.size() >= sizeof address.sun_path)
    throw Error("socket " + path,
                "its path has " + std::to_string(path.size()) + " bytes, expected 1 to " +
                    std::to_string(sizeof address.sun_path - 1),
                "choose a shorter one");
  std::memcpy(address.sun_path, path.data(), path.size());
  return address;
}

Error failure(const std::string& address, const std::string& what) {
  return Error(address, "cannot " + what + ": " + std::strerror(errno));
}

int new_socket(int family, const std::string& address) {
  const int descriptor = ::socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
  if (descriptor < 0) throw failure(address, "make a socket");
  return descriptor;
}

// What an earlier program left behind is removed; what is in use, or no socket at all, is not.
void clear_the_way(const std::string& path, const sockaddr_un& address) {
  struct stat status {};
  if (::lstat(path.c_str(), &status) != 0) return;
  if (!S_ISSOCK(status.st_mode))
    throw Error(path, "exists and is no socket", "choose another path");
  const Descriptor probe(new_socket(AF_UNIX, path));
  if (::connect(probe.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 ||
      errno == EAGAIN)  // as many wait there as can
    throw Error(path, "another program listens there", "choose another path");
  if (errno == ECONNREFUSED) ::unlink(path.c_str());
}

std::size_t colon_of(const std::string& address) { return address.rfind(':'); }

std::string host_of(const std::string& address) {
  std::string host = address.substr(0, colon_of(address));
  if (host.size() > 1 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  return host;
}

bool is_loopback(const sockaddr* address) {
  if (address->sa_family == AF_INET) {
    const auto* v4 = reinterpret_cast<const sockaddr_in*>(address);
    return (ntohl(v4->sin_addr.s_addr) >> 24) == 127;
  }
  if (address->sa_family != AF_INET6) return false;
  return IN6_IS_ADDR_LOOPBACK(&reinterpret_cast<const sockaddr_in6*>(address)->sin6_addr) != 0;
}

int port_of(int descriptor) {
  sockaddr_storage bound{};
  socklen_t size = sizeof bound;
  ::getsockname(descriptor, reinterpret_cast<sockaddr*>(&bound), &size);
  return ntohs(bound.ss_family == AF_INET6 ? reinterpret_cast<const sockaddr_in6&>(bound).sin6_port
                                           : reinterpret_cast<const sockaddr_in&>(bound).sin_port);
}

}  // namespace

bool is_tcp(const std::string& address) {
  const std::size_t colon = colon_of(address);
  if (colon == std::string::npos || colon == 0 || colon + 1 == address.size() ||
      address.find('/') != std::string::npos)
    return false;
  return std::all_of(address.begin() + static_cast<std::ptrdiff_t>(colon) + 1, address.end(),
                     [](unsigned char c) { return std::isdigit(c) != 0; });
}

Listener::Listener(const std::string& address, bool anybody)
    : address_(address), tcp_(is_tcp(address)) {
  if (tcp_)
    listen_by_tcp(anybody);
  else
    listen_at_path();
}

Listener::~Listener() {
  if (remove_) ::unlink(address_.c_str());
}

void Listener::listen_at_path() {
  const sockaddr_un address = address_of(address_);
  clear_the_way(address_, address);
  socket_.reset(new_socket(AF_UNIX, address_));
  if (::bind(socket_.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
    throw failure(address_, "listen");
  remove_ = true;
  if (::listen(socket_.get(), kMostWaiting) == 0) return;
  const Error error = failure(address_, "listen");
  ::unlink(address_.c_str());
  throw error;
}

void Listener::listen_by_tcp(bool anybody) {
  const std::string port = address_.substr(colon_of(address_) + 1);
  if (port.size() > 5 || std::stoi(port) > kLargestPort)
    throw Error(address_, "expected a port from 0 to " + std::to_string(kLargestPort));
  addrinfo hints{}, *found = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  const int status = ::getaddrinfo(host_of(address_).c_str(), port.c_str(), &hints, &found);
  if (status != 0) throw Error(address_, std::string("unknown: ") + ::gai_strerror(status));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owned(found, ::freeaddrinfo);
  if (!anybody && !is_loopback(found->ai_addr))
    throw Error(address_,
                "is an address that other machines can reach, and whoever reaches it is served",
                "--public allows that; 127.0.0.1 is for this machine alone");
  socket_.reset(new_socket(found->ai_family, address_));
  const int yes = 1;
  ::setsockopt(socket_.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  if (::bind(socket_.get(), found->ai_addr, found->ai_addrlen) != 0 ||
      ::listen(socket_.get(), kMostWaiting) != 0)
    throw failure(address_, "listen");
  address_ = address_.substr(0, colon_of(address_) + 1) + std::to_string(port_of(socket_.get()));
}

int Listener::accept(bool nonblocking) {
  const int flags = SOCK_CLOEXEC | (nonblocking ? SOCK_NONBLOCK : 0);
  const int client = ::accept4(socket_.get(), nullptr, nullptr, flags);
  if (client < 0) return -1;
  const int yes = 1;
  if (tcp_) ::setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  return client;
}

}  // namespace glowvox::live
