// SPDX-License-Identifier: MIT
// Text from outside (names, lines of files, messages of libraries) as a terminal may get it.
#pragma once

#include <cstddef>
#include <string>

namespace glowvox {

constexpr std::size_t kMostPrinted = 1000;

// Valid UTF-8 that can be printed stays as it is. Control characters become \n, \r, \t or \x1b,
// bytes that are not UTF-8 \xff, what moves or reorders text without being seen \u{202e}. Of more
// than `most` characters the middle is left out: " ... " stands for it.
std::string printable(const std::string& text, std::size_t most = kMostPrinted);

}  // namespace glowvox
