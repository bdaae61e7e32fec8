// SPDX-License-Identifier: MIT
#include "report/event_file.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cerrno>
#include <chrono>
#include <cstring>

#include "core/checksum.hpp"
#include "core/platform_tools.hpp"
#include "glowvox/error.hpp"

namespace glowvox::report {

namespace {

// A protocol buffer message, field after field (protobuf.dev, "Encoding").
class Message {
 public:
  Message& number(int field, std::uint64_t value) {
    key(field, 0);
    varint(value);
    return *this;
  }
  Message& real(int field, double value) {
    key(field, 1);
    return raw(value);
  }
  Message& real(int field, float value) {
    key(field, 5);
    return raw(value);
  }
  Message& bytes(int field, const std::string& value) {
    key(field, 2);
    varint(value.size());
    out_ += value;
    return *this;
  }
  Message& message(int field, const Message& value) { return bytes(field, value.out_); }
  const std::string& str() const { return out_; }

 private:
  void key(int field, int type) { varint(static_cast<std::uint64_t>(field) << 3 | type); }
  void varint(std::uint64_t value) {
    for (; value >= 128; value >>= 7) out_ += static_cast<char>(value | 128);
    out_ += static_cast<char>(value);
  }
  template <typename T>
  Message& raw(T value) {
    char bytes[sizeof value];
    std::memcpy(bytes, &value, sizeof value);
    out_.append(bytes, sizeof value);
    return *this;
  }
  std::string out_;
};

// Field numbers of Event, Summary, Summary.Value, Image, Audio and SessionLog.
namespace field {
constexpr int kWallTime = 1, kStep = 2, kFileVersion = 3, kSummary = 5, kSessionLog = 7;
constexpr int kValue = 1;
constexpr int kTag = 1, kSimpleValue = 2, kImage = 4, kAudio = 6;
constexpr int kHeight = 1, kWidth = 2, kColorspace = 3, kEncodedImage = 4;
constexpr int kSampleRate = 1, kNumChannels = 2, kLengthFrames = 3, kEncodedAudio = 4,
              kContentType = 5;
constexpr int kStatus = 1;
}  // namespace field

constexpr std::uint64_t kRgb = 3;
constexpr std::uint64_t kSessionStart = 1;

double now() {
  return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
}

Message event(std::int64_t step) {
  Message m;
  m.real(field::kWallTime, now()).number(field::kStep, static_cast<std::uint64_t>(step));
  return m;
}

std::string summary(std::int64_t step, const Message& value) {
  return event(step).message(field::kSummary, Message().message(field::kValue, value)).str();
}

std::uint32_t masked(std::uint32_t crc) { return ((crc >> 15) | (crc << 17)) + 0xA282EAD8U; }

}  // namespace

// With a number of its own: a run that goes back begins another file within the second.
EventFile::EventFile(const std::string& folder) {
  static std::atomic<int> files{0};
  path_ = fmt::format("{}/events.out.tfevents.{:.0f}.{}.{}.{}", folder, now(),
                      platform::host_name(), platform::process_number(), files++);
}

EventFile::~EventFile() {
  if (file_ != nullptr) std::fclose(file_);
}

void EventFile::record(const std::string& event_bytes) {
  if (file_ == nullptr) {
    file_ = std::fopen(path_.c_str(), "wbx");
    if (file_ == nullptr) throw Error(path_, std::string("cannot write: ") + std::strerror(errno));
    record(
        Message().real(field::kWallTime, now()).bytes(field::kFileVersion, "brain.Event:2").str());
  }
  const std::uint64_t length = event_bytes.size();
  const std::uint32_t length_crc = masked(crc32c(&length, sizeof length));
  const std::uint32_t crc = masked(crc32c(event_bytes.data(), event_bytes.size()));
  std::string out(reinterpret_cast<const char*>(&length), sizeof length);
  out.append(reinterpret_cast<const char*>(&length_crc), sizeof length_crc);
  out += event_bytes;
  out.append(reinterpret_cast<const char*>(&crc), sizeof crc);
  if (std::fwrite(out.data(), 1, out.size(), file_) != out.size())
    throw Error(path_, std::string("cannot write: ") + std::strerror(errno));
}

void EventFile::flush() {
  if (file_ != nullptr && std::fflush(file_) != 0)
    throw Error(path_, std::string("cannot write: ") + std::strerror(errno));
}

void EventFile::restart(std::int64_t step) {
  record(event(step)
             .message(field::kSessionLog, Message().number(field::kStatus, kSessionStart))
             .str());
}

void EventFile::scalar(const std::string& tag, std::int64_t step, double value) {
  record(summary(
      step,
      Message().bytes(field::kTag, tag).real(field::kSimpleValue, static_cast<float>(value))));
}

void EventFile::image(const std::string& tag, std::int64_t step, const std::string& png, int width,
                      int height) {
  Message image;
  image.number(field::kHeight, static_cast<std::uint64_t>(height))
      .number(field::kWidth, static_cast<std::uint64_t>(width))
      .number(field::kColorspace, kRgb)
      .bytes(field::kEncodedImage, png);
  record(summary(step, Message().bytes(field::kTag, tag).message(field::kImage, image)));
}

void EventFile::audio(const std::string& tag, std::int64_t step, const std::string& wav,
                      int sample_rate_hz, std::int64_t samples) {
  Message audio;
  audio.real(field::kSampleRate, static_cast<float>(sample_rate_hz))
      .number(field::kNumChannels, 1)
      .number(field::kLengthFrames, static_cast<std::uint64_t>(samples))
      .bytes(field::kEncodedAudio, wav)
      .bytes(field::kContentType, "audio/wav");
  record(summary(step, Message().bytes(field::kTag, tag).message(field::kAudio, audio)));
}

}  // namespace glowvox::report
