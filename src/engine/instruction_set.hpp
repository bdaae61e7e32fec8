// SPDX-License-Identifier: MIT
// Which instructions synthesis uses.
#pragma once

namespace glowvox::engine {

enum class InstructionSet { kPlain, kAvx2, kAvx512, kAvx512Bf16 };

// The best that this processor has, or what the environment variable GLOWVOX_ISA asks for (plain,
// avx2, avx512, avx512_bf16), read once. Throws Error for an unknown name or one that the processor
// does not have.
InstructionSet instruction_set();

const char* name_of(InstructionSet set);

}  // namespace glowvox::engine
