// SPDX-License-Identifier: MIT
#pragma once

#include <string>

namespace glowvox {

// Cores this process may run on (affinity respected), at least 1.
int available_cores();

// Whether bfloat16 products run at full speed here (AVX-512 BF16); elsewhere they are emulated,
// many times slower than float.
bool has_fast_bfloat16();

// What the processor calls itself, in one line: its brand on x86, the numbers of its kinds of cores
// where Linux tells them, else the architecture alone.
std::string processor_name();

// Asks that this thread, and threads that it starts from now on, come before ordinary work;
// real_time: before all of it, for a thread that mostly sleeps. Whoever may not do that (who is
// neither root nor allowed by limits.conf) goes on as before.
void take_priority(bool real_time);

}  // namespace glowvox
