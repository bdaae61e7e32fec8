// SPDX-License-Identifier: MIT
// What TensorBoard reads.
#pragma once

#include <cstdint>
#include <cstdio>
#include <string>

namespace glowvox::report {

// An event file: records framed as TFRecord (length, its masked CRC-32C, bytes, their masked
// CRC-32C), each an Event message of TensorBoard's protocol buffers (event.proto, summary.proto).
// What is added counts with flush(). Throws Error where the disk refuses.
class EventFile {
 public:
  // FOLDER/events.out.tfevents.TIME.HOST.PID.NUMBER, made with the first record.
  explicit EventFile(const std::string& folder);
  ~EventFile();
  EventFile(const EventFile&) = delete;
  EventFile& operator=(const EventFile&) = delete;

  // The run goes on from here: TensorBoard drops what earlier files say of later steps.
  void restart(std::int64_t step);
  void scalar(const std::string& tag, std::int64_t step, double value);
  void image(const std::string& tag, std::int64_t step, const std::string& png, int width,
             int height);
  // wav: a whole file, mono.
  void audio(const std::string& tag, std::int64_t step, const std::string& wav, int sample_rate_hz,
             std::int64_t samples);
  void flush();

 private:
  void record(const std::string& event);
  std::string path_;
  std::FILE* file_ = nullptr;
};

}  // namespace glowvox::report
