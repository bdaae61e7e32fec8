// SPDX-License-Identifier: MIT
// Where segments start: over the lists by their weights, in a list by speaker.
#pragma once

#include <cstdint>
#include <vector>

#include "train/corpus.hpp"

namespace glowvox::train {

// A list is drawn by its weight, one of its speakers in proportion to the speaker's samples to the
// power of `tempering`, and one of the speaker's permitted starts uniformly.
class Mixture {
 public:
  // Clips of `length` samples or more; the others are left out. Throws Error where a list has none.
  Mixture(const Corpus& corpus, std::int64_t length, double tempering);

  struct Start {
    std::size_t clip, list;
    std::int64_t offset;  // from the first permitted start, below `starts`
    std::int64_t starts;  // of this clip
  };
  Start at(double u) const;                            // u: uniform in [0, 1)
  Start at_in_list(std::size_t list, double u) const;  // the same within one list

  std::size_t clips() const { return sources_.size(); }
  struct Part {
    std::size_t clips = 0, speakers = 0;
    double samples = 0.0;
    double first = 0.0, last = 0.0;  // its range of the total mass
  };
  const std::vector<Part>& parts() const { return parts_; }  // one for each list

 private:
  struct Source {
    std::size_t clip;
    std::int64_t starts;
    double scale;  // mass of one start
    double last;   // of its range of the total mass
  };
  Start find(double target) const;
  std::vector<Source> sources_;  // list after list
  std::vector<Part> parts_;
};

}  // namespace glowvox::train
