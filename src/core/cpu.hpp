#pragma once

namespace glowvox {

// Cores this process may run on (affinity respected), at least 1.
int available_cores();

// Whether bfloat16 products run at full speed here (AVX-512 BF16); elsewhere they are emulated,
// many times slower than float.
bool has_fast_bf16();

}  // namespace glowvox
