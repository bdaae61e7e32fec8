// SPDX-License-Identifier: MIT
// Arrays in memory, and NumPy's files of them.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace glowvox::arrays {

// Row-major (C order).
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// The whole of a file that open_array takes, in the order of C.
Array read_array(const std::string& path, const std::string& name = "");
// Version 1, <f4, atomically; path "-": standard output.
void write_npy(const std::string& path, const Array& array);

}  // namespace glowvox::arrays
