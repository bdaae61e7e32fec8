// SPDX-License-Identifier: MIT
#pragma once

namespace glowvox::flow {

// Sets LibTorch's thread count (0: all cores; Debian's build starts with 1) and warns, once, when
// the BLAS in use is the reference one.
void use_threads(int threads);

}  // namespace glowvox::flow
