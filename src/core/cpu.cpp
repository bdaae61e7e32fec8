// SPDX-License-Identifier: MIT
#include "core/cpu.hpp"

#include <sched.h>
#include <sys/resource.h>

#include <algorithm>
#include <thread>

namespace glowvox {

int available_cores() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (sched_getaffinity(0, sizeof set, &set) == 0) return std::max(1, CPU_COUNT(&set));
  return std::max(1, static_cast<int>(std::thread::hardware_concurrency()));
}

void take_priority(bool real_time) {
  constexpr int kNice = -11;  // where sound servers run
  const sched_param lowest{1};
  // On Linux both are the calling thread's, and inherited. Somebody who runs us higher keeps that.
  if (real_time && ::sched_setscheduler(0, SCHED_RR, &lowest) == 0) return;
  if (::getpriority(PRIO_PROCESS, 0) > kNice) ::setpriority(PRIO_PROCESS, 0, kNice);
}

bool has_fast_bfloat16() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace glowvox
