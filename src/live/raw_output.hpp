// SPDX-License-Identifier: MIT
#pragma once

#include <atomic>
#include <cstddef>
#include <string>
#include <vector>

namespace glowvox::live {

enum class RawFormat { kS16, kF32 };  // little endian

RawFormat raw_format(const std::string& name);  // s16le, f32le; throws Error for another
// bytes: replaced by those of samples within [-1, 1].
void encode_raw(const float* samples, std::size_t count, RawFormat format,
                std::vector<char>* bytes);

// Samples without a header to a descriptor; name is for messages.
class RawOutput {
 public:
  // interrupted: ends a wait for a reader.
  RawOutput(int descriptor, std::string name, RawFormat format,
            const std::atomic<bool>& interrupted);
  // samples within [-1, 1]. Throws BrokenPipe when nobody reads any more.
  void write(const float* samples, std::size_t count);

 private:
  int descriptor_;
  std::string name_;
  RawFormat format_;
  const std::atomic<bool>& interrupted_;
  std::vector<char> bytes_;
};

}  // namespace glowvox::live
