// SPDX-License-Identifier: MIT
#include "engine/instruction_set.hpp"

#include <hwy/targets.h>

#include <cstdlib>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr const char* kVariable = "GLOWVOX_ISA";
constexpr InstructionSet kAll[] = {InstructionSet::kPlain, InstructionSet::kAvx2,
                                   InstructionSet::kAvx512, InstructionSet::kAvx512Bf16};

InstructionSet best() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") &&
                      __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") &&
                      __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512cd");
  if (avx512 && __builtin_cpu_supports("avx512bf16")) return InstructionSet::kAvx512Bf16;
  if (avx512) return InstructionSet::kAvx512;
  if (avx2) return InstructionSet::kAvx2;
#endif
  return InstructionSet::kPlain;
}

// Highway chooses for itself, from what it is left.
void limit_highway(InstructionSet set) {
  std::int64_t more = 0;
  if (set < InstructionSet::kAvx512) more |= HWY_AVX3 | HWY_AVX3_DL;
  if (set < InstructionSet::kAvx2) more |= HWY_AVX2 | HWY_SSE4 | HWY_SSSE3;
  hwy::DisableTargets(more);
}

InstructionSet choose() {
  const InstructionSet most = best();
  const char* asked = std::getenv(kVariable);
  if (asked == nullptr || *asked == '\0') return most;
  for (const InstructionSet set : kAll) {
    if (asked != std::string(name_of(set))) continue;
    if (set > most)
      throw Error(kVariable, std::string("this processor has no ") + asked,
                  std::string("its best is ") + name_of(most));
    limit_highway(set);
    return set;
  }
  throw Error(kVariable, std::string("unknown instruction set '") + asked + "'",
              "expected plain, avx2, avx512 or avx512_bf16");
}

}  // namespace

const char* name_of(InstructionSet set) {
  switch (set) {
    case InstructionSet::kAvx2:
      return "avx2";
    case InstructionSet::kAvx512:
      return "avx512";
    case InstructionSet::kAvx512Bf16:
      return "avx512_bf16";
    case InstructionSet::kPlain:
      break;
  }
  return "plain";
}

InstructionSet instruction_set() {
  static const InstructionSet chosen = choose();
  return chosen;
}

}  // namespace glowvox::engine
