// SPDX-License-Identifier: MIT
#include "arrays/npy_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <Eigen/Core>
#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include "arrays/npy_header.hpp"
#include "core/atomic_file.hpp"
#include "core/file_error.hpp"
#include "core/path.hpp"
#include "core/platform_tools.hpp"

namespace glowvox::arrays {

namespace {

constexpr std::size_t kMagicBytes = 8;  // "\x93NUMPY", major, minor

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;)
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

float decode(const char* item, std::size_t size, bool big_endian) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size; ++i)
    bits = (bits << 8) | static_cast<unsigned char>(item[big_endian ? i : size - 1 - i]);
  if (size == 2)
    return static_cast<float>(
        Eigen::numext::bit_cast<Eigen::half>(static_cast<std::uint16_t>(bits)));
  if (size == 4) return Eigen::numext::bit_cast<float>(static_cast<std::uint32_t>(bits));
  return static_cast<float>(Eigen::numext::bit_cast<double>(bits));
}

// Number of items, or Error when the payload does not hold exactly that many.
std::size_t checked_count(const std::vector<std::int64_t>& shape, std::size_t item_bytes,
                          std::size_t payload_bytes, const std::string& path) {
  const std::size_t held = payload_bytes / item_bytes;
  std::size_t count = 1;
  bool empty = false;
  bool too_many = false;
  for (const std::int64_t dimension : shape) {
    const auto n = static_cast<std::size_t>(dimension);
    empty = empty || n == 0;
    if (n == 0 || too_many) continue;
    too_many = count > held / n;
    count *= n;
  }
  if (empty) count = 0;
  if ((too_many && !empty) || count * item_bytes != payload_bytes)
    throw Error(path,
                fmt::format("shape [{}] of {}-byte numbers does not match its payload of {} bytes",
                            fmt::join(shape, ", "), item_bytes, payload_bytes),
                "the file is cut short or damaged");
  return count;
}

}  // namespace

bool NpyFile::recognizes(const char* data, std::size_t size) {
  return size >= 6 && std::memcmp(data, "\x93NUMPY", 6) == 0;
}

NpyFile::NpyFile(const std::string& path) : ArrayFile(path) {
  std::error_code unknown;
  if (std::filesystem::is_regular_file(path_of(path), unknown)) {
    file_.reset(platform::open_to_read(path));
    if (file_.get() < 0) throw cannot_read(path);
    size_ = platform::size_of(file_.get());
  } else {
    held_ = read_file(path);
    size_ = held_.size();
  }
  parse();
}

NpyFile::NpyFile(std::string content, const std::string& path)
    : ArrayFile(path), held_(std::move(content)) {
  size_ = held_.size();
  parse();
}

void NpyFile::parse() {
  const std::string& path = path_;
  const std::string start = bytes(0, std::min<std::uint64_t>(size_, kMagicBytes + 4));
  if (start.size() < kMagicBytes || !recognizes(start.data(), start.size()))
    throw Error(path, "not an npy file", "save it with numpy.save");
  const int major = static_cast<unsigned char>(start[6]);
  if (major < 1 || major > 3)
    throw Error(path, fmt::format("npy version {}, expected 1, 2 or 3", major));
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t text_at = kMagicBytes + length_bytes;
  if (start.size() < text_at) throw Error(path, "npy header is cut short");
  const std::uint64_t header_bytes = little_endian(start, kMagicBytes, length_bytes);
  if (header_bytes > size_ - text_at)
    throw Error(path, fmt::format("npy header of {} bytes is cut short", header_bytes));
  const std::string text = bytes(text_at, header_bytes);
  const NpyHeader header = NpyHeaderParser(text, path).parse();

  const std::string& type = header.descr;
  if (type.size() != 3 || (type[0] != '<' && type[0] != '>') || type[1] != 'f' ||
      (type[2] != '2' && type[2] != '4' && type[2] != '8'))
    throw Error(path, "holds values of type '" + type + "', expected f2, f4 or f8",
                "save mel.astype(np.float32)");
  item_bytes_ = static_cast<std::uint64_t>(type[2] - '0');
  big_endian_ = type[0] == '>';
  payload_ = text_at + header_bytes;
  checked_count(header.shape, item_bytes_, size_ - payload_, path);
  set_shape(header.shape, header.fortran_order);
}

std::string NpyFile::bytes(std::uint64_t at, std::uint64_t count) const {
  if (file_.get() < 0) return held_.substr(at, count);
  std::string result(count, '\0');
  for (std::uint64_t done = 0; done < count;) {
    const std::ptrdiff_t got =
        platform::read_some_at(file_.get(), at + done, &result[done], count - done);
    if (got < 0) throw cannot_read(path_);
    if (got == 0) throw Error(path_, "was cut short while it was read");
    done += static_cast<std::uint64_t>(got);
  }
  return result;
}

void NpyFile::read(std::int64_t first, std::int64_t count, float* out) const {
  const std::string items = bytes(payload_ + static_cast<std::uint64_t>(first) * item_bytes_,
                                  static_cast<std::uint64_t>(count) * item_bytes_);
  for (std::int64_t i = 0; i < count; ++i)
    out[i] = decode(&items[static_cast<std::uint64_t>(i) * item_bytes_], item_bytes_, big_endian_);
}

}  // namespace glowvox::arrays
