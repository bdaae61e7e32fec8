// SPDX-License-Identifier: MIT
// Sound files and pipes as libsndfile reads them.
#pragma once

#include <sndfile.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "core/descriptor.hpp"

namespace glowvox::audio {

struct Closer {
  void operator()(SNDFILE* file) const { sf_close(file); }
};
using Handle = std::unique_ptr<SNDFILE, Closer>;

// An opened sound. What is no regular file is read to its end at once and held. A wav header that
// was written before the length was known is seen with the length that is there.
class Source {
 public:
  // path "-": standard input. Throws Error for what is not there, and for a terminal.
  explicit Source(const std::string& path);
  const std::string& name() const { return name_; }  // for messages
  // What to do about a sound that is broken: in a pipe another program is to blame.
  std::string advice() const;
  // Throws Error for what libsndfile does not read. To be called once.
  void open();
  SNDFILE* file() const { return file_.get(); }
  const SF_INFO& info() const { return info_; }
  // How many frames there must be; 0: nothing says it.
  sf_count_t announced_frames() const;

 private:
  struct Correction {
    std::uint64_t at;
    std::string bytes;
  };
  std::size_t read_at(std::uint64_t offset, char* to, std::size_t count) const;
  std::size_t read_corrected(std::uint64_t offset, char* to, std::size_t count) const;
  void correct_header();
  bool is_estimate() const;
  static SF_VIRTUAL_IO callbacks();

  std::string name_;
  bool in_memory_ = false;
  Descriptor disk_;
  std::string bytes_;
  std::uint64_t size_ = 0, position_ = 0;
  std::vector<Correction> corrections_;
  std::uint64_t missing_ = 0;  // bytes that a wav header announces and that are not there
  std::uint64_t present_ = 0;  // and those that are
  SF_INFO info_{};
  Handle file_;  // the first to go
};

}  // namespace glowvox::audio
