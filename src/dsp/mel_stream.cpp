// SPDX-License-Identifier: MIT
#include <algorithm>

#include "dsp/mel_analysis.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

struct GLOWVOX_LOCAL MelStream::State {
  explicit State(const MelSpec& s) : spec(s), analysis(dsp::mel_analysis(s)) {}

  // The frames that have become complete; what later ones need stays.
  void take_frames() {
    mel.frames = 0;
    mel.values.clear();
    if (static_cast<std::int64_t>(padded.size()) < spec.n_fft) return;
    dsp::append_mel(padded, spec, *analysis, &mel);
    padded.erase(padded.begin(), padded.begin() + mel.frames * spec.hop_samples);
  }

  MelSpec spec;
  std::shared_ptr<const dsp::MelAnalysis> analysis;
  bool begun = false;          // the padding on the left is there
  std::vector<float> padded;   // from the next frame's first sample on
  std::vector<float> history;  // the last samples, as many as the padding on the right mirrors
  std::int64_t samples = 0;
  Mel mel;
};

MelStream::MelStream(const MelSpec& spec) : state_(std::make_unique<State>(spec)) {
  state_->mel.bands = spec.bands;
}
MelStream::~MelStream() = default;
MelStream::MelStream(MelStream&& other) noexcept = default;
MelStream& MelStream::operator=(MelStream&& other) noexcept = default;

const Mel& MelStream::push(const float* audio, std::size_t count) {
  State& s = *state_;
  const auto padding = static_cast<std::size_t>(dsp::mel_padding(s.spec));
  s.samples += static_cast<std::int64_t>(count);
  s.history.insert(s.history.end(), audio, audio + count);
  if (!s.begun) {
    // Mirrored samples must be there before the first frame can be; history has all of them.
    s.mel.frames = 0;
    s.mel.values.clear();
    if (s.history.size() < padding + 1) return s.mel;
    s.begun = true;
    s.padded.assign(padding, 0.0F);
    if (dsp::mirrors_edges(s.spec))
      std::reverse_copy(s.history.begin() + 1,
                        s.history.begin() + 1 + static_cast<std::ptrdiff_t>(padding),
                        s.padded.begin());
    s.padded.insert(s.padded.end(), s.history.begin(), s.history.end());
  } else {
    s.padded.insert(s.padded.end(), audio, audio + count);
  }
  if (s.history.size() > padding + 1)
    s.history.erase(s.history.begin(), s.history.end() - static_cast<std::ptrdiff_t>(padding + 1));
  s.take_frames();
  return s.mel;
}

const Mel& MelStream::finish() {
  State& s = *state_;
  dsp::check_mel_length(s.samples, s.spec, 0);
  const auto padding = static_cast<std::size_t>(dsp::mel_padding(s.spec));
  if (!s.begun) {  // zero padding is longer than the audio
    s.begun = true;
    s.padded.assign(padding, 0.0F);
    s.padded.insert(s.padded.end(), s.history.begin(), s.history.end());
  }
  std::vector<float> tail(padding, 0.0F);
  if (dsp::mirrors_edges(s.spec))
    std::reverse_copy(s.history.end() - 1 - static_cast<std::ptrdiff_t>(padding),
                      s.history.end() - 1, tail.begin());
  s.padded.insert(s.padded.end(), tail.begin(), tail.end());
  s.take_frames();
  return s.mel;
}

}  // namespace glowvox
