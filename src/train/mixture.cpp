// SPDX-License-Identifier: MIT
#include "train/mixture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox::train {

namespace {

struct Speaker {
  double samples = 0.0;
  std::int64_t starts = 0;
};

}  // namespace

Mixture::Mixture(const Corpus& corpus, std::int64_t length, double tempering)
    : parts_(corpus.lists().size()) {
  std::vector<std::map<std::string, Speaker>> speakers(parts_.size());
  double all_starts = 0.0;
  for (std::size_t i = 0; i < corpus.size(); ++i) {
    const ClipInfo& clip = corpus.clip(i);
    const std::int64_t starts = clip.samples - length + 1;
    if (starts <= 0) continue;
    Speaker& speaker = speakers[clip.list][clip.speaker];
    speaker.samples += static_cast<double>(clip.samples);
    speaker.starts += starts;
    all_starts += static_cast<double>(starts);
    ++parts_[clip.list].clips;
    parts_[clip.list].samples += static_cast<double>(clip.samples);
    sources_.push_back({i, starts, 0.0, 0.0});
  }
  for (std::size_t i = 0; i < parts_.size(); ++i)
    if (parts_[i].clips == 0)
      throw Error("training data",
                  fmt::format("expected clips of {} samples or more (a segment and the mel's "
                              "windows around it), found none in {}",
                              length, corpus.lists()[i].path),
                  "give longer clips or a smaller train.segment_frames");
  // Scaled so that a corpus of one list and one speaker has a mass of 1 for every start.
  std::vector<double> tempered(parts_.size(), 0.0);
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    parts_[i].speakers = speakers[i].size();
    for (const auto& [name, s] : speakers[i]) tempered[i] += std::pow(s.samples, tempering);
  }
  double mass = 0.0;
  for (Source& source : sources_) {
    const ClipInfo& clip = corpus.clip(source.clip);
    const Speaker& s = speakers[clip.list].at(clip.speaker);
    const double share =
        corpus.share(clip.list) * (std::pow(s.samples, tempering) / tempered[clip.list]);
    source.scale = all_starts / static_cast<double>(s.starts) * share;
    Part& part = parts_[clip.list];
    if (part.last == 0.0) part.first = mass;
    source.last = part.last = mass += static_cast<double>(source.starts) * source.scale;
  }
}

Mixture::Start Mixture::find(double target) const {
  const auto found =
      std::min(std::upper_bound(sources_.begin(), sources_.end(), target,
                                [](double t, const Source& s) { return t < s.last; }),
               sources_.end() - 1);
  const double before = found == sources_.begin() ? 0.0 : (found - 1)->last;
  const auto offset = static_cast<std::int64_t>((target - before) / found->scale);
  const auto part = std::find_if(parts_.begin(), parts_.end(),
                                 [&](const Part& p) { return found->last <= p.last; });
  return {found->clip, static_cast<std::size_t>(part - parts_.begin()),
          std::clamp<std::int64_t>(offset, 0, found->starts - 1), found->starts};
}

Mixture::Start Mixture::at(double u) const { return find(u * sources_.back().last); }

Mixture::Start Mixture::at_in_list(std::size_t list, double u) const {
  const Part& part = parts_[list];
  return find(part.first + u * (part.last - part.first));
}

}  // namespace glowvox::train
