// SPDX-License-Identifier: MIT
// What a reader of the documents follows is there.
#include <doctest/doctest.h>

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <regex>
#include <string>
#include <vector>

#include "core/atomic_file.hpp"

using namespace glowvox;
namespace fs = std::filesystem;

namespace {

const fs::path kRoot = fs::path(GLOWVOX_CONFIGS).parent_path();

std::vector<fs::path> documents() {
  std::vector<fs::path> found;
  for (const fs::path& folder : {kRoot, kRoot / "docs"})
    for (const auto& entry : fs::directory_iterator(folder))
      if (entry.path().extension() == ".md") found.push_back(entry.path());
  return found;
}

// The name that GitHub gives a heading: lower case, blanks as hyphens, no punctuation.
std::string anchor_of(const std::string& heading) {
  std::string anchor;
  for (const char c : heading) {
    if (c == ' ') anchor += '-';
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '-' || c == '_')
      anchor += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return anchor;
}

bool has_heading(const std::string& text, const std::string& anchor) {
  static const std::regex heading("(?:^|\n)#+ ([^\n]+)");
  for (std::sregex_iterator at(text.begin(), text.end(), heading), end; at != end; ++at)
    if (anchor_of((*at)[1]) == anchor) return true;
  return false;
}

}  // namespace

TEST_CASE("every relative link of the documents leads to a file, and to a heading of it") {
  static const std::regex link(R"(\]\(([^)\s#]*)(?:#([^)\s]*))?\))");
  int followed = 0;
  for (const fs::path& document : documents()) {
    const std::string text = read_file(document.string());
    for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
      const std::string to = (*at)[1], anchor = (*at)[2];
      if (to.find("://") != std::string::npos) continue;
      const std::string from = document.filename().string();
      CAPTURE(from);
      CAPTURE(to);
      CAPTURE(anchor);
      ++followed;
      const fs::path target = to.empty() ? document : document.parent_path() / to;
      CHECK(fs::exists(target));
      if (!anchor.empty() && fs::exists(target))
        CHECK(has_heading(read_file(target.string()), anchor));
    }
  }
  CHECK(followed > 50);
}

TEST_CASE("README is a welcome, at most 120 lines long") {
  const std::string readme = read_file((kRoot / "README.md").string());
  CHECK(std::count(readme.begin(), readme.end(), '\n') <= 120);
}
