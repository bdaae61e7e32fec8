// SPDX-License-Identifier: MIT
#include "core/keys.hpp"

#include <fmt/format.h>

namespace glowvox {

Range between(double least, double most, std::string words) {
  return {least, most, false, std::move(words)};
}

Range above(double least, double most, std::string words) {
  return {least, most, true, std::move(words)};
}

Range Range::named(std::string upper_end) const {
  Range range = *this;
  range.most_is = std::move(upper_end);
  return range;
}

Range Range::where(bool holds, std::string when) const {
  Range range = *this;
  range.checked = holds;
  range.condition = std::move(when);
  return range;
}

bool Range::contains(double value) const {
  const bool any = least == -std::numeric_limits<double>::infinity();
  return any || (value >= least && value <= most && !(open && value == least));
}

std::string Range::text() const {
  return words.empty() ? fmt::format("{} to {}", least, most) : words;
}

std::optional<double> outside(const Key& key) {
  if (!key.range.checked) return std::nullopt;
  const auto first_of = [&](const auto* begin, std::size_t count) -> std::optional<double> {
    for (std::size_t i = 0; i < count; ++i)
      if (!key.range.contains(static_cast<double>(begin[i]))) return static_cast<double>(begin[i]);
    return std::nullopt;
  };
  if (const auto* one = std::get_if<int*>(&key.value)) return first_of(*one, 1);
  if (const auto* one = std::get_if<double*>(&key.value)) return first_of(*one, 1);
  if (const auto* all = std::get_if<std::vector<int>*>(&key.value))
    return first_of((*all)->data(), (*all)->size());
  return std::nullopt;
}

}  // namespace glowvox
