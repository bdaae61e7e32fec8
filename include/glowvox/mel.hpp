// SPDX-License-Identifier: MIT
// Log-mel spectrograms: what every tool, training included, computes from audio.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "glowvox/export.h"

namespace glowvox {

enum class MelScale { kSlaney, kHtk };
enum class MelNorm { kSlaney, kNone };           // area-normalised or peak 1
enum class MelLog { kLn, kLog10, kNone };        // kNone: the floor is not applied either
enum class MelFloor { kClamp, kAdd };            // log(max(x, floor)); log(x + floor)
enum class MelWindow { kPeriodic, kSymmetric };  // Hann: of period win, or win - 1
// kReflect, kZero: n_fft/2 on both sides (centred frames); kHop: reflect by (n_fft - hop)/2
// (HiFi-GAN); kNone: frames lie inside the signal.
enum class MelPadding { kReflect, kZero, kHop, kNone };

// As configurations write them: slaney, htk; slaney, none; ln, log10, none; reflect, zero, hop,
// none.
GLOWVOX_API const char* name_of(MelScale scale);
GLOWVOX_API const char* name_of(MelNorm norm);
GLOWVOX_API const char* name_of(MelLog log);
GLOWVOX_API const char* name_of(MelPadding padding);
GLOWVOX_API const char* name_of(MelFloor rule);     // clamp, add
GLOWVOX_API const char* name_of(MelWindow window);  // periodic, symmetric

struct GLOWVOX_API MelSpec {
  int sample_rate_hz = 22050;
  int n_fft = 1024;
  int hop_samples = 256;
  int win_samples = 1024;  // Hann, centred in n_fft
  MelWindow window = MelWindow::kPeriodic;
  MelPadding padding = MelPadding::kReflect;
  int bands = 80;
  double f_min_hz = 0.0;
  double f_max_hz = 8000.0;
  MelScale scale = MelScale::kSlaney;
  MelNorm norm = MelNorm::kSlaney;
  int filter_rate_hz = 0;          // the sample rate that the filters were made for; 0: its own
  double power = 1.0;              // 1: magnitude, 2: power
  double magnitude_epsilon = 0.0;  // sqrt(re^2 + im^2 + epsilon)
  MelLog log = MelLog::kLn;
  double floor = 1e-5;  // applied before the logarithm
  MelFloor floor_rule = MelFloor::kClamp;
  double mean = 0.0, deviation = 1.0;  // what is stored is (value - mean) / deviation

  bool operator==(const MelSpec& other) const;
  bool operator!=(const MelSpec& other) const { return !(*this == other); }
};

// Throws Error naming the field when a value or a combination is impossible.
GLOWVOX_API void validate(const MelSpec& spec, const std::string& where);

// By what mel_preset_names() lists; tacotron2 is the default. Throws Error listing the names when
// there is no such preset.
GLOWVOX_API MelSpec mel_preset(const std::string& name);
GLOWVOX_API std::vector<std::string> mel_preset_names();
GLOWVOX_API std::string describe(const MelSpec& spec);  // one line, every field

// Frame-major: values[frame * bands + band].
struct Mel {
  std::int64_t frames = 0;
  std::int64_t bands = 0;
  std::vector<float> values;
};

// Filterbank [bands][n_fft/2 + 1] (librosa.filters.mel).
GLOWVOX_API std::vector<float> mel_filterbank(const MelSpec& spec);

// The smallest value that a mel of this specification holds: its floor as it is stored, 0 without a
// logarithm.
GLOWVOX_API double mel_floor(const MelSpec& spec);

// The sample at which frame 0's window is centred: 0 for centred padding, hop/2 for kHop,
// n_fft/2 for kNone.
GLOWVOX_API int frame_center_samples(const MelSpec& spec);

// audio: [samples] in [-1, 1] at spec.sample_rate_hz. Every frame's window is moved
// shift_samples later than the specification puts it (0 for everybody else's frames; see
// MelAlignment in the model configuration), padding shrinking on the left and growing on the right;
// the frame count stays that of shift 0. Throws Error when the audio is too short for its padding.
GLOWVOX_API Mel log_mel(const float* audio, std::int64_t samples, const MelSpec& spec,
                        int shift_samples = 0);

// Whether values made as `from` can be turned into those of `to` without loss.
GLOWVOX_API bool converts_exactly(const MelSpec& from, const MelSpec& to);

// log_mel of audio that arrives in pieces, with shift 0: the frames that all calls return, one
// after the other, are those of the whole audio, bit for bit. A frame comes when the last sample
// under its window is there; centred padding therefore delays it by half a window.
class GLOWVOX_API MelStream {
 public:
  explicit MelStream(const MelSpec& spec);  // throws Error as validate does
  ~MelStream();
  MelStream(MelStream&& other) noexcept;
  MelStream& operator=(MelStream&& other) noexcept;

  // Frames that stay until the next call.
  const Mel& push(const float* audio, std::size_t samples);
  // The audio ends here: the remaining frames. Throws Error when all of it was too short for its
  // padding.
  const Mel& finish();

 private:
  struct State;
  std::unique_ptr<State> state_;
};

// The same mel under another specification, where that is exact: another logarithm's base, a higher
// floor. Throws Error printing both specifications where it is not.
GLOWVOX_API Mel convert_mel(const Mel& mel, const MelSpec& from, const MelSpec& to);

}  // namespace glowvox
