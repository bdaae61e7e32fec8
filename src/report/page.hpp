// SPDX-License-Identifier: MIT
// One HTML file that holds everything it shows: it opens offline and can be sent to somebody.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace glowvox::report {

struct Curve {
  std::string name;
  std::vector<double> x, y;  // equally many; what is not finite interrupts the line
};

struct Chart {
  std::string title, x_label, y_label;
  bool log_y = false;  // values that are not positive interrupt the line
  std::vector<Curve> curves;
};

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
  // Drawn here as SVG, thinned to what a screen shows; a script adds values under the pointer.
  void charts(const std::vector<Chart>& charts);
  void table(const Table& table);
  // Spectrograms side by side, each with a player.
  void sounds(const std::vector<SoundRow>& rows, int sample_rate_hz);
  void folded_text(const std::string& label, const std::string& text);
  std::string html() const;

 private:
  std::string title_, subtitle_, body_;
  int charts_ = 0;
};

std::string escape_html(const std::string& text);

}  // namespace glowvox::report
