// SPDX-License-Identifier: MIT
// What somebody who mistyped a name may have meant.
#pragma once

#include <string>
#include <vector>

namespace glowvox {

// The one of `names` that the fewest insertions, deletions, exchanges of a letter and of two
// neighbours make of `word` (Damerau 1964), where they are at most a third of its letters; empty:
// none is so near.
std::string nearest(const std::string& word, const std::vector<std::string>& names);

}  // namespace glowvox
