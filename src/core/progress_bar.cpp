// SPDX-License-Identifier: MIT
#include "core/progress_bar.hpp"

#include <algorithm>
#include <cstdio>

#include "core/messages.hpp"
#include "core/platform_tools.hpp"
#include "core/printable.hpp"

namespace glowvox {

namespace {
constexpr std::chrono::milliseconds kTerminalInterval(100);
constexpr std::chrono::seconds kLogInterval(30);
constexpr int kWidth = 20;

// A line longer than the terminal would not be overwritten by the next one.
std::string fit(const std::string& line) {
  const int columns = platform::terminal_columns(::fileno(messages()));
  if (columns < 2) return line;
  std::size_t end = std::min(line.size(), static_cast<std::size_t>(columns) - 1);
  // Not in the middle of a UTF-8 character.
  while (end < line.size() && end > 0 && (line[end] & 0xc0) == 0x80) --end;
  return line.substr(0, end);
}
}  // namespace

ProgressBar::ProgressBar() : terminal_(platform::is_terminal(::fileno(messages()))) {}

void ProgressBar::show(double fraction, const std::string& text) {
  const auto now = Clock::now();
  const int filled = static_cast<int>(std::clamp(fraction, 0.0, 1.0) * kWidth);
  line_ =
      "[" + std::string(filled, '#') + std::string(kWidth - filled, '.') + "] " + printable(text);
  const auto interval =
      terminal_ ? Clock::duration(kTerminalInterval) : Clock::duration(kLogInterval);
  if (now - last_ < interval) return;
  last_ = now;
  if (terminal_) {
    std::fprintf(messages(), "\r\033[K%s", fit(line_).c_str());
    drawn_ = true;
  } else {
    std::fprintf(messages(), "%s\n", line_.c_str());
  }
  std::fflush(messages());
}

void ProgressBar::clear() {
  if (drawn_) std::fputs("\r\033[K", messages());
  drawn_ = false;
}

void ProgressBar::finish() {
  if (line_.empty()) return;
  if (terminal_) std::fprintf(messages(), "\r\033[K%s\n", fit(line_).c_str());
  line_.clear();
  drawn_ = false;
}

}  // namespace glowvox
