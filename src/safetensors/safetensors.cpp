// SPDX-License-Identifier: MIT
#include "safetensors/safetensors.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "glowvox/error.hpp"

namespace glowvox::safetensors {

namespace {

using Json = nlohmann::json;

constexpr std::size_t kLengthBytes = 8;

// Bytes of one element, 0 for a type that the format does not have.
std::uint64_t item_bytes(const std::string& dtype) {
  static const std::map<std::string, std::uint64_t> sizes = {
      {"F64", 8},  {"I64", 8}, {"U64", 8}, {"F32", 4}, {"I32", 4}, {"U32", 4}, {"F16", 2},
      {"BF16", 2}, {"I16", 2}, {"U16", 2}, {"I8", 1},  {"U8", 1},  {"BOOL", 1}};
  const auto found = sizes.find(dtype);
  return found == sizes.end() ? 0 : found->second;
}

struct Span {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
  std::string name;
};

[[noreturn]] void fail(const std::string& path, const std::string& tensor,
                       const std::string& problem) {
  throw Error(path, "tensor '" + tensor + "' " + problem, "the file is damaged");
}

std::uint64_t whole_number(const Json& value, const std::string& path, const std::string& tensor,
                           const char* what) {
  if (!value.is_number_unsigned() ||
      value.get<std::uint64_t>() > std::uint64_t{std::numeric_limits<std::int64_t>::max()})
    fail(path, tensor,
         fmt::format("has {} {}, expected a whole number of at least 0", what,
                     value.dump(-1, ' ', true)));
  return value.get<std::uint64_t>();
}

Span read_entry(const Json& entry, const std::string& name, const std::string& path,
                std::uint64_t payload_bytes, TensorView* tensor) {
  if (!entry.is_object()) fail(path, name, "is described by no JSON object");
  for (const char* key : {"dtype", "shape", "data_offsets"})
    if (!entry.contains(key)) fail(path, name, fmt::format("has no {}", key));
  if (!entry["dtype"].is_string()) fail(path, name, "has a dtype that is no string");
  tensor->dtype = entry["dtype"].get<std::string>();
  if (!entry["shape"].is_array()) fail(path, name, "has a shape that is no list");
  for (const Json& dimension : entry["shape"])
    tensor->shape.push_back(
        static_cast<std::int64_t>(whole_number(dimension, path, name, "dimension")));
  const Json& offsets = entry["data_offsets"];
  if (!offsets.is_array() || offsets.size() != 2)
    fail(path, name, "has data_offsets that are no pair");
  const Span span{whole_number(offsets[0], path, name, "offset"),
                  whole_number(offsets[1], path, name, "offset"), name};
  if (span.begin > span.end || span.end > payload_bytes)
    fail(path, name,
         fmt::format("lies at bytes {} to {} of a payload of {}", span.begin, span.end,
                     payload_bytes));
  const std::uint64_t expected = size_bytes(tensor->dtype, tensor->shape, path, name);
  if (span.end - span.begin != expected)
    fail(path, name,
         fmt::format("has {} bytes, expected {} for {} of shape [{}]", span.end - span.begin,
                     expected, tensor->dtype, fmt::join(tensor->shape, ", ")));
  return span;
}

std::map<std::string, std::string> read_metadata(const Json& entry, const std::string& path) {
  if (!entry.is_object()) throw Error(path, "__metadata__ is no JSON object");
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] : entry.items()) {
    if (!value.is_string()) throw Error(path, "__metadata__ key '" + key + "' is no string");
    metadata[key] = value.get<std::string>();
  }
  return metadata;
}

void check_layout(std::vector<Span> spans, std::uint64_t payload_bytes, const std::string& path) {
  std::sort(spans.begin(), spans.end(), [](const Span& a, const Span& b) {
    return a.begin != b.begin ? a.begin < b.begin : a.end < b.end;
  });
  std::uint64_t next = 0;
  for (const Span& span : spans) {
    if (span.begin != next)
      fail(path, span.name,
           fmt::format("starts at byte {} of the payload, expected {}: {}", span.begin, next,
                       span.begin < next ? "tensors overlap" : "there is a hole"));
    next = span.end;
  }
  if (next != payload_bytes)
    throw Error(path, fmt::format("payload has {} bytes, its tensors take {}", payload_bytes, next),
                "the file is damaged");
}

std::uint64_t header_length(const char* data) {
  std::uint64_t length = 0;
  for (std::size_t i = kLengthBytes; i-- > 0;)
    length = (length << 8) | static_cast<unsigned char>(data[i]);
  return length;
}

Json parse_header(const char* begin, std::uint64_t header_bytes, const std::string& path) {
  Json header = Json::parse(begin, begin + header_bytes, nullptr, false);
  if (header.is_discarded() || !header.is_object())
    throw Error(path, "not a safetensors file: its header is no JSON object");
  return header;
}

}  // namespace

std::uint64_t size_bytes(const std::string& dtype, const std::vector<std::int64_t>& shape,
                         const std::string& path, const std::string& name) {
  std::uint64_t bytes = item_bytes(dtype);
  if (bytes == 0) fail(path, name, "has the unknown type '" + dtype + "'");
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  if (std::find(shape.begin(), shape.end(), 0) != shape.end()) return 0;
  for (const std::int64_t dimension : shape) {
    if (dimension < 0) fail(path, name, "has a negative dimension");
    if (bytes > kMost / static_cast<std::uint64_t>(dimension))
      fail(path, name, fmt::format("has the impossible shape [{}]", fmt::join(shape, ", ")));
    bytes *= static_cast<std::uint64_t>(dimension);
  }
  return bytes;
}

bool MappedSafetensors::recognizes(const char* data, std::size_t size) {
  return size > kLengthBytes && data[kLengthBytes] == '{' &&
         header_length(data) <= size - kLengthBytes;
}

MappedSafetensors::MappedSafetensors(const std::string& path)
    : file_(std::make_unique<MappedFile>(path)) {
  read(file_->data(), file_->size(), path);
}

MappedSafetensors::MappedSafetensors(std::string bytes, const std::string& name)
    : bytes_(std::move(bytes)) {
  read(bytes_.data(), bytes_.size(), name);
}

void MappedSafetensors::forget() const {
  if (file_) file_->forget();
}

bool MappedSafetensors::rewritten() const { return file_ && file_->rewritten(); }

void MappedSafetensors::read(const char* data, std::size_t size, const std::string& path) {
  if (size < kLengthBytes)
    throw Error(path, fmt::format("not a safetensors file: {} bytes only", size));
  const std::uint64_t header_bytes = header_length(data);
  const std::uint64_t rest = size - kLengthBytes;
  if (header_bytes > kMostHeaderBytes || header_bytes > rest)
    throw Error(
        path,
        fmt::format("not a safetensors file, or cut short: header of {} bytes in a file of {}",
                    header_bytes, size));
  const Json header = parse_header(data + kLengthBytes, header_bytes, path);
  const char* payload = data + kLengthBytes + header_bytes;
  const std::uint64_t payload_bytes = rest - header_bytes;

  std::vector<Span> spans;
  for (const auto& [name, entry] : header.items()) {
    if (name == kMetadata) {
      metadata_ = read_metadata(entry, path);
      continue;
    }
    TensorView& tensor = tensors_[name];
    spans.push_back(read_entry(entry, name, path, payload_bytes, &tensor));
    tensor.data = payload + spans.back().begin;
    tensor.bytes = spans.back().end - spans.back().begin;
  }
  check_layout(std::move(spans), payload_bytes, path);
}

Safetensors read_safetensors(const std::string& path) {
  const MappedSafetensors mapped(path);
  Safetensors file;
  file.metadata = mapped.metadata();
  for (const auto& [name, view] : mapped.tensors())
    file.tensors[name] = {view.dtype, view.shape, std::string(view.data, view.bytes)};
  return file;
}

}  // namespace glowvox::safetensors
