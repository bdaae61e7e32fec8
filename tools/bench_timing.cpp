// SPDX-License-Identifier: MIT
#include "bench_timing.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "glowvox/error.hpp"

extern char** environ;

namespace glowvox::tools {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

pid_t spawn(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
  arguments.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  for (const int stream : {STDOUT_FILENO, STDERR_FILENO})
    posix_spawn_file_actions_addopen(&actions, stream, "/dev/null", O_WRONLY, 0);
  pid_t pid = 0;
  const int error = posix_spawnp(&pid, arguments[0], &actions, nullptr, arguments.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (error != 0)
    throw Error(command[0], std::string("cannot be started: ") + std::strerror(error));
  return pid;
}

void check(int status, const std::vector<std::string>& command) {
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  std::string line;
  for (const std::string& word : command) line += (line.empty() ? "" : " ") + word;
  throw Error(line, "has failed");
}

// VmHWM of a running process; 0 once it is gone. Right after the fork it is still the parent's.
double peak_resident_mb(pid_t pid) {
  const std::string folder = "/proc/" + std::to_string(pid);
  std::error_code unknown;
  if (std::filesystem::read_symlink(folder + "/exe", unknown) ==
      std::filesystem::read_symlink("/proc/self/exe", unknown))
    return 0.0;
  std::ifstream status(folder + "/status");
  for (std::string word; status >> word;) {
    double kilobytes = 0.0;
    if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1024.0;
  }
  return 0.0;
}

}  // namespace

double median_seconds(const std::function<void()>& work, int least, double seconds) {
  work();
  std::vector<double> times;
  const auto begin = Clock::now();
  while (static_cast<int>(times.size()) < least || seconds_since(begin) < seconds) {
    const auto start = Clock::now();
    work();
    times.push_back(seconds_since(start));
  }
  const auto middle = times.begin() + static_cast<std::ptrdiff_t>(times.size() / 2);
  std::nth_element(times.begin(), middle, times.end());
  return *middle;
}

double child_seconds(const std::vector<std::string>& command) {
  const auto start = Clock::now();
  const pid_t pid = spawn(command);
  int status = 0;
  while (::waitpid(pid, &status, 0) < 0 && errno == EINTR) {
  }
  const double seconds = seconds_since(start);
  check(status, command);
  return seconds;
}

// The peak that wait4 reports is this process's own where it was larger before exec: the child is
// asked instead.
Child watch_child(const std::vector<std::string>& command) {
  const auto start = Clock::now();
  const pid_t pid = spawn(command);
  Child child;
  int status = 0;
  while (::waitpid(pid, &status, WNOHANG) == 0) {
    child.peak_mb = std::max(child.peak_mb, peak_resident_mb(pid));
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  child.seconds = seconds_since(start);
  check(status, command);
  return child;
}

std::string output_of(const std::string& shell_command) {
  std::FILE* pipe = ::popen(shell_command.c_str(), "r");
  if (pipe == nullptr) return "";
  std::string output;
  char piece[4096];
  for (std::size_t got = 0; (got = std::fread(piece, 1, sizeof piece, pipe)) > 0;)
    output.append(piece, got);
  return ::pclose(pipe) == 0 ? output : "";
}

ScratchFolder::ScratchFolder() {
  const std::string name = "glowvox-bench-" + std::string(6, 'X');
  path_ = (std::filesystem::temp_directory_path() / name).string();
  if (::mkdtemp(path_.data()) == nullptr)
    throw Error(path_, std::string("cannot be created: ") + std::strerror(errno));
}

ScratchFolder::~ScratchFolder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace glowvox::tools
