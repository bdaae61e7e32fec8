// SPDX-License-Identifier: MIT
#include "safetensors/safetensors.hpp"

#include <doctest/doctest.h>

#include "core/atomic_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::safetensors;
using test::contains;
using test::error_of;

namespace {

std::string with_length(std::uint64_t length, const std::string& rest) {
  std::string bytes;
  for (int shift = 0; shift < 64; shift += 8) bytes += static_cast<char>((length >> shift) & 255);
  return bytes + rest;
}

std::string container(const std::string& header, const std::string& payload = "") {
  return with_length(header.size(), header + payload);
}

std::string entry(const std::string& dtype, const std::string& shape, const std::string& offsets) {
  return "{\"dtype\":\"" + dtype + "\",\"shape\":" + shape + ",\"data_offsets\":" + offsets + "}";
}

}  // namespace

TEST_CASE("what is written is read back, aligned to 8 bytes") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.safetensors");
  Safetensors file;
  file.metadata = {{"version", "1"}, {"config", "a: 1\nb: \"\xc3\xa9\"\n"}};
  file.tensors["w"] = {"F32", {2, 3}, std::string(24, 'w')};
  file.tensors["a.half"] = {"BF16", {3}, "abcdef"};
  file.tensors["scalar"] = {"I64", {}, "12345678"};
  file.tensors["empty"] = {"F16", {0, 7}, ""};
  write_safetensors(path, file);
  const Safetensors back = read_safetensors(path);
  CHECK(back.metadata == file.metadata);
  REQUIRE(back.tensors.size() == 4);
  for (const auto& [name, tensor] : file.tensors) {
    CAPTURE(name);
    CHECK(back.tensors.at(name).dtype == tensor.dtype);
    CHECK(back.tensors.at(name).shape == tensor.shape);
    CHECK(back.tensors.at(name).bytes == tensor.bytes);
  }
  CHECK((read_file(path).size() - 38) % 8 == 0);
  write_safetensors(path, {});
  CHECK(read_safetensors(path).tensors.empty());
}

TEST_CASE("a cut or lengthened file is refused at every length") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.safetensors");
  Safetensors file;
  file.tensors["w"] = {"F32", {2}, "abcdefgh"};
  write_safetensors(path, file);
  const std::string whole = read_file(path);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    write_file(path, whole.substr(0, length));
    REQUIRE(contains(error_of([&] { read_safetensors(path); }), path + ": "));
  }
  write_file(path, whole + "x");
  CHECK(contains(error_of([&] { read_safetensors(path); }),
                 "payload has 9 bytes, its tensors take 8"));
}

TEST_CASE("a lying header gives one clear error") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.safetensors");
  const auto refused = [&](const std::string& bytes) {
    write_file(path, bytes);
    return error_of([&] { read_safetensors(path); });
  };
  const auto refused_entry = [&](const std::string& json) {
    return refused(container("{\"w\":" + json + "}", "12345678"));
  };
  CHECK(contains(error_of([&] { read_safetensors(directory.file("none")); }), "no such file"));
  CHECK(contains(refused(with_length(~std::uint64_t{0}, "{}")), "header of 18446744073709551615"));
  CHECK(contains(refused(with_length(3, "{}")), "header of 3 bytes in a file of 10"));
  CHECK(contains(refused(container("not json")), "no JSON object"));
  CHECK(contains(refused(container("[1, 2]")), "no JSON object"));
  CHECK(contains(refused(container(std::string(100000, '['))), "no JSON object"));
  CHECK(contains(refused(container("{\"__metadata__\":{\"a\":1}}")), "key 'a' is no string"));
  CHECK(contains(refused(container("{\"__metadata__\":[]}")), "__metadata__ is no JSON object"));
  CHECK(contains(refused_entry("3"), "tensor 'w' is described by no JSON object"));
  CHECK(contains(refused_entry("{}"), "has no dtype"));
  CHECK(contains(refused_entry(entry("F31", "[2]", "[0,8]")), "unknown type 'F31'"));
  CHECK(contains(refused_entry(entry("F32", "[3]", "[0,8]")), "has 8 bytes, expected 12 for F32"));
  CHECK(contains(refused_entry(entry("F32", "[-2]", "[0,8]")), "dimension -2"));
  CHECK(contains(refused_entry(entry("F32", "[2.5]", "[0,8]")), "dimension 2.5"));
  CHECK(contains(refused_entry(entry("F32", "[99999999999999999999]", "[0,8]")), "dimension"));
  CHECK(contains(refused_entry(entry("F32", "[4611686018427387904,4]", "[0,8]")),
                 "impossible shape"));
  CHECK(contains(refused_entry(entry("F32", "[2147483648,2147483648,4]", "[0,8]")),
                 "impossible shape"));
  CHECK(contains(refused_entry(entry("F32", "2", "[0,8]")), "shape that is no list"));
  CHECK(contains(refused_entry(entry("F32", "[2]", "[0,16]")), "bytes 0 to 16 of a payload of 8"));
  CHECK(contains(refused_entry(entry("F32", "[2]", "[8,0]")), "bytes 8 to 0"));
  CHECK(contains(refused_entry(entry("F32", "[2]", "[0]")), "no pair"));
  CHECK(contains(refused_entry(entry("F32", "[2]", "[-8,0]")), "offset -8"));
  CHECK(contains(refused_entry(entry("F32", "[1]", "[4,8]")), "there is a hole"));
  const std::string overlap =
      "{\"a\":" + entry("F32", "[2]", "[0,8]") + ",\"b\":" + entry("F32", "[1]", "[4,8]") + "}";
  CHECK(contains(refused(container(overlap, "12345678")), "tensors overlap"));
}

TEST_CASE("writing refuses what could not be read back") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.safetensors");
  const auto refused = [&](const std::string& name, const Tensor& tensor) {
    Safetensors file;
    file.tensors[name] = tensor;
    return error_of([&] { write_safetensors(path, file); });
  };
  CHECK(contains(refused("w", {"F32", {3}, "1234"}), "has 4 bytes, expected 12"));
  CHECK(contains(refused("w", {"F33", {1}, "1234"}), "unknown type 'F33'"));
  CHECK(contains(refused("w", {"F32", {-1}, "1234"}), "negative dimension"));
  CHECK(contains(refused("\xff", {"F32", {1}, "1234"}), "not UTF-8"));
  CHECK(contains(refused("__metadata__", {"F32", {1}, "1234"}), "cannot be named"));
  CHECK(directory.entries() == 0);
}
