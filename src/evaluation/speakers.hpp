// SPDX-License-Identifier: MIT
// What the judges of glowvox eval say, speaker by speaker.
#pragma once

#include <string>
#include <vector>

#include "evaluation/judging.hpp"
#include "evaluation/result.hpp"
#include "report/page.hpp"

namespace glowvox::evaluation {

// Asks the judges of every file and puts what they say before the other metrics; the first `clips`
// files, each speaker's worst before anybody's second worst, are shown.
void add_verdicts(const Judging& judging, int clips, Evaluation* e);

struct SpeakerFiles {
  std::string speaker;
  std::vector<std::size_t> files;  // the worst first
};

// By the first judge's opinion of the first system; what could not be judged comes last.
std::vector<SpeakerFiles> worst_first(const Evaluation& e);

// A row for each speaker, columns for each system's judges.
report::Table speaker_table(const Evaluation& e);

}  // namespace glowvox::evaluation
