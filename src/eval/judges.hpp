// SPDX-License-Identifier: MIT
// What tools/judges/judge.py says of synthesized speech: judges that no training optimises and no
// post-process can buy.
#pragma once

#include <string>
#include <vector>

#include "eval/evaluation.hpp"
#include "eval/statistics.hpp"

namespace glowvox::eval {

// PESQ-WB and NISQA v2, the one that decides first.
const std::vector<Metric>& judges();

struct Verdicts {
  std::vector<Metric> judges;  // those that were asked
  // [system][file][judge]; NaN where a judge could not say.
  std::vector<std::vector<std::vector<double>>> systems;
  // [judge]: its mean over the recordings themselves; count 0 where it compares with them.
  std::vector<Summary> recordings;
  std::vector<std::string> failed;  // a line on each file that a judge could not say anything of
};

// What `judge.py --available` prints.
struct Available {
  std::vector<Metric> judges;
  std::vector<std::string> skipped;  // a sentence on each other one
};

// Both throw Error, naming `script`, for text that such a script does not print.
Available parse_available(const std::string& json, const std::string& script);
// `files`: the names, without extension, that every folder held; sorted.
Verdicts parse_verdicts(const std::string& json, const std::string& script,
                        const std::vector<std::string>& files, std::size_t systems);

}  // namespace glowvox::eval
