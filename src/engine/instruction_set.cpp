// SPDX-License-Identifier: MIT
#include "engine/instruction_set.hpp"

#include "core/highway_targets.hpp"
// Defines what the other needs.
#include <hwy/highway.h>
#include <hwy/targets.h>

#include <cstdlib>
#include <string>

#include "core/cpu.hpp"
#include "engine/amx.hpp"
#include "glowvox/error.hpp"

namespace glowvox::engine {

namespace {

constexpr const char* kVariable = "GLOWVOX_ISA";

// A set with the best of Highway's targets that belongs to it; the targets' bits are the lower the
// better they are.
struct Entry {
  InstructionSet set;
  const char* name;
  std::int64_t target;
};

#if HWY_ARCH_X86 && defined(HWY_AVX3_ZEN4)
constexpr std::int64_t kBfloat16Target = HWY_AVX3_ZEN4;
#elif HWY_ARCH_X86
constexpr std::int64_t kBfloat16Target = HWY_AVX3;
#endif

// From plain to best.
constexpr Entry kEntries[] = {
    {InstructionSet::kPlain, "plain", HWY_STATIC_TARGET},
#if HWY_ARCH_X86
    {InstructionSet::kSse4, "sse4", HWY_SSE4},
    {InstructionSet::kAvx2, "avx2", HWY_AVX2},
    {InstructionSet::kAvx512, "avx512", HWY_AVX3},
    {InstructionSet::kAvx512Bf16, "avx512_bf16", kBfloat16Target},
    {InstructionSet::kAmx, "amx", kBfloat16Target},
#elif HWY_ARCH_ARM_A64
    {InstructionSet::kNeon, "neon", HWY_NEON},
#if defined(HWY_NEON_BF16)
    {InstructionSet::kNeonBf16, "neon_bf16", HWY_NEON_BF16},
#endif
#elif HWY_ARCH_WASM && defined(__wasm_simd128__)
    {InstructionSet::kWasmSimd, "wasm_simd", HWY_STATIC_TARGET},
#endif
};

// A compiler that is told of a better processor leaves out what is below it.
bool is_compiled(const Entry& entry) { return entry.target <= HWY_STATIC_TARGET; }

bool is_supported(const Entry& entry, std::int64_t targets) {
  if (entry.target != HWY_STATIC_TARGET && (targets & entry.target) == 0) return false;
  if (entry.set == InstructionSet::kAmx) return has_fast_bfloat16() && amx::available();
  return entry.set != InstructionSet::kAvx512Bf16 || has_fast_bfloat16();
}

std::string names() {
  std::string all;
  for (const InstructionSet set : instruction_sets())
    all += std::string(all.empty() ? "" : ", ") + name_of(set);
  return all;
}

const Entry& best_of(std::int64_t targets) {
  const Entry* best = kEntries;
  for (const Entry& entry : kEntries)
    if (is_compiled(entry) && is_supported(entry, targets)) best = &entry;
  return *best;
}

// Where a set is asked for, the system is not asked for what the better ones need.
InstructionSet choose() {
  const std::int64_t targets = hwy::SupportedTargets();
  const char* asked = std::getenv(kVariable);
  if (asked == nullptr || *asked == '\0') return best_of(targets).set;
  for (const Entry& entry : kEntries) {
    if (!is_compiled(entry) || asked != std::string(entry.name)) continue;
    if (!is_supported(entry, targets))
      throw Error(kVariable, std::string("this processor has no ") + asked,
                  std::string("its best is ") + best_of(targets).name);
    hwy::DisableTargets(entry.target - 1);
    return entry.set;
  }
  throw Error(kVariable, std::string("unknown instruction set '") + asked + "'",
              "expected one of " + names());
}

}  // namespace

std::vector<InstructionSet> instruction_sets() {
  std::vector<InstructionSet> all;
  for (const Entry& entry : kEntries)
    if (is_compiled(entry)) all.push_back(entry.set);
  return all;
}

const char* name_of(InstructionSet set) {
  for (const Entry& entry : kEntries)
    if (entry.set == set) return entry.name;
  return "plain";
}

InstructionSet instruction_set() {
  static const InstructionSet chosen = choose();
  return chosen;
}

bool has_bfloat16_products() {
  return instruction_set() == InstructionSet::kAvx512Bf16 ||
         instruction_set() == InstructionSet::kAmx ||
         instruction_set() == InstructionSet::kNeonBf16;
}

}  // namespace glowvox::engine
