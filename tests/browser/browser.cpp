// SPDX-License-Identifier: MIT
#include "browser/browser.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <stdexcept>

#include "core/atomic_file.hpp"

namespace glowvox::test {

using nlohmann::json;

namespace {

constexpr int kPatienceMs = 60000;
constexpr const char* kProgram = "chromium";

std::string decode_base64(const std::string& text) {
  std::string out;
  unsigned bits = 0, count = 0;
  for (const char c : text) {
    const std::string digits = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    const auto value = digits.find(c);
    if (value == std::string::npos) break;
    bits = bits << 6 | static_cast<unsigned>(value);
    if ((count += 6) < 8) continue;
    count -= 8;
    out += static_cast<char>(bits >> count & 255);
  }
  return out;
}

// In the child: the protocol's descriptors are 3 and 4.
[[noreturn]] void become_chromium(int in, int out, const std::string& profile,
                                  const std::vector<std::string>& more) {
  ::setpgid(0, 0);
  // Out of the way of 3 and 4 first.
  const int in_copy = ::fcntl(in, F_DUPFD, 10), out_copy = ::fcntl(out, F_DUPFD, 10);
  ::dup2(in_copy, 3);
  ::dup2(out_copy, 4);
  const int nothing = ::open("/dev/null", O_RDWR);
  for (const int fd : {0, 1, 2}) ::dup2(nothing, fd);
  std::vector<std::string> line = {kProgram,
                                   "--headless=new",
                                   "--no-sandbox",
                                   "--disable-gpu",
                                   "--mute-audio",
                                   "--no-first-run",
                                   "--disable-extensions",
                                   "--disable-background-networking",
                                   "--disable-component-update",
                                   "--autoplay-policy=no-user-gesture-required",
                                   "--remote-debugging-pipe",
                                   "--user-data-dir=" + profile};
  line.insert(line.end(), more.begin(), more.end());
  line.emplace_back("about:blank");
  std::vector<char*> arguments;
  for (std::string& argument : line) arguments.push_back(argument.data());
  arguments.push_back(nullptr);
  ::execvp(kProgram, arguments.data());
  ::_exit(127);
}

}  // namespace

bool Browser::installed() {
  return std::system((std::string("command -v ") + kProgram + " >/dev/null 2>&1").c_str()) == 0;
}

Browser::Browser(const std::vector<std::string>& more) {
  std::array<int, 2> down{}, up{};
  if (::pipe(down.data()) != 0 || ::pipe(up.data()) != 0) throw std::runtime_error("no pipe");
  pid_ = ::fork();
  if (pid_ == 0) become_chromium(down[0], up[1], profile_.file(""), more);
  ::close(down[0]);
  ::close(up[1]);
  to_ = down[1];
  from_ = up[0];
  std::signal(SIGPIPE, SIG_IGN);
  const json target = call("Target.createTarget", {{"url", "about:blank"}});
  session_ = call("Target.attachToTarget", {{"targetId", target.at("targetId")}, {"flatten", true}})
                 .at("sessionId");
  for (const char* domain : {"Page", "Runtime", "Log", "Network"})
    call(std::string(domain) + ".enable", json::object());
}

Browser::~Browser() {
  ::close(to_);
  ::close(from_);
  ::kill(-pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

json Browser::read_message() {
  for (;;) {
    const auto end = buffer_.find('\0');
    if (end != std::string::npos) {
      const json message = json::parse(buffer_.substr(0, end));
      buffer_.erase(0, end + 1);
      return message;
    }
    struct pollfd wait {
      from_, POLLIN, 0
    };
    if (::poll(&wait, 1, kPatienceMs) != 1) throw std::runtime_error("the browser does not answer");
    std::array<char, 65536> bytes{};
    const ssize_t got = ::read(from_, bytes.data(), bytes.size());
    if (got <= 0) throw std::runtime_error("the browser ended");
    buffer_.append(bytes.data(), static_cast<std::size_t>(got));
  }
}

void Browser::notice(const json& event) {
  const std::string method = event.value("method", "");
  const json& p = event.contains("params") ? event.at("params") : json::object();
  if (method == "Page.loadEventFired") loaded_ = true;
  if (method == "Runtime.exceptionThrown") complaints_.push_back(p.dump());
  if (method == "Runtime.consoleAPICalled" &&
      (p.at("type") == "error" || p.at("type") == "warning"))
    complaints_.push_back(p.dump());
  if (method == "Log.entryAdded" && p.at("entry").at("level") == "error")
    complaints_.push_back(p.at("entry").dump());
  if (method == "Network.requestWillBeSent") {
    const std::string url = p.at("request").at("url");
    const bool own =
        !own_.empty() && (url.rfind(own_, 0) == 0 || url.rfind("blob:" + own_, 0) == 0);
    if (!own && url.rfind("file:", 0) != 0 && url.rfind("data:", 0) != 0)
      complaints_.push_back("asked for " + url.substr(0, 200));
  }
}

json Browser::call(const std::string& method, const json& parameters) {
  json message = {{"id", ++next_id_}, {"method", method}, {"params", parameters}};
  if (!session_.empty()) message["sessionId"] = session_;
  const std::string text = message.dump() + '\0';
  for (std::size_t sent = 0; sent < text.size();) {
    const ssize_t now = ::write(to_, text.data() + sent, text.size() - sent);
    if (now <= 0) throw std::runtime_error("the browser ended");
    sent += static_cast<std::size_t>(now);
  }
  for (;;) {
    const json answer = read_message();
    if (answer.value("id", 0) != next_id_) {
      notice(answer);
      continue;
    }
    if (answer.contains("error")) throw std::runtime_error(method + ": " + answer.dump());
    return answer.at("result");
  }
}

void Browser::resize(int width, int height, bool dark) {
  call("Emulation.setDeviceMetricsOverride",
       {{"width", width}, {"height", height}, {"deviceScaleFactor", 1}, {"mobile", width < 600}});
  const json feature = {{"name", "prefers-color-scheme"}, {"value", dark ? "dark" : "light"}};
  call("Emulation.setEmulatedMedia", {{"features", json::array({feature})}});
}

void Browser::open(const std::string& path) { visit("file://" + path, ""); }

void Browser::visit(const std::string& url, const std::string& own) {
  complaints_.clear();
  loaded_ = false;
  own_ = own;
  call("Page.navigate", {{"url", url}});
  while (!loaded_) notice(read_message());
}

json Browser::evaluate(const std::string& expression) {
  const json result =
      call("Runtime.evaluate",
           {{"expression", expression}, {"awaitPromise", true}, {"returnByValue", true}});
  if (result.contains("exceptionDetails"))
    throw std::runtime_error(result.at("exceptionDetails").dump());
  return result.at("result").value("value", json());
}

void Browser::screenshot(const std::string& png) {
  const json result = call("Page.captureScreenshot", {{"captureBeyondViewport", true}});
  write_file(png, decode_base64(result.at("data")));
}

}  // namespace glowvox::test
