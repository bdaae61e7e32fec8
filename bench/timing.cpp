// SPDX-License-Identifier: MIT
#include "timing.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <thread>

#include "core/program.hpp"
#include "glowvox/error.hpp"

namespace glowvox::bench {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

pid_t spawn(const std::vector<std::string>& command) {
  return start_program(command, "/dev/null", "/dev/null");
}

void check(int status, const std::vector<std::string>& command) {
  if (status == 0) return;
  throw Error(fmt::format("{}", fmt::join(command, " ")), "has failed");
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
  const int status = status_of(spawn(command));
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
  check(WIFEXITED(status) ? WEXITSTATUS(status) : 1, command);
  return child;
}

std::string output_of(const std::vector<std::string>& command) {
  const ScratchFolder folder;
  const Finished finished = run_program(command, folder.path());
  return finished.status == 0 ? finished.out : "";
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

}  // namespace glowvox::bench
