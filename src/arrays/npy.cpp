// SPDX-License-Identifier: MIT
#include "arrays/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cstring>

#include "arrays/array_file.hpp"
#include "core/atomic_file.hpp"

namespace glowvox::arrays {

namespace {

// Where every item, in the order of C, lies in the file.
std::vector<std::size_t> offsets_of(const ArrayFile& file) {
  std::vector<std::size_t> offsets(static_cast<std::size_t>(file.count()));
  std::vector<std::int64_t> index(file.shape().size(), 0);
  std::int64_t offset = 0;
  for (std::size_t& item : offsets) {
    item = static_cast<std::size_t>(offset);
    for (std::size_t d = index.size(); d-- > 0;) {
      offset += file.strides()[d];
      if (++index[d] < file.shape()[d]) break;
      offset -= file.strides()[d] * file.shape()[d];
      index[d] = 0;
    }
  }
  return offsets;
}

}  // namespace

Array read_array(const std::string& path, const std::string& name) {
  const std::unique_ptr<ArrayFile> opened = open_array(path, {name, {}});
  const ArrayFile& file = *opened;
  Array array{file.shape(), std::vector<float>(static_cast<std::size_t>(file.count()))};
  file.read(0, file.count(), array.values.data());
  if (file.strides().empty() || file.strides().back() == 1) return array;
  std::vector<float> ordered(array.values.size());
  const std::vector<std::size_t> offsets = offsets_of(file);
  std::transform(offsets.begin(), offsets.end(), ordered.begin(),
                 [&](std::size_t offset) { return array.values[offset]; });
  array.values = std::move(ordered);
  return array;
}

void write_npy(const std::string& path, const Array& array) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                  fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
  constexpr std::size_t kMagicBytes = 8;  // "\x93NUMPY", major, minor
  constexpr std::size_t kPrefix = kMagicBytes + 2;
  header.append(63 - (kPrefix + header.size()) % 64,
                ' ');  // the payload starts at a multiple of 64
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", kMagicBytes);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (const float value : array.values) {
    std::uint32_t bits = 0;
    std::memcpy(&bits, &value, sizeof bits);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 255);
  }
  write_output(path, bytes);
}

}  // namespace glowvox::arrays
