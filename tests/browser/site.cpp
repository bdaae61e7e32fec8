// SPDX-License-Identifier: MIT
#include "browser/site.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <filesystem>
#include <stdexcept>
#include <utility>

#include "core/atomic_file.hpp"

namespace glowvox::test {

namespace {

constexpr int kTickMs = 50;

std::string type_of(const std::string& path) {
  const std::string extension = std::filesystem::path(path).extension().string();
  if (extension == ".html") return "text/html; charset=utf-8";
  if (extension == ".js") return "text/javascript";
  if (extension == ".css") return "text/css";
  if (extension == ".txt") return "text/plain; charset=utf-8";
  if (extension == ".wasm") return "application/wasm";
  return "application/octet-stream";
}

void send_all(int connection, const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(connection, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now <= 0) return;
    sent += static_cast<std::size_t>(now);
  }
}

}  // namespace

Site::Site(std::map<std::string, std::string> folders) : folders_(std::move(folders)) {
  listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  auto* general = reinterpret_cast<sockaddr*>(&address);
  if (::bind(listener_, general, size) != 0 || ::listen(listener_, 16) != 0 ||
      ::getsockname(listener_, general, &size) != 0)
    throw std::runtime_error("no server");
  url_ = "http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)) + "/";
  thread_ = std::thread([this] { serve(); });
}

Site::~Site() {
  over_ = true;
  thread_.join();
  ::close(listener_);
}

void Site::serve() {
  while (!over_) {
    struct pollfd wait {
      listener_, POLLIN, 0
    };
    if (::poll(&wait, 1, kTickMs) != 1) continue;
    const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection < 0) continue;
    answer(connection);
    ::close(connection);
  }
}

void Site::answer(int connection) {
  std::string request;
  while (request.find("\r\n\r\n") == std::string::npos) {
    struct pollfd wait {
      connection, POLLIN, 0
    };
    // A connection that a browser opens in advance brings no request.
    if (::poll(&wait, 1, kTickMs * 4) != 1) return;
    std::array<char, 4096> bytes{};
    const ssize_t got = ::read(connection, bytes.data(), bytes.size());
    if (got <= 0) return;
    request.append(bytes.data(), static_cast<std::size_t>(got));
  }
  const std::size_t begin = request.find(' ') + 1;
  std::string path = request.substr(begin, request.find_first_of(" ?", begin) - begin);
  if (path == "/") path = "/index.html";
  std::string file;
  for (const auto& [prefix, folder] : folders_)  // the longest comes last
    if (path.rfind(prefix, 0) == 0) file = folder + "/" + path.substr(prefix.size());
  if (path.find("..") != std::string::npos || !std::filesystem::is_regular_file(file)) {
    send_all(connection,
             "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    return;
  }
  const std::string bytes = read_file(file);
  send_all(connection, "HTTP/1.1 200 OK\r\nContent-Type: " + type_of(file) +
                           "\r\nContent-Length: " + std::to_string(bytes.size()) +
                           "\r\nConnection: close\r\n\r\n");
  send_all(connection, bytes);
  sent_ += static_cast<long long>(bytes.size());
}

}  // namespace glowvox::test
