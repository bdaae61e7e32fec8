// SPDX-License-Identifier: MIT
// Which instructions synthesis uses.
#pragma once

#include <cstdint>
#include <vector>

namespace glowvox::engine {

enum class InstructionSet {
  kPlain,  // what every processor of the platform has
  kSse4,
  kAvx2,
  kAvx512,
  kAvx512Bf16,
  kAmx,  // the same, and tiles of bfloat16
  kNeon,
  kNeonBf16,
  kWasmSimd,
};

// This platform's, from plain to best, as far as they are compiled in: x86-64 has plain (SSE2),
// sse4, avx2, avx512, avx512_bf16 and amx; AArch64 plain (which is NEON too), neon and, where
// Highway knows it, neon_bf16; WebAssembly plain or wasm_simd, as it was compiled.
std::vector<InstructionSet> instruction_sets();

// The best that this processor has, or what the environment variable GLOWVOX_ISA asks for by name,
// read once. Throws Error for an unknown name or one that the processor does not have.
InstructionSet instruction_set();

// Whether the chosen set multiplies bfloat16 in hardware.
bool has_bfloat16_products();

const char* name_of(InstructionSet set);

}  // namespace glowvox::engine
