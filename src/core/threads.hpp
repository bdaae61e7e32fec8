#pragma once

namespace glowvox {

// Cores this process may run on (affinity respected), at least 1.
int available_cores();

}  // namespace glowvox
