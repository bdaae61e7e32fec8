// SPDX-License-Identifier: MIT
#include "train/launch.hpp"

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <torch/torch.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "glowvox/error.hpp"
#include "train/ranks.hpp"

#ifdef GLOWVOX_RANKS
#include "train/rank_store.hpp"
#endif

extern char** environ;

namespace glowvox::train {

#ifdef GLOWVOX_RANKS

namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::milliseconds kPollForEnd{20};
constexpr std::chrono::seconds kGrace{5};  // in which ranks notice that one is gone, and end

std::atomic<int> passed_on{0};  // the signal that came

struct Child {
  pid_t pid;
  bool running = true;
};

// What exec() takes, made before fork(): nothing that allocates may run between the two.
std::vector<char*> pointers(std::vector<std::string>& strings) {
  std::vector<char*> list;
  for (std::string& s : strings) list.push_back(s.data());
  list.push_back(nullptr);
  return list;
}

std::vector<std::string> environment_of(int rank, int ranks, int port) {
  const std::vector<std::string> own = {
      fmt::format("RANK={}", rank),
      fmt::format("WORLD_SIZE={}", ranks),
      fmt::format("LOCAL_RANK={}", rank),
      fmt::format("LOCAL_WORLD_SIZE={}", ranks),
      "MASTER_ADDR=127.0.0.1",
      fmt::format("MASTER_PORT={}", port),
      "TORCHELASTIC_USE_AGENT_STORE=True",
  };
  std::vector<std::string> all = own;
  for (char** e = environ; *e != nullptr; ++e) {
    const std::string entry = *e;
    const std::string key = entry.substr(0, entry.find('=') + 1);
    const bool replaced = std::any_of(own.begin(), own.end(),
                                      [&](const std::string& o) { return o.rfind(key, 0) == 0; });
    if (!replaced) all.push_back(entry);
  }
  return all;
}

pid_t start(const std::vector<std::string>& arguments, std::vector<std::string> environment) {
  std::vector<std::string> copy = arguments;
  const std::vector<char*> argv = pointers(copy), env = pointers(environment);
  const pid_t parent = ::getpid();
  const pid_t pid = ::fork();
  if (pid < 0) throw Error("ranks", std::string("cannot be started: ") + std::strerror(errno));
  if (pid > 0) return pid;
  // A group of its own: the terminal's Ctrl-C reaches the parent alone, which passes it on once.
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  if (::getppid() != parent) ::_exit(1);
  ::execve("/proc/self/exe", argv.data(), env.data());
  ::_exit(127);
}

void signal_all(const std::vector<Child>& children, int signal) {
  for (const Child& c : children)
    if (c.running) ::kill(c.pid, signal);
}

std::string end_of(int status) {
  return WIFSIGNALED(status) ? fmt::format("was ended by signal {} ({})", WTERMSIG(status),
                                           ::strsignal(WTERMSIG(status)))
                             : fmt::format("ended with status {}", WEXITSTATUS(status));
}

}  // namespace

int launch_ranks(int ranks, const std::vector<std::string>& arguments,
                 void (*say)(const std::string& text)) {
  c10d::TCPStoreOptions options = store_options();
  options.port = 0;  // any that is free
  options.isServer = true;
  const c10d::TCPStore store("127.0.0.1", options);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP})
    std::signal(signal, [](int s) { passed_on = s; });
  std::vector<Child> children;
  for (int rank = 0; rank < ranks; ++rank)
    children.push_back({start(arguments, environment_of(rank, ranks, store.getPort()))});
  int result = 0;
  bool interrupted = false;
  std::size_t running = children.size();
  auto terminate = Clock::time_point::max(), kill = Clock::time_point::max();
  while (running > 0) {
    if (const int signal = passed_on.exchange(0); signal != 0) {
      signal_all(children, signal);
      interrupted = true;
    }
    for (std::size_t rank = 0; rank < children.size(); ++rank) {
      int status = 0;
      if (!children[rank].running || ::waitpid(children[rank].pid, &status, WNOHANG) <= 0) continue;
      children[rank].running = false;
      --running;
      if (status == 0 || result != 0) continue;
      result = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
      if (running == 0 || interrupted) continue;
      say(fmt::format("rank {} {}; the others end too", rank, end_of(status)));
      terminate = Clock::now() + kGrace;
      kill = terminate + kGrace;
    }
    if (Clock::now() > terminate) signal_all(children, SIGTERM);
    if (Clock::now() > kill) signal_all(children, SIGKILL);
    std::this_thread::sleep_for(kPollForEnd);
  }
  return result;
}

#else

int launch_ranks(int /*ranks*/, const std::vector<std::string>& /*arguments*/,
                 void (* /*say*/)(const std::string& text)) {
  throw Error("--nproc", "this LibTorch has no Gloo that glowvox can use",
              "build against one that has it (Debian: libtorch-dev and libgloo-dev; PyPI: torch)");
}

#endif

}  // namespace glowvox::train
