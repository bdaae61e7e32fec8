// SPDX-License-Identifier: MIT
#include "flow/torch_threads.hpp"

#include <ATen/Parallel.h>
#include <dlfcn.h>
#include <malloc.h>

#include <fstream>
#include <limits>
#include <string>

#include "core/cpu.hpp"
#include "core/messages.hpp"
#include "core/usage_error.hpp"
#include "glowvox/error.hpp"

namespace glowvox::flow {

namespace {

constexpr int kMostThreads = 1024;

// Whether a shared library whose path contains `name` is loaded into this process.
bool loaded(const std::string& name) {
  std::ifstream maps("/proc/self/maps");
  for (std::string line; std::getline(maps, line);)
    if (line.find(name) != std::string::npos) return true;
  return false;
}

// Activations of many megabytes come and go with every step: memory that is kept need not be
// cleared by the system each time.
void keep_memory() {
#if defined(__GLIBC__)
  ::mallopt(M_MMAP_MAX, 0);
  ::mallopt(M_TRIM_THRESHOLD, std::numeric_limits<int>::max());
#endif
}

}  // namespace

void use_threads(int threads) {
  if (threads < 0 || threads > kMostThreads)
    throw UsageError("--threads", "expected a number from 0 to " + std::to_string(kMostThreads) +
                                      ", got " + std::to_string(threads));
  const int count = threads > 0 ? threads : available_cores();
  keep_memory();
  at::set_num_threads(count);
  // OpenBLAS keeps a count of its own, which LibTorch does not set.
  using SetThreads = void (*)(int);
  if (const auto set =
          reinterpret_cast<SetThreads>(dlsym(RTLD_DEFAULT, "openblas_set_num_threads")))
    set(count);
  // Where Debian keeps it; OpenBLAS and others have folders of their own.
  if (loaded("/blas/libblas.so"))
    say("warning: matrix products run on the reference BLAS, about 27 times slower than need be; "
        "apt-get install libopenblas0-pthread");
}

}  // namespace glowvox::flow
