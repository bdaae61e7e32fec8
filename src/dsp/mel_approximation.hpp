// SPDX-License-Identifier: MIT
// A mel of one specification as nearly as another one's bands, hop and rate can say it.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "dsp/mel_analysis.hpp"
#include "glowvox/mel.hpp"

namespace glowvox::dsp {

// The spectrum under a mel frame: the non-negative magnitudes of every bin whose bands come nearest
// to the given ones (multiplicative updates: Lee and Seung 2001, from the bands' own spread).
class MelInversion {
 public:
  explicit MelInversion(const MelSpec& spec);
  std::size_t bins() const { return under_.size(); }
  // frame: [bands] as the specification stores them; magnitudes: [bins]. Bins that no band sees are
  // 0.
  void operator()(const float* frame, float* magnitudes);

 private:
  void spread(const float* bands, float* bins) const;  // the transposed filterbank
  MelSpec spec_;
  std::shared_ptr<const MelAnalysis> analysis_;
  std::vector<float> bands_, under_, target_, now_;
};

// Frames of `from`, in pieces, to those of `to`: the spectrum under each, in between two of them
// where the hops differ, seen through the other filterbank. What `from` does not see above its
// highest band is taken to be as loud as that. Pieces give what the whole gives; a frame may come a
// hop of `from` later than one of the same moment.
class MelApproximation {
 public:
  MelApproximation(const MelSpec& from, const MelSpec& to);

  // Frames [.][bands of to] that can be said by now.
  Mel push(const Mel& frames);
  // The rest: as many in all as a recording of `from`'s length has.
  Mel finish();

 private:
  double time_of_source(std::int64_t i) const;
  double time_of_frame(std::int64_t j) const;
  void append(double source, Mel* mel);

  MelSpec from_, to_;
  MelInversion inversion_;
  std::shared_ptr<const MelAnalysis> analysis_;
  std::int64_t seen_ = 0, made_ = 0;
  std::vector<float> before_, last_;  // spectra on the bins of `to`: of the last two frames
  std::vector<float> own_, between_;
  std::vector<double> place_;  // of every bin of `to` among those of `from`
  double gain_ = 1.0;
  std::size_t highest_ = 0;  // bin of `from` under its highest band
};

}  // namespace glowvox::dsp
