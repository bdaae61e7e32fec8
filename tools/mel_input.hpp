// SPDX-License-Identifier: MIT
// Mels as the tools take them.
#pragma once

#include <CLI/CLI.hpp>
#include <optional>
#include <string>
#include <vector>

#include "arrays/mel_file.hpp"
#include "dsp/mel_judge.hpp"
#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::tools {

// The options that say what a mel file is.
struct MelInput {
  std::string layout = "auto", array, preset, statistics;

  void add_to(CLI::App& app);
  void add_conversion_to(CLI::App& app);  // alone
  arrays::MelReadOptions read_options() const;
  bool converts() const { return !preset.empty() || !statistics.empty(); }
  // What the file was made as: --from-preset, else what the model expects.
  MelSpec specification(const MelSpec& expected) const;
};

// The error of a mel that is refused, and what a warning says of one that is not.
Error refusal_of(const std::string& path, const dsp::MelVerdict& verdict);
std::string advised(const dsp::MelVerdict& verdict);

// A mel as a model takes it: normalisation undone, converted where that is exact.
class MelConversion {
 public:
  MelConversion(const MelInput& input, const MelSpec& expected);
  int bands() const { return from_.bands; }  // of the file
  // Throws Error naming the path where the specifications do not allow it.
  Mel operator()(Mel mel, const std::string& path) const;

 private:
  MelSpec from_, to_;
  std::vector<float> mean_, deviation_;  // of --from-stats
};

class MelFrames {
 public:
  MelFrames(const std::string& path, const MelInput& input, const MelSpec& expected)
      : path_(path),
        conversion_(input, expected),
        reader_(path, conversion_.bands(), input.read_options()) {}
  std::int64_t count() const { return reader_.frames(); }
  Mel read(std::int64_t first, std::int64_t count) const {
    return conversion_(reader_.read(first, count), path_);
  }

 private:
  std::string path_;
  MelConversion conversion_;
  arrays::MelReader reader_;
};

}  // namespace glowvox::tools
