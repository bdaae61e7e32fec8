// SPDX-License-Identifier: MIT
#include "core/program.hpp"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"

extern char** environ;

namespace glowvox {

pid_t start_program(std::vector<std::string> arguments, const std::string& out,
                    const std::string& err) {
  std::vector<char*> argv;
  for (std::string& a : arguments) argv.push_back(a.data());
  argv.push_back(nullptr);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  constexpr int kFlags = O_WRONLY | O_CREAT | O_TRUNC;
  posix_spawn_file_actions_addopen(&actions, 1, out.c_str(), kFlags, 0600);
  posix_spawn_file_actions_addopen(&actions, 2, err.c_str(), kFlags, 0600);
  pid_t child = 0;
  const int failure = posix_spawnp(&child, argv[0], &actions, nullptr, argv.data(), environ);
  posix_spawn_file_actions_destroy(&actions);
  if (failure != 0)
    throw Error(arguments[0], std::string("cannot be started: ") + std::strerror(failure));
  return child;
}

int status_of(pid_t child) {
  // Ctrl-C reaches the child as well, which ends by it.
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

Finished run_program(std::vector<std::string> arguments, const std::string& folder) {
  const std::string out = folder + "/stdout", err = folder + "/stderr";
  const int status = status_of(start_program(std::move(arguments), out, err));
  return {status, read_file(out), read_file(err)};
}

}  // namespace glowvox
