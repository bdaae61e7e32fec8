// SPDX-License-Identifier: MIT
#include "arrays/npy.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "arrays/mel_file.hpp"
#include "core/atomic_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::arrays;
using test::contains;
using test::error_of;

namespace {

std::string npy(const std::string& header, const std::string& payload, int version = 1) {
  std::string bytes = "\x93NUMPY";
  bytes += static_cast<char>(version);
  bytes += '\0';
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i)
    bytes += static_cast<char>((header.size() >> (8 * i)) & 255);
  return bytes + header + payload;
}

std::string dictionary(const std::string& descr, bool fortran, const std::string& shape) {
  return "{'descr': '" + descr + "', 'fortran_order': " + (fortran ? "True" : "False") +
         ", 'shape': " + shape + ", }   \n";
}

template <typename T>
std::string items(const std::vector<T>& values, bool swapped = false) {
  std::string bytes;
  for (const T& value : values) {
    std::string item(sizeof value, '\0');
    std::memcpy(&item[0], &value, sizeof value);
    bytes += swapped ? std::string(item.rbegin(), item.rend()) : item;
  }
  return bytes;
}

const std::vector<float> kSix{0.0F, 1.0F, -2.0F, 0.5F, 1024.0F, -0.25F};
const std::vector<std::uint16_t> kSixHalves{0, 0x3c00, 0xc000, 0x3800, 0x6400, 0xb400};

}  // namespace

TEST_CASE("every supported type, order and version is read") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.npy");
  const std::vector<double> doubles(kSix.begin(), kSix.end());
  for (const int version : {1, 2, 3}) {
    for (const bool swapped : {false, true}) {
      const std::string order = swapped ? ">" : "<";
      for (const auto& [descr, payload] : {std::pair{order + "f2", items(kSixHalves, swapped)},
                                           std::pair{order + "f4", items(kSix, swapped)},
                                           std::pair{order + "f8", items(doubles, swapped)}}) {
        CAPTURE(version);
        CAPTURE(descr);
        write_file(path, npy(dictionary(descr, false, "(2, 3)"), payload, version));
        const Array array = read_array(path);
        CHECK(array.shape == std::vector<std::int64_t>{2, 3});
        CHECK(array.values == kSix);
      }
    }
  }
}

TEST_CASE("Fortran order is turned into C order") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.npy");
  write_file(path, npy(dictionary("<f4", true, "(2, 3)"), items<float>({0, 3, 1, 4, 2, 5})));
  CHECK(read_array(path).values == std::vector<float>{0, 1, 2, 3, 4, 5});
  write_file(path,
             npy(dictionary("<f4", true, "(2, 2, 2)"), items<float>({0, 4, 2, 6, 1, 5, 3, 7})));
  CHECK(read_array(path).values == std::vector<float>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("half precision: subnormal, infinite, NaN") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.npy");
  write_file(path, npy(dictionary("<f2", false, "(5,)"),
                       items<std::uint16_t>({1, 0x83ff, 0x7bff, 0xfc00, 0x7e00})));
  const std::vector<float> values = read_array(path).values;
  CHECK(values[0] == std::ldexp(1.0F, -24));
  CHECK(values[1] == -1023.0F * std::ldexp(1.0F, -24));
  CHECK(values[2] == 65504.0F);
  CHECK(values[3] == -std::numeric_limits<float>::infinity());
  CHECK(std::isnan(values[4]));
}

TEST_CASE("what is written is read back, and its payload is aligned") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.npy");
  for (const std::vector<std::int64_t>& shape :
       {std::vector<std::int64_t>{6}, {2, 3}, {1, 3, 2}, {0, 4}, {}}) {
    std::size_t count = 1;
    for (const std::int64_t n : shape) count *= static_cast<std::size_t>(n);
    const Array array{shape, {kSix.begin(), kSix.begin() + static_cast<std::ptrdiff_t>(count)}};
    write_npy(path, array);
    CHECK(read_array(path).shape == array.shape);
    CHECK(read_array(path).values == array.values);
    CHECK((read_file(path).size() - 4 * count) % 64 == 0);
  }
}

TEST_CASE("malformed files give one clear error") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.npy");
  const std::string good = npy(dictionary("<f4", false, "(2, 3)"), items(kSix));
  const auto refused = [&](const std::string& bytes) {
    write_file(path, bytes);
    const std::string message = error_of([&] { read_array(path); });
    CHECK(message.rfind(path + ": ", 0) == 0);
    return message;
  };
  const auto refused_header = [&](const std::string& header) {
    return refused(npy(header, items(kSix)));
  };
  CHECK(contains(error_of([&] { read_array(directory.file("none")); }), "no such file"));
  for (std::size_t length = 0; length < good.size(); ++length)
    REQUIRE(!refused(good.substr(0, length)).empty());
  CHECK(contains(refused(good + "x"), "does not match its payload of 25 bytes"));
  CHECK(contains(refused("PK\x03\x04 a zip file"), "not a zip archive"));
  CHECK(contains(refused(npy("", "", 4)), "npy version 4"));
  CHECK(contains(refused_header(dictionary("<i4", false, "(2, 3)")),
                 "values of type '<i4', expected f2, f4 or f8; save mel.astype(np.float32)"));
  CHECK(contains(refused_header(dictionary("|O", false, "(2, 3)")), "values of type '|O'"));
  CHECK(contains(refused_header("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (6,)}"),
                 "structured array"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(-2, 3)")), "expected a dimension"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(99999999999999999999,)")), "too large"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(4294967296, 4294967296)")),
                 "does not match its payload"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(4611686018427387904, 4)")),
                 "does not match its payload"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(6")), "malformed"));
  CHECK(contains(refused_header("{'descr': '<f4', 'shape': (6,)}"), "are needed"));
  CHECK(contains(refused_header("{'descr': '<f4', 'descr': '<f4'}"), "was not expected"));
  CHECK(contains(refused_header("{'descr': '<f4', 'fortran_order': 1, 'shape': (6,)}"), "True or"));
  CHECK(contains(refused_header(dictionary("<f4", false, "(6,)") + "x"), "after the dictionary"));
  CHECK(contains(refused_header(std::string(70, '\0')), "malformed"));
  std::string many = "(";
  for (int i = 0; i < 40; ++i) many += "1, ";
  CHECK(contains(refused_header(dictionary("<f4", false, many + ")")), "more than 32"));
}

TEST_CASE("a mel is read in either layout") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("mel.npy");
  const std::vector<float> frame_major{0, 1, 2, 3, 4, 5};
  write_npy(path, {{3, 2}, frame_major});
  CHECK(read_mel(path, 2).values == frame_major);
  CHECK(read_mel(path, 2).frames == 3);
  write_npy(path, {{1, 2, 3}, {0, 2, 4, 1, 3, 5}});
  CHECK(read_mel(path, 2).values == frame_major);
  const Mel mel{3, 2, frame_major};
  write_mel(path, mel);
  CHECK(read_array(path).shape == std::vector<std::int64_t>{2, 3});
  CHECK(read_mel(path, 2).values == frame_major);
}

TEST_CASE("what is no mel for the model is refused") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("mel.npy");
  const auto refused = [&](std::vector<std::int64_t> shape, std::vector<float> values) {
    write_npy(path, {std::move(shape), std::move(values)});
    return error_of([&] { read_mel(path, 2); });
  };
  CHECK(refused({3, 5}, std::vector<float>(15)) ==
        path + ": expected a mel of 2 bands, got shape [3, 5]");
  CHECK(contains(refused({6}, kSix), "shape [6] is no mel"));
  CHECK(contains(refused({}, {1}), "shape [] is no mel"));
  CHECK(contains(refused({2, 3, 1}, kSix), "expected a mel of 2 bands, got shape [2, 3, 1]"));
  CHECK(contains(refused({1, 3, 1, 1, 2}, kSix), "shape [1, 3, 1, 1, 2] is no mel"));
  CHECK(contains(refused({3, 1, 2}, kSix), "shape [3, 1, 2] holds 3 utterances, expected one"));
  CHECK(contains(refused({2, 0}, {}), "mel has no frames (shape [2, 0])"));
  CHECK(contains(refused({0, 2}, {}), "no frames"));
  CHECK(
      contains(refused({3, 2}, {0, 1, 2, std::nanf(""), 4, 5}), "not finite in band 1 of frame 1"));
}
