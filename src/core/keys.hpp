// SPDX-License-Identifier: MIT
// What the fields of a struct are called in files, which values they take and what they mean: said
// once, for reading, writing, checking and the documentation.
#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <variant>
#include <vector>

namespace glowvox {

// The numbers that a key takes; by default any.
struct Range {
  double least = -std::numeric_limits<double>::infinity();
  double most = std::numeric_limits<double>::infinity();
  bool open = false;           // `least` itself is outside
  std::string words = "";      // in place of "LEAST to MOST"
  std::string most_is = "";    // for the documentation, where `most` depends on other keys
  std::string condition = "";  // likewise, where the key has no effect otherwise
  bool checked = true;         // whether that holds

  Range named(std::string upper_end) const;  // sets most_is
  Range where(bool holds, std::string when) const;
  bool contains(double value) const;
  std::string text() const;  // "1 to 1024"
};
constexpr double kAnyFinite = std::numeric_limits<double>::max();
Range between(double least, double most, std::string words = "");
Range above(double least, double most, std::string words);

// One of a few names: an enumeration's, in the order of its values, which count from 0.
struct Choice {
  std::vector<std::string> names;
  std::size_t index;
  std::function<void(std::size_t)> choose;
};
template <typename Enum, std::size_t kCount>
Choice choice(Enum& value, const char* const (&names)[kCount]) {
  return {{names, names + kCount}, static_cast<std::size_t>(value), [&value](std::size_t index) {
            value = static_cast<Enum>(index);
          }};
}

// The name of a set of values that the section's other keys start from. First of a section's keys,
// it may stand in place of them all; it is read, and never written.
struct Preset {
  std::vector<std::string> names;
  std::function<void(const std::string&)> start;  // throws Error where there is no such preset
};

struct Key;
using Keys = std::vector<Key>;  // of a section, in the order in which they are written

struct Key {
  const char* name;
  // A pointer to the field, which lives longer than the key; or what stands for it.
  std::variant<bool*, int*, double*, std::string*, std::vector<int>*, std::vector<float>*, Choice,
               Preset, Keys>
      value;
  const char* meaning;  // one or more sentences
  Range range = {};     // of a number, or of each one of a list
  const char* unit = "";
};

// The first number of a key that its range does not hold.
std::optional<double> outside(const Key& key);

}  // namespace glowvox
