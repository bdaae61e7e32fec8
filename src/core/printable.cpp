// SPDX-License-Identifier: MIT
#include "core/printable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>
#include <vector>

namespace glowvox {

namespace {

struct Character {
  std::uint32_t code = 0;
  std::size_t bytes = 0;  // 0: not UTF-8
};

// The shortest form of a code point that is one (RFC 3629).
Character character_at(const std::string& text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1};
  const std::size_t bytes = lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
  if (lead < 0xc2 || lead > 0xf4 || at + bytes > text.size()) return {};
  std::uint32_t code = lead & (0x7fU >> bytes);
  for (std::size_t i = 1; i < bytes; ++i) {
    if ((byte(at + i) & 0xc0) != 0x80) return {};
    code = code << 6 | (byte(at + i) & 0x3fU);
  }
  const std::uint32_t least = bytes == 4 ? 0x10000 : bytes == 3 ? 0x800 : 0x80;
  if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) return {};
  return {code, bytes};
}

bool unseen(std::uint32_t code) {
  const auto in = [code](std::uint32_t first, std::uint32_t last) {
    return code >= first && code <= last;
  };
  return in(0x80, 0x9f) ||                            // control characters
         in(0x2028, 0x202e) || in(0x2060, 0x206f) ||  // ends of lines, directions, invisible signs
         code == 0x200b || code == 0x200e || code == 0x200f || code == 0xfeff ||
         in(0xfff9, 0xfffb) || (code & 0xfffe) == 0xfffe || in(0xe0000, 0xe0fff);
}

std::string escaped(std::uint32_t code) {
  switch (code) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return fmt::format("\\x{:02x}", code);
  }
}

}  // namespace

std::string printable(const std::string& text, std::size_t most) {
  std::vector<std::string> shown;
  for (std::size_t at = 0; at < text.size();) {
    const Character c = character_at(text, at);
    if (c.bytes == 0)
      shown.push_back(escaped(static_cast<unsigned char>(text[at])));
    else if (c.code < 0x20 || c.code == 0x7f)
      shown.push_back(escaped(c.code));
    else if (unseen(c.code))
      shown.push_back(fmt::format("\\u{{{:04x}}}", c.code));
    else
      shown.push_back(text.substr(at, c.bytes));
    at += std::max<std::size_t>(c.bytes, 1);
  }
  const std::size_t head = shown.size() > most ? most * 2 / 3 : shown.size();
  const std::size_t tail = shown.size() > most ? most - head : 0;
  std::string out;
  for (std::size_t i = 0; i < head; ++i) out += shown[i];
  if (tail > 0) out += " ... ";
  for (std::size_t i = shown.size() - tail; i < shown.size(); ++i) out += shown[i];
  return out;
}

}  // namespace glowvox
