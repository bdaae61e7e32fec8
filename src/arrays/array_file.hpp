// SPDX-License-Identifier: MIT
// Arrays of numbers in the files that people have.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace glowvox::arrays {

// Numbers that are read as floats, in pieces.
class ArrayFile {
 public:
  virtual ~ArrayFile() = default;
  ArrayFile(const ArrayFile&) = delete;
  ArrayFile& operator=(const ArrayFile&) = delete;

  const std::string& path() const { return path_; }
  const std::vector<std::int64_t>& shape() const { return shape_; }
  // Items between neighbours along every axis.
  const std::vector<std::int64_t>& strides() const { return strides_; }
  std::int64_t count() const { return count_; }
  bool is_raw() const { return raw_; }  // had no header
  // Items [first, first + count) in the file's own order.
  virtual void read(std::int64_t first, std::int64_t count, float* out) const = 0;

 protected:
  explicit ArrayFile(std::string path) : path_(std::move(path)) {}
  // Of a checked shape; order: fortran (first axis fastest) or C.
  void set_shape(std::vector<std::int64_t> shape, bool fortran_order);

  std::string path_;
  std::vector<std::int64_t> shape_, strides_;
  std::int64_t count_ = 0;
  bool raw_ = false;
};

// Numbers without a header: how many values make a row, and whether rows come one after the other
// ([rows][columns]) or the columns do.
struct RawLayout {
  int columns = 0;  // 0: not expected, refused
  bool column_major = false;
};

struct ArrayOptions {
  std::string
      name;  // which array of a file that may hold several; empty: an npz's first, or the only
  RawLayout raw;
  std::string hint = "name the one that is meant";  // where one has to be chosen
};

// Whether a file of this name holds raw little-endian float32 values: it ends in .f32 or .raw.
bool names_raw_values(const std::string& path);

// An array from npy, npz, a PyTorch file or safetensors, or, where names_raw_values and from
// standard input, raw values. Told apart by the first bytes. path
// "-": standard input. Throws Error naming the file for anything else, and listing the names where
// one has to be chosen.
std::unique_ptr<ArrayFile> open_array(const std::string& path, const ArrayOptions& options = {});

}  // namespace glowvox::arrays
