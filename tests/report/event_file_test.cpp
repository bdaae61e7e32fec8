// SPDX-License-Identifier: MIT
#include "report/event_file.hpp"

#include <doctest/doctest.h>

#include <cstring>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/atomic_file.hpp"
#include "core/checksum.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

// A protocol buffer message read by the rules of its encoding: values by field number.
struct Fields {
  std::map<int, std::uint64_t> numbers;  // varint, or the bits of fixed ones
  std::map<int, std::string> bytes;

  explicit Fields(const std::string& message) {
    std::size_t at = 0;
    const auto varint = [&] {
      std::uint64_t value = 0;
      for (int shift = 0;; shift += 7) {
        const auto byte = static_cast<unsigned char>(message.at(at++));
        value |= static_cast<std::uint64_t>(byte & 127) << shift;
        if (byte < 128) return value;
      }
    };
    while (at < message.size()) {
      const std::uint64_t key = varint();
      const int field = static_cast<int>(key >> 3);
      const std::uint64_t type = key & 7;
      REQUIRE((type == 0 || type == 1 || type == 2 || type == 5));
      if (type == 0) {
        numbers[field] = varint();
      } else {
        const std::size_t size = type == 1 ? 8 : type == 5 ? 4 : varint();
        bytes[field] = message.substr(at, size);
        at += size;
      }
    }
  }
  double real(int field) const {
    const std::string& raw = bytes.at(field);
    if (raw.size() == 8) {
      double value = 0.0;
      std::memcpy(&value, raw.data(), 8);
      return value;
    }
    float value = 0.0f;
    std::memcpy(&value, raw.data(), 4);
    return value;
  }
  Fields inner(int field) const { return Fields(bytes.at(field)); }
};

std::uint32_t unmasked(std::uint32_t masked) {
  const std::uint32_t rotated = masked - 0xA282EAD8U;
  return rotated >> 17 | rotated << 15;
}

std::vector<Fields> read_events(const std::string& folder) {
  std::string file;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    file = read_file(entry.path().string());
  std::vector<Fields> events;
  for (std::size_t at = 0; at < file.size();) {
    std::uint64_t length = 0;
    std::uint32_t length_crc = 0, crc = 0;
    REQUIRE(at + 12 <= file.size());
    std::memcpy(&length, &file[at], 8);
    std::memcpy(&length_crc, &file[at + 8], 4);
    CHECK(unmasked(length_crc) == crc32c(&file[at], 8));
    REQUIRE(at + 16 + length <= file.size());
    std::memcpy(&crc, &file[at + 12 + length], 4);
    CHECK(unmasked(crc) == crc32c(&file[at + 12], length));
    events.emplace_back(file.substr(at + 12, length));
    at += 16 + length;
  }
  return events;
}

}  // namespace

TEST_CASE("an event file holds what TensorBoard's messages say") {
  const test::TemporaryDirectory folder;
  {
    report::EventFile file(folder.file(""));
    file.restart(700);
    file.scalar("train/loss", 1000000, -2.5);
    file.image("clip", 3, "PNG", 640, 480);
    file.audio("clip", 3, "WAV", 22050, 44100);
    file.flush();
  }
  CHECK(test::contains(std::filesystem::directory_iterator(folder.file(""))->path().filename(),
                       "events.out.tfevents."));
  const auto events = read_events(folder.file(""));
  REQUIRE(events.size() == 5);
  CHECK(events[0].bytes.at(3) == "brain.Event:2");
  CHECK(events[0].real(1) > 1.7e9);
  CHECK(events[1].numbers.at(2) == 700);
  CHECK(events[1].inner(7).numbers.at(1) == 1);  // SessionLog.START
  CHECK(events[2].numbers.at(2) == 1000000);
  const Fields scalar = events[2].inner(5).inner(1);
  CHECK(scalar.bytes.at(1) == "train/loss");
  CHECK(scalar.real(2) == -2.5);
  const Fields image = events[3].inner(5).inner(1).inner(4);
  CHECK(image.numbers.at(1) == 480);
  CHECK(image.numbers.at(2) == 640);
  CHECK(image.bytes.at(4) == "PNG");
  const Fields audio = events[4].inner(5).inner(1).inner(6);
  CHECK(audio.real(1) == 22050.0);
  CHECK(audio.numbers.at(3) == 44100);
  CHECK(audio.bytes.at(4) == "WAV");
  CHECK(audio.bytes.at(5) == "audio/wav");
}

TEST_CASE("an event file that cannot be written is an error") {
  report::EventFile file("/proc/nowhere");
  CHECK(test::contains(test::error_of([&] { file.scalar("a", 1, 1.0); }), "cannot write"));
}
