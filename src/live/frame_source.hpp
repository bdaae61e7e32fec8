// SPDX-License-Identifier: MIT
// Where the mel frames of live playback come from.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/descriptor.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::live {

enum class Got { kFrame, kNothing, kEnd };

// Frames one after the other. A source has one utterance or, where begin_next says so, more.
class FrameSource {
 public:
  virtual ~FrameSource() = default;
  // The next frame, [bands], if it comes within `wait`; kEnd: of this utterance.
  virtual Got next(float* frame, std::chrono::milliseconds wait) = 0;
  // Frames that are there already, as far as it is known.
  virtual std::int64_t waiting() = 0;
  // After kEnd: whether another utterance follows.
  virtual bool begin_next() { return false; }
  // After kEnd: what was wrong with the end of it; empty: nothing.
  virtual std::string complaint() const { return ""; }
  // Frames in all where they are there already (a file), 0 elsewhere.
  virtual std::int64_t frames() const { return 0; }
  // How long the utterance's sound is to be, at the frames' specification's rate: as its recording,
  // known from the beginning, or as its mel's maker makes it, known after kEnd; 0: as the frames
  // make it, or not known yet.
  virtual std::int64_t samples() const { return 0; }
  // Times that something was lost before it came here.
  virtual std::int64_t losses() const { return 0; }
};

// Raw frames, float32 [bands] in little endian, from a descriptor: a pipe, a socket or a file. name
// is for messages.
class RawFrames : public FrameSource {
 public:
  RawFrames(int descriptor, std::string name, int bands);
  Got next(float* frame, std::chrono::milliseconds wait) override;
  std::int64_t waiting() override;
  std::string complaint() const override { return complaint_; }
  std::int64_t frames() const override { return frames_; }

 private:
  bool take(float* frame);
  Got at_end();

  int descriptor_;
  std::string name_;
  std::size_t frame_bytes_;
  std::vector<char> buffer_;
  std::size_t begin_ = 0, end_ = 0;  // of what has been read and not given
  std::int64_t frames_ = 0, given_ = 0;
  std::string complaint_;
};

// By path: "-" is standard input; a file whose ending says that it has a header (npy, npz, PyTorch,
// safetensors) is a mel as every tool reads it; everything else (a file, a FIFO) is raw frames.
// Throws Error when it cannot be opened.
std::unique_ptr<FrameSource> open_frames(const std::string& path, const MelSpec& spec);

// The mel of a sound file, analysed as it is played.
std::unique_ptr<FrameSource> open_sound(const std::string& path, const MelSpec& spec,
                                        std::string* notice);

// A Unix socket that acoustic models connect to, one after the other: every connection is an
// utterance of raw frames. once: there is no second one. The socket's file is removed at the end.
// Throws Error where something else is at the path or listens there.
std::unique_ptr<FrameSource> listen_for_frames(const std::string& path, int bands, bool once);

}  // namespace glowvox::live
