// SPDX-License-Identifier: MIT
// Mel files as a model takes them, made as the user says.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "arrays/mel_file.hpp"
#include "dsp/mel_approximation.hpp"
#include "dsp/mel_judge.hpp"
#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::arrays {

// What the user says of a mel file: --mel-layout, --mel-array, --from-preset, --from-stats,
// --convert.
struct MelInput {
  std::string layout = "auto", array, preset, statistics;
  bool convert = false;  // approximate where it is not exact

  MelReadOptions read_options() const;  // throws UsageError
  bool converts() const { return !preset.empty() || !statistics.empty(); }
  // What the file was made as: --from-preset, else what the model expects.
  MelSpec specification(const MelSpec& expected) const;
};

// The error of a mel that is refused, and what a warning says of one that is not.
Error refusal_of(const std::string& path, const dsp::MelVerdict& verdict);
std::string advised(const dsp::MelVerdict& verdict);

// A mel, in pieces, as a model takes it: normalisation undone, converted exactly where that is
// possible, else approximated where the options allow it.
class MelConversion {
 public:
  // path: of the file, for messages. Throws Error where the specifications do not allow it.
  MelConversion(const MelInput& input, const MelSpec& expected, const std::string& path);
  int bands() const { return from_.bands; }  // of the file
  bool approximate() const { return approximation_.has_value(); }
  std::string notice() const;  // for the user where it is approximate, else empty
  // Frames for the model for one of the file.
  double rate() const;
  Mel push(Mel mel);
  Mel finish();
  // Samples at the model's rate that the sound of all frames pushed so far is to have: as many as
  // its maker's (dsp::made_samples). finish() gives frames enough for them.
  std::int64_t samples() const { return samples_of(taken_); }
  std::int64_t samples_of(std::int64_t frames) const;

 private:
  MelSpec from_, to_;
  std::vector<float> mean_, deviation_;  // of --from-stats
  std::optional<dsp::MelApproximation> approximation_;
  std::int64_t taken_ = 0, given_ = 0;  // frames
  std::vector<float> last_;             // frame given
};

// An utterance of a mel file as a model takes it; read as it is needed, but where it is
// approximated.
class MelFrames {
 public:
  MelFrames(std::shared_ptr<const MelReader> reader, std::int64_t utterance,
            MelConversion conversion);
  std::int64_t count() const { return approximated_ ? approximated_->frames : reader_->frames(); }
  std::int64_t samples() const { return conversion_.samples_of(reader_->frames()); }
  Mel read(std::int64_t first, std::int64_t count);

 private:
  std::shared_ptr<const MelReader> reader_;
  std::int64_t utterance_;
  MelConversion conversion_;
  std::optional<Mel> approximated_;
};

}  // namespace glowvox::arrays
