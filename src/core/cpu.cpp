// SPDX-License-Identifier: MIT
#include "core/cpu.hpp"

namespace glowvox {

bool has_fast_bfloat16() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

}  // namespace glowvox
