#include "format/npy.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/atomic_file.hpp"
#include "format/npy_header.hpp"
#include "glowvox/error.hpp"

namespace glowvox::format {

namespace {

constexpr std::size_t kMagicBytes = 8;  // "\x93NUMPY", major, minor

std::uint64_t little_endian(const std::string& bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;)
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  return value;
}

float half_to_float(std::uint16_t half) {
  const int exponent = (half >> 10) & 31;
  const int mantissa = half & 1023;
  float magnitude = 0.0F;
  if (exponent == 31)
    magnitude = mantissa == 0 ? std::numeric_limits<float>::infinity()
                              : std::numeric_limits<float>::quiet_NaN();
  else if (exponent == 0)
    magnitude = std::ldexp(static_cast<float>(mantissa), -24);
  else
    magnitude = std::ldexp(static_cast<float>(mantissa + 1024), exponent - 25);
  return (half & 0x8000) != 0 ? -magnitude : magnitude;
}

template <typename To, typename From>
To bits_as(From bits) {
  static_assert(sizeof(To) == sizeof(From));
  To value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

float decode(const char* item, std::size_t size, bool big_endian) {
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < size; ++i)
    bits = (bits << 8) | static_cast<unsigned char>(item[big_endian ? i : size - 1 - i]);
  if (size == 2) return half_to_float(static_cast<std::uint16_t>(bits));
  if (size == 4) return bits_as<float>(static_cast<std::uint32_t>(bits));
  return static_cast<float>(bits_as<double>(bits));
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

// Offsets of a Fortran-ordered array's items in the order of C.
std::vector<std::size_t> fortran_offsets(const std::vector<std::int64_t>& shape,
                                         std::size_t count) {
  std::vector<std::size_t> strides(shape.size(), 1);
  for (std::size_t d = 1; d < shape.size(); ++d)
    strides[d] = strides[d - 1] * static_cast<std::size_t>(shape[d - 1]);
  std::vector<std::size_t> offsets(count);
  std::vector<std::int64_t> index(shape.size(), 0);
  std::size_t offset = 0;
  for (std::size_t i = 0; i < count; ++i) {
    offsets[i] = offset;
    for (std::size_t d = shape.size(); d-- > 0;) {
      offset += strides[d];
      if (++index[d] < shape[d]) break;
      offset -= strides[d] * static_cast<std::size_t>(shape[d]);
      index[d] = 0;
    }
  }
  return offsets;
}

}  // namespace

Array read_npy(const std::string& path) {
  const std::string bytes = read_file(path);
  if (bytes.size() < kMagicBytes || bytes.compare(0, 6, "\x93NUMPY") != 0)
    throw Error(path, "not an npy file", "save it with numpy.save");
  const int major = static_cast<unsigned char>(bytes[6]);
  if (major < 1 || major > 3)
    throw Error(path, fmt::format("npy version {}, expected 1, 2 or 3", major));
  const std::size_t length_bytes = major == 1 ? 2 : 4;
  const std::size_t start = kMagicBytes + length_bytes;
  if (bytes.size() < start) throw Error(path, "npy header is cut short");
  const std::size_t header_bytes = little_endian(bytes, kMagicBytes, length_bytes);
  if (header_bytes > bytes.size() - start)
    throw Error(path, fmt::format("npy header of {} bytes is cut short", header_bytes));
  const std::string text = bytes.substr(start, header_bytes);
  const NpyHeader header = NpyHeaderParser(text, path).parse();

  const std::string& type = header.descr;
  if (type.size() != 3 || (type[0] != '<' && type[0] != '>') || type[1] != 'f' ||
      (type[2] != '2' && type[2] != '4' && type[2] != '8'))
    throw Error(path, "holds values of type '" + type + "', expected f2, f4 or f8",
                "convert it with .astype('float32')");
  const auto item_bytes = static_cast<std::size_t>(type[2] - '0');
  const char* payload = bytes.data() + start + header_bytes;
  const std::size_t count =
      checked_count(header.shape, item_bytes, bytes.size() - start - header_bytes, path);

  Array array{header.shape, std::vector<float>(count)};
  std::vector<std::size_t> offsets;
  if (header.fortran_order) offsets = fortran_offsets(header.shape, count);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t item = header.fortran_order ? offsets[i] : i;
    array.values[i] = decode(payload + item * item_bytes, item_bytes, type[0] == '>');
  }
  return array;
}

void write_npy(const std::string& path, const Array& array) {
  std::string header =
      fmt::format("{{'descr': '<f4', 'fortran_order': False, 'shape': ({}{}), }}",
                  fmt::join(array.shape, ", "), array.shape.size() == 1 ? "," : "");
  constexpr std::size_t kPrefix = kMagicBytes + 2;
  header.append(63 - (kPrefix + header.size()) % 64,
                ' ');  // the payload starts at a multiple of 64
  header += '\n';
  std::string bytes("\x93NUMPY\x01\x00", kMagicBytes);
  bytes += static_cast<char>(header.size() & 255);
  bytes += static_cast<char>(header.size() >> 8);
  bytes += header;
  for (const float value : array.values) {
    const auto bits = bits_as<std::uint32_t>(value);
    for (int shift = 0; shift < 32; shift += 8) bytes += static_cast<char>((bits >> shift) & 255);
  }
  write_file(path, bytes);
}

Mel read_mel(const std::string& path, int bands) {
  const Array array = read_npy(path);
  std::vector<std::int64_t> shape = array.shape;
  const std::string printed = fmt::format("[{}]", fmt::join(shape, ", "));
  if (shape.size() == 3 && shape[0] == 1) shape.erase(shape.begin());
  if (shape.size() != 2)
    throw Error(path, "shape " + printed + " is no mel", "expected [bands, frames]");
  const bool band_major = shape[0] == bands;
  if (!band_major && shape[1] != bands)
    throw Error(path, fmt::format("expected a mel of {} bands, got shape {}", bands, printed));
  Mel mel;
  mel.bands = bands;
  mel.frames = band_major ? shape[1] : shape[0];
  if (mel.frames == 0) throw Error(path, "mel has no frames (shape " + printed + ")");
  mel.values.resize(array.values.size());
  for (std::int64_t frame = 0; frame < mel.frames; ++frame) {
    for (std::int64_t band = 0; band < mel.bands; ++band) {
      const std::int64_t from = band_major ? band * mel.frames + frame : frame * mel.bands + band;
      const float value = array.values[static_cast<std::size_t>(from)];
      if (!std::isfinite(value))
        throw Error(path, fmt::format("mel is not finite in band {} of frame {}", band, frame));
      mel.values[static_cast<std::size_t>(frame * mel.bands + band)] = value;
    }
  }
  return mel;
}

void write_mel(const std::string& path, const Mel& mel) {
  Array array{{mel.bands, mel.frames}, std::vector<float>(mel.values.size())};
  for (std::int64_t frame = 0; frame < mel.frames; ++frame)
    for (std::int64_t band = 0; band < mel.bands; ++band)
      array.values[static_cast<std::size_t>(band * mel.frames + frame)] =
          mel.values[static_cast<std::size_t>(frame * mel.bands + band)];
  write_npy(path, array);
}

}  // namespace glowvox::format
