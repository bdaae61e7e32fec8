// SPDX-License-Identifier: MIT
#include "eval/evaluation.hpp"

#include <algorithm>
#include <limits>

#include "audio/resample.hpp"
#include "eval/distances.hpp"
#include "eval/envelope.hpp"
#include "eval/pitch.hpp"
#include "eval/stoi.hpp"
#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::eval {

namespace {

Mel mel_of(const std::vector<float>& x) {
  return log_mel(x.data(), static_cast<std::int64_t>(x.size()), mel_preset("tacotron2"));
}

// STOI needs 0.4 s of speech.
double stoi_or_nan(const std::vector<float>& reference, const std::vector<float>& signal) {
  try {
    return stoi(reference, signal, kRateHz);
  } catch (const Error&) {
    return std::numeric_limits<double>::quiet_NaN();
  }
}

}  // namespace

const std::vector<Metric>& metrics() {
  static const std::vector<Metric> all = {
      {"stoi", "STOI", "", 4, "high"},
      {"mel_error", "mel error", "", 4, "low"},
      {"mel_cepstral_distortion", "mel-cepstral distortion", "dB", 3, "low"},
      {"stft_distance", "multi-resolution STFT distance", "", 4, "low"},
      {"periodicity_error", "periodicity error", "", 4, "low"},
      {"voicing_f1", "voicing F1", "", 4, "high"},
      {"gross_f0_errors", "gross F0 errors", "", 4, "low"},
      {"f0_error", "F0 error", "cents", 2, "low"},
      {"envelope_variation", "envelope variation, to the recording's", "", 3, "one"},
      {"level", "level", "dB", 2, "zero"},
      {"highs", "level above 8 kHz", "dB", 1, "zero"},
      {"loudest_frame", "loudest frame against its reference", "dB", 2, "low"},
  };
  return all;
}

std::size_t metric_at(const std::string& key) {
  for (std::size_t m = 0; m < metrics().size(); ++m)
    if (key == metrics()[m].key) return m;
  throw Error("metric", "there is no '" + key + "'");
}

std::vector<double> measure(const std::vector<float>& reference, const std::vector<float>& signal,
                            int rate_hz) {
  std::vector<float> r = reference, s = signal;
  const std::size_t count = std::min(r.size(), s.size());
  r.resize(count);
  s.resize(count);
  if (rate_hz != kRateHz) {
    r = audio::resample(r, rate_hz, kRateHz);
    s = audio::resample(s, rate_hz, kRateHz);
  }
  const Mel a = mel_of(r), b = mel_of(s);
  const PitchTrack track = track_pitch(r, kRateHz);
  const PitchErrors pitch = compare(track, track_pitch(s, kRateHz));
  const double variation =
      envelope_variation(s, kRateHz, track.voiced) / envelope_variation(r, kRateHz, track.voiced);
  return {stoi_or_nan(r, s),
          mel_error(a, b),
          mel_cepstral_distortion(a, b),
          stft_distance(r, s),
          pitch.periodicity,
          pitch.voicing_f1,
          pitch.gross,
          pitch.cents,
          variation,
          level_db(r, s),
          highs_db(r, s, kRateHz),
          loudest_frame_db(r, s)};
}

}  // namespace glowvox::eval
