// SPDX-License-Identifier: MIT
#include "report/page.hpp"

#include <nlohmann/json.hpp>

#include "audio/sound_file.hpp"
#include "report/picture.hpp"
#include "report/template.hpp"

namespace glowvox::report {

using nlohmann::json;

Page::Page(const std::string& title, const std::string& subtitle)
    : title_(title), subtitle_(subtitle) {}

void Page::add(const std::string& part, const json& values) {
  body_ += render("section.html", {{part, values}});
}

void Page::tiles(const std::vector<std::pair<std::string, std::string>>& labels_and_values) {
  json items = json::array();
  for (const auto& [label, value] : labels_and_values)
    items.push_back({{"label", label}, {"value", value}});
  add("tiles", {{"items", items}});
}

void Page::notes(const std::vector<std::string>& warnings) {
  if (!warnings.empty()) add("notes", {{"items", warnings}});
}

void Page::heading(const std::string& text) { add("heading", text); }

void Page::paragraph(const std::string& text) { add("paragraph", text); }

void Page::charts(const std::vector<Chart>& charts) {
  json items = json::array();
  for (const Chart& chart : charts) items.push_back(chart_values(chart));
  add("charts", {{"items", items}});
}

void Page::table(const Table& table) {
  json rows = json::array();
  for (const auto& cells : table.rows) rows.push_back({{"cells", cells}});
  add("table", {{"header", table.header}, {"rows", rows}});
}

void Page::sounds(const std::vector<SoundRow>& rows, int sample_rate_hz) {
  for (const SoundRow& row : rows) {
    json versions = json::array();
    for (const SoundRow::Version& v : row.versions) {
      json values = spectrogram_values(v.samples, sample_rate_hz);
      values["label"] = v.label;
      values["sound"] = data_uri("audio/wav", audio::encode_wav(v.samples, sample_rate_hz));
      versions.push_back(std::move(values));
    }
    add("sounds", {{"name", row.name}, {"versions", std::move(versions)}});
  }
}

void Page::folded_text(const std::string& label, const std::string& text) {
  add("folded", {{"label", label}, {"text", text}});
}

std::string Page::html() const {
  return render("page.html", {{"title", title_}, {"subtitle", subtitle_}, {"body", body_}});
}

}  // namespace glowvox::report
