// SPDX-License-Identifier: MIT
// The glowvox program running beside a test.
#pragma once

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "core/atomic_file.hpp"
#include "temporary.hpp"

namespace glowvox::test {

using Variables = std::vector<std::pair<std::string, std::string>>;  // of the environment

class Child {
 public:
  Child(const std::vector<std::string>& command, const Variables& environment) {
    int input[2];
    REQUIRE(::pipe2(input, O_CLOEXEC) == 0);
    write_file(folder_.file("out"), "");
    write_file(folder_.file("err"), "");
    pid_ = ::fork();
    REQUIRE(pid_ >= 0);
    if (pid_ == 0) exec(command, environment, input[0]);
    ::close(input[0]);
    input_ = input[1];
  }
  ~Child() {
    end_input();
    if (pid_ > 0) {
      ::kill(pid_, SIGKILL);
      ::waitpid(pid_, nullptr, 0);
    }
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  std::string out() const { return read_file(folder_.file("out")); }
  std::string err() const { return read_file(folder_.file("err")); }
  // To its standard input; whether it took it.
  bool write(const void* bytes, std::size_t count) {
    const char* next = static_cast<const char*>(bytes);
    while (count > 0) {
      const ssize_t written = ::write(input_, next, count);
      if (written <= 0) return false;
      next += written;
      count -= static_cast<std::size_t>(written);
    }
    return true;
  }
  void end_input() {
    if (input_ >= 0) ::close(input_);
    input_ = -1;
  }
  void signal(int number) const { ::kill(pid_, number); }
  // Its exit status; -1 when it does not end in time, or not by itself.
  int wait(double seconds) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
    do {
      int status = 0;
      if (::waitpid(pid_, &status, WNOHANG) == pid_) {
        pid_ = -1;
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
      }
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    } while (std::chrono::steady_clock::now() < until);
    return -1;
  }

 private:
  [[noreturn]] void exec(const std::vector<std::string>& command, const Variables& environment,
                         int input) {
    const auto redirect = [](int descriptor, int to) { ::dup2(descriptor, to); };
    redirect(input, STDIN_FILENO);
    const int mode = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC;
    redirect(::open(folder_.file("out").c_str(), mode, 0600), STDOUT_FILENO);
    redirect(::open(folder_.file("err").c_str(), mode, 0600), STDERR_FILENO);
    for (const auto& [name, value] : environment) ::setenv(name.c_str(), value.c_str(), 1);
    // Sound systems leave memory behind in plugins that are unloaded, whose names nobody knows
    // then.
    ::setenv("ASAN_OPTIONS", "detect_leaks=0", 1);
    std::vector<char*> arguments;
    for (const std::string& argument : command)
      arguments.push_back(const_cast<char*>(argument.c_str()));
    arguments.push_back(nullptr);
    ::execvp(arguments[0], arguments.data());
    ::_exit(127);
  }

  TemporaryDirectory folder_;
  pid_t pid_ = -1;
  int input_ = -1;
};

// Lets this thread, and no child, run before every other, where that is allowed: for what stands
// for the world outside the machine.
inline void run_first() {
  const sched_param first{1};
  ::sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &first);
}

// Whether `what` becomes true in time.
template <typename Condition>
bool eventually(double seconds, const Condition& what) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  while (!what()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

}  // namespace glowvox::test
