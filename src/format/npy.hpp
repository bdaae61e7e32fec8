// NumPy's array files.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::format {

// Row-major (C order).
struct Array {
  std::vector<std::int64_t> shape;
  std::vector<float> values;
};

// npy versions 1 to 3; little- or big-endian f2, f4, f8; C or Fortran order. Throws Error naming
// the file for anything else, for a payload shorter than its header says, and for absurd shapes.
Array read_npy(const std::string& path);
void write_npy(const std::string& path, const Array& array);  // version 1, <f4, atomically

// A mel of `bands` bands stored [bands, frames], [frames, bands] or with a leading axis of 1; where
// both axes equal bands, [bands, frames] is taken. Throws Error for another band count, zero frames
// or values that are not finite.
Mel read_mel(const std::string& path, int bands);
void write_mel(const std::string& path, const Mel& mel);  // [bands, frames]

}  // namespace glowvox::format
