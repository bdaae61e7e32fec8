// SPDX-License-Identifier: MIT
#include "evaluation/result.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <filesystem>
#include <optional>

#include "evaluation/speakers.hpp"
#include "report/page.hpp"

namespace glowvox::evaluation {

namespace {

const char* const kNone = "-";

// "0.9127 ±0.0041"
std::string text_of(const eval::Summary& s, const eval::Metric& metric) {
  const std::string mean = number(s.mean, metric.digits, std::string(metric.best) == "zero");
  return std::isnan(s.interval) ? mean : mean + " ±" + number(s.interval, metric.digits);
}

eval::Summary summary_of(const EvaluatedSystem& system, std::size_t metric) {
  std::vector<double> values;
  for (const auto& file : system.values) values.push_back(file[metric]);
  return eval::summarize(values);
}

std::string silence_text(const EvaluatedSystem& system, int rate_hz) {
  const auto worst = system.silence.worst();
  if (std::isnan(worst.db)) return kNone;
  return fmt::format("{:+.1f} at {:.0f} Hz", worst.db, worst.frequency * rate_hz);
}

std::string file_count(const Evaluation& e) {
  return fmt::format("{} file{}", e.files.size(), e.files.size() == 1 ? "" : "s");
}

std::string label_of(const eval::Metric& m) {
  const std::string unit = m.unit;
  return unit.empty() ? m.label : fmt::format("{}, {}", m.label, unit);
}

// A row for each metric, a column for each system.
report::Table table_of(const Evaluation& e) {
  report::Table table;
  table.header.emplace_back(file_count(e));
  for (const EvaluatedSystem& s : e.systems) table.header.push_back(s.name);
  for (std::size_t m = 0; m < e.metrics.size(); ++m) {
    std::vector<std::string> row = {label_of(e.metrics[m])};
    for (const EvaluatedSystem& s : e.systems)
      row.push_back(text_of(summary_of(s, m), e.metrics[m]));
    table.rows.push_back(row);
  }
  const std::size_t loudest_at =
      e.metrics.size() - eval::metrics().size() + eval::metric_at("loudest_frame");
  std::vector<std::string> loudest = {"loudest frame of all files, dB"};
  std::vector<std::string> silence = {"silence's spectrum where it differs most, dB"};
  for (const EvaluatedSystem& s : e.systems) {
    double most = -std::numeric_limits<double>::infinity();
    for (const auto& file : s.values) most = std::fmax(most, file[loudest_at]);
    loudest.push_back(std::isinf(most) ? kNone : number(most, 2));
    silence.push_back(silence_text(s, e.rate_hz));
  }
  table.rows.push_back(loudest);
  table.rows.push_back(silence);
  return table;
}

struct Nats {
  double total = 0.0, interval = 0.0;  // a sample; of the files' means
  std::vector<double> bands;           // a coefficient
};

std::optional<Nats> nats_of(const Evaluation& e) {
  if (e.likelihoods.empty()) return std::nullopt;
  Nats nats;
  double samples = 0.0;
  std::vector<double> each, bands;
  for (const train::Likelihood& l : e.likelihoods) {
    samples += l.samples;
    nats.total += l.nats;
    each.push_back(l.nats / l.samples);
    bands.resize(l.bands.size(), 0.0);
    for (std::size_t b = 0; b < l.bands.size(); ++b) bands[b] += l.bands[b];
  }
  nats.total /= samples;
  nats.interval = eval::summarize(each).interval;
  for (const double b : bands)
    nats.bands.push_back(b / samples * static_cast<double>(bands.size()));
  return nats;
}

std::string band_name(std::size_t band, std::size_t bands, int rate_hz) {
  const double width = rate_hz / 2000.0 / static_cast<double>(bands);
  return fmt::format("{:.1f} to {:.1f} kHz", static_cast<double>(band) * width,
                     static_cast<double>(band + 1) * width);
}

std::string nats_text(const Nats& n, int rate_hz) {
  std::string text = fmt::format("{:.4f} nats per sample", n.total);
  if (!std::isnan(n.interval)) text += fmt::format(" ±{:.4f}", n.interval);
  for (std::size_t b = 0; b < n.bands.size(); ++b)
    text += fmt::format("{} {}: {:.3f}", b == 0 ? "; by frequency" : ",",
                        band_name(b, n.bands.size(), rate_hz), n.bands[b]);
  return text;
}

// "de-anna, 0017" and, for every way of making it again, what the judges say.
std::vector<report::SoundRow> sound_rows(const Evaluation& e) {
  std::vector<report::SoundRow> rows;
  for (std::size_t i = 0; i < e.shown.size(); ++i) {
    const std::size_t f = e.shown[i];
    const std::string file = std::filesystem::path(e.files[f]).stem().string();
    rows.push_back({e.speakers.empty() ? file : e.speakers[f] + ", " + file,
                    {{"recording", e.references[i]}}});
    for (const EvaluatedSystem& s : e.systems) {
      std::string label = s.name;
      for (std::size_t j = 0; j < e.recordings.size(); ++j)
        label += fmt::format(", {} {}", e.metrics[j].label, number(s.values[f][j], 2));
      rows.back().versions.push_back({label, s.clips[i]});
    }
  }
  return rows;
}

// Columns that line up; ± is one column and two bytes.
std::size_t width_of(const std::string& text) {
  std::size_t width = 0;
  for (const char c : text) width += (static_cast<unsigned char>(c) & 0xC0U) != 0x80U;
  return width;
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const std::string space(width - std::min(width, width_of(text)), ' ');
  return right ? space + text : text + space;
}

// The recordings' own scores, of those judges that hear them alone.
std::vector<std::pair<eval::Metric, eval::Summary>> recordings_of(const Evaluation& e) {
  std::vector<std::pair<eval::Metric, eval::Summary>> own;
  for (std::size_t j = 0; j < e.recordings.size(); ++j)
    if (e.recordings[j].count > 0) own.emplace_back(e.metrics[j], e.recordings[j]);
  return own;
}

}  // namespace

std::string number(double value, int digits, bool sign) {
  if (std::isnan(value)) return kNone;
  return sign ? fmt::format("{:+.{}f}", value, digits) : fmt::format("{:.{}f}", value, digits);
}

std::string to_text(const Evaluation& e, bool markdown) {
  std::string text;
  if (const auto nats = nats_of(e)) text = "held out: " + nats_text(*nats, e.rate_hz) + "\n\n";
  for (const auto& [judge, own] : recordings_of(e))
    text +=
        fmt::format("{} of the recordings themselves: {}\n\n", judge.label, text_of(own, judge));
  report::Table table = table_of(e);
  table.rows.insert(table.rows.begin(), table.header);
  std::vector<std::size_t> widths(table.header.size(), 0);
  for (const auto& row : table.rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));
  for (std::size_t r = 0; r < table.rows.size(); ++r) {
    const auto& row = table.rows[r];
    if (markdown) {
      text += fmt::format("| {} |\n", fmt::join(row, " | "));
      if (r == 0)
        text += fmt::format("|{}\n", fmt::join(std::vector<std::string>(row.size(), "---|"), ""));
      continue;
    }
    text += padded(row[0], widths[0], false);
    for (std::size_t i = 1; i < row.size(); ++i) text += "  " + padded(row[i], widths[i], true);
    text += "\n";
  }
  return text;
}

nlohmann::json to_json(const Evaluation& e) {
  nlohmann::json out = {{"title", e.title}, {"systems", nlohmann::json::array()}};
  if (const auto nats = nats_of(e)) {
    out["nats_per_sample"] = {{"mean", nats->total}, {"interval", nats->interval}};
    out["band_nats"] = nats->bands;
  }
  for (const auto& [judge, own] : recordings_of(e))
    out["recordings"][judge.key] = {{"mean", own.mean}, {"interval", own.interval}};
  if (!e.notes.empty()) out["notes"] = e.notes;
  for (const EvaluatedSystem& s : e.systems) {
    nlohmann::json system = {{"name", s.name}, {"files", nlohmann::json::array()}};
    for (std::size_t m = 0; m < e.metrics.size(); ++m) {
      const eval::Summary summary = summary_of(s, m);
      system["mean"][e.metrics[m].key] = summary.mean;
      system["interval"][e.metrics[m].key] = summary.interval;
    }
    const auto worst = s.silence.worst();
    system["silence"] = {{"frames", s.silence.frames()},
                         {"worst_db", worst.db},
                         {"frequency_hz", worst.frequency * e.rate_hz}};
    for (std::size_t f = 0; f < e.files.size(); ++f) {
      nlohmann::json file = {{"path", e.files[f]}};
      if (!e.speakers.empty()) file["speaker"] = e.speakers[f];
      for (std::size_t m = 0; m < e.metrics.size(); ++m) file[e.metrics[m].key] = s.values[f][m];
      if (!e.likelihoods.empty())
        file["nats_per_sample"] = e.likelihoods[f].nats / e.likelihoods[f].samples;
      system["files"].push_back(file);
    }
    out["systems"].push_back(system);
  }
  return out;
}

std::string page_of(const Evaluation& e) {
  report::Page page("Evaluation of " + e.title, file_count(e) + ", means and 95% intervals");
  page.notes(e.notes);
  std::vector<std::pair<std::string, std::string>> tiles;
  for (const auto& [judge, own] : recordings_of(e))
    tiles.emplace_back(fmt::format("{} of the recordings", judge.label), text_of(own, judge));
  if (const auto nats = nats_of(e)) {
    tiles.emplace_back("held out, nats per sample", fmt::format("{:.4f}", nats->total));
    for (std::size_t b = 0; b < nats->bands.size(); ++b)
      tiles.emplace_back(band_name(b, nats->bands.size(), e.rate_hz),
                         fmt::format("{:.3f}", nats->bands[b]));
  }
  if (!tiles.empty()) page.tiles(tiles);
  page.heading("Every metric");
  page.table(table_of(e));
  if (!e.speakers.empty()) {
    page.heading("Every speaker, the worst first");
    page.table(speaker_table(e));
  }
  page.heading(e.speakers.empty() ? "Recordings and their synthesis"
                                  : "Recordings and their synthesis, the worst first");
  page.sounds(sound_rows(e), e.rate_hz);
  for (const EvaluatedSystem& s : e.systems) {
    page.heading("Every file: " + s.name);
    report::Table table{{"file"}, {}};
    for (const eval::Metric& m : e.metrics) table.header.push_back(label_of(m));
    for (std::size_t f = 0; f < e.files.size(); ++f) {
      table.rows.push_back({std::filesystem::path(e.files[f]).stem().string()});
      for (std::size_t m = 0; m < e.metrics.size(); ++m)
        table.rows.back().push_back(number(s.values[f][m], e.metrics[m].digits));
    }
    page.table(table);
  }
  return page.html();
}

}  // namespace glowvox::evaluation
