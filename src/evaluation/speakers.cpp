// SPDX-License-Identifier: MIT
#include "evaluation/speakers.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "core/messages.hpp"
#include "eval/speakers.hpp"

namespace glowvox::evaluation {

namespace {

double mean_of(const EvaluatedSystem& system, const std::vector<std::size_t>& files,
               std::size_t metric) {
  std::vector<double> values;
  for (const std::size_t f : files) values.push_back(system.values[f][metric]);
  return eval::summarize(values).mean;
}

// For sorting: what could not be judged comes after everything.
double or_last(double value) {
  return std::isnan(value) ? std::numeric_limits<double>::infinity() : value;
}

std::vector<std::size_t> files_to_show(const Evaluation& e, std::size_t most) {
  const std::vector<SpeakerFiles> speakers = worst_first(e);
  std::vector<std::size_t> shown;
  for (std::size_t round = 0; shown.size() < std::min(most, e.files.size()); ++round)
    for (const SpeakerFiles& s : speakers)
      if (round < s.files.size() && shown.size() < most) shown.push_back(s.files[round]);
  return shown;
}

std::string count_of_failures(const std::vector<std::string>& failed) {
  return fmt::format("{} score{} could not be given and {} left out; the first: {}", failed.size(),
                     failed.size() == 1 ? "" : "s", failed.size() == 1 ? "is" : "are",
                     failed.front());
}

}  // namespace

void add_verdicts(const Judging& judging, int clips, Evaluation* e) {
  const eval::Verdicts verdicts = judging.judge(e->files);
  e->metrics.insert(e->metrics.begin(), verdicts.judges.begin(), verdicts.judges.end());
  for (std::size_t s = 0; s < e->systems.size(); ++s)
    for (std::size_t f = 0; f < e->files.size(); ++f) {
      const std::vector<double>& said = verdicts.systems[s][f];
      std::vector<double>& values = e->systems[s].values[f];
      values.insert(values.begin(), said.begin(), said.end());
    }
  e->recordings = verdicts.recordings;
  if (!verdicts.failed.empty()) {
    e->notes.push_back(count_of_failures(verdicts.failed));
    say(e->notes.back());
  }
  eval::Speakers speakers;
  for (const std::string& file : e->files) e->speakers.push_back(speakers.of(file));
  e->shown = files_to_show(*e, static_cast<std::size_t>(clips));
  for (const std::size_t f : e->shown) {
    e->references.push_back(judging.recording(f));
    for (std::size_t s = 0; s < e->systems.size(); ++s)
      e->systems[s].clips.push_back(judging.sound(s, f));
  }
}

std::vector<SpeakerFiles> worst_first(const Evaluation& e) {
  const EvaluatedSystem& first = e.systems.front();
  std::map<std::string, std::vector<std::size_t>> files;
  for (std::size_t f = 0; f < e.files.size(); ++f) files[e.speakers[f]].push_back(f);
  std::vector<std::pair<double, SpeakerFiles>> order;
  for (auto& [speaker, own] : files) {
    std::stable_sort(own.begin(), own.end(), [&](std::size_t a, std::size_t b) {
      return or_last(first.values[a][0]) < or_last(first.values[b][0]);
    });
    order.emplace_back(or_last(mean_of(first, own, 0)), SpeakerFiles{speaker, own});
  }
  std::stable_sort(order.begin(), order.end(),
                   [](const auto& a, const auto& b) { return a.first < b.first; });
  std::vector<SpeakerFiles> speakers;
  for (auto& entry : order) speakers.push_back(std::move(entry.second));
  return speakers;
}

report::Table speaker_table(const Evaluation& e) {
  report::Table table{{"speaker", "files"}, {}};
  for (const EvaluatedSystem& s : e.systems)
    for (std::size_t j = 0; j < e.recordings.size(); ++j)
      table.header.push_back(fmt::format("{}, {}", s.name, e.metrics[j].label));
  for (const SpeakerFiles& speaker : worst_first(e)) {
    table.rows.push_back({speaker.speaker, std::to_string(speaker.files.size())});
    for (const EvaluatedSystem& s : e.systems)
      for (std::size_t j = 0; j < e.recordings.size(); ++j)
        table.rows.back().push_back(number(mean_of(s, speaker.files, j), e.metrics[j].digits));
  }
  return table;
}

}  // namespace glowvox::evaluation
