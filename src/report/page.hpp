// SPDX-License-Identifier: MIT
// One HTML file that holds everything it shows: it opens offline and can be sent to somebody.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "report/chart.hpp"

namespace glowvox::report {

struct Table {
  std::vector<std::string> header;
  std::vector<std::vector<std::string>> rows;
};

// One thing in several versions, the recording first.
struct SoundRow {
  struct Version {
    std::string label;
    std::vector<float> samples;
  };
  std::string name;
  std::vector<Version> versions;
};

// Sections appear in the order in which they are added. All text is escaped.
class Page {
 public:
  Page(const std::string& title, const std::string& subtitle);
  void tiles(const std::vector<std::pair<std::string, std::string>>& labels_and_values);
  void notes(const std::vector<std::string>& warnings);  // nothing when there are none
  void heading(const std::string& text);
  void paragraph(const std::string& text);
  // SVG; a script adds values under the pointer.
  void charts(const std::vector<Chart>& charts);
  void table(const Table& table);
  // Spectrograms side by side, each with a player that a script ties to it.
  void sounds(const std::vector<SoundRow>& rows, int sample_rate_hz);
  void folded_text(const std::string& label, const std::string& text);
  std::string html() const;

 private:
  // Of templates/section.html, the part of that name.
  void add(const std::string& part, const nlohmann::json& values);
  std::string title_, subtitle_, body_;
};

}  // namespace glowvox::report
