// SPDX-License-Identifier: MIT
#include "eval/judges.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

#include "glowvox/error.hpp"

namespace glowvox::eval {

using nlohmann::json;

namespace {

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();

// Runs `read` on the text as JSON; whatever does not have the expected form is the script's fault.
template <typename Read>
auto parsed(const std::string& text, const std::string& script, Read read) {
  try {
    return read(json::parse(text));
  } catch (const json::exception& e) {
    throw Error(
        script,
        std::string("expected its judgement as JSON, got something else (") + e.what() + ")",
        "use the judge.py that belongs to this glowvox");
  }
}

std::vector<Metric> asked(const json& keys, const std::string& script) {
  std::vector<Metric> found;
  for (const std::string& key : keys.get<std::vector<std::string>>()) {
    const auto judge = std::find_if(judges().begin(), judges().end(),
                                    [&](const Metric& m) { return key == m.key; });
    if (judge == judges().end())
      throw Error(script, "expected the judges pesq_wb and nisqa, got '" + key + "'",
                  "use the judge.py that belongs to this glowvox");
    found.push_back(*judge);
  }
  return found;
}

// One score for each file; null is none.
std::vector<double> scores(const json& list, std::size_t files, const std::string& script) {
  std::vector<double> values;
  for (const json& v : list) values.push_back(v.is_null() ? kNaN : v.get<double>());
  if (values.size() != files)
    throw Error(script, fmt::format("expected {} scores, got {}", files, values.size()),
                "use the judge.py that belongs to this glowvox");
  return values;
}

}  // namespace

const std::vector<Metric>& judges() {
  static const std::vector<Metric> all = {
      {"pesq_wb", "PESQ-WB", "", 3, "high"},
      {"nisqa", "NISQA v2", "", 3, "high"},
  };
  return all;
}

Available parse_available(const std::string& text, const std::string& script) {
  return parsed(text, script, [&](const json& j) {
    return Available{asked(j.at("judges"), script),
                     j.at("skipped").get<std::vector<std::string>>()};
  });
}

Verdicts parse_verdicts(const std::string& text, const std::string& script,
                        const std::vector<std::string>& files, std::size_t systems) {
  return parsed(text, script, [&](const json& j) {
    Verdicts v;
    v.judges = asked(j.at("judges"), script);
    v.failed = j.at("failed").get<std::vector<std::string>>();
    if (j.at("files").get<std::vector<std::string>>() != files || j.at("systems").size() != systems)
      throw Error(script, "judged other files than it was given",
                  "use the judge.py that belongs to this glowvox");
    for (const json& system : j.at("systems")) {
      v.systems.emplace_back(files.size(), std::vector<double>());
      for (const Metric& judge : v.judges) {
        const std::vector<double> values = scores(system.at(judge.key), files.size(), script);
        for (std::size_t f = 0; f < files.size(); ++f) v.systems.back()[f].push_back(values[f]);
      }
    }
    for (const Metric& judge : v.judges) {
      const auto own = j.at("recordings").find(judge.key);
      v.recordings.push_back(own == j.at("recordings").end()
                                 ? summarize({})
                                 : summarize(scores(*own, files.size(), script)));
    }
    return v;
  });
}

}  // namespace glowvox::eval
