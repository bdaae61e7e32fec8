// SPDX-License-Identifier: MIT
// One list of keys for reading and for writing.
#pragma once

#include <yaml-cpp/yaml.h>

#include <map>
#include <set>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "glowvox/error.hpp"

namespace glowvox::config {

// The names of an enum's values, specialised beside the configuration.
template <typename E>
const std::vector<std::pair<E, std::string>>& enum_names();

template <typename E>
const std::string& name_of(E value) {
  for (const auto& [v, name] : enum_names<E>())
    if (v == value) return name;
  throw Error("configuration", "an enumeration value without a name");
}

// Reads the keys of one YAML map; done() refuses what nobody asked for.
class MapReader {
 public:
  MapReader(YAML::Node node, std::string where, std::string path)
      : node_(std::move(node)), where_(std::move(where)), path_(std::move(path)) {
    if (!node_.IsMap()) throw Error(place(""), "expected a map of keys, got " + got(node_));
  }

  template <typename T>
  void operator()(const std::string& key, T& value) {
    seen_.insert(key);
    const YAML::Node child = node_[key];
    if (!child) return;
    if constexpr (std::is_enum_v<T>) {
      std::string names;
      for (const auto& [v, name] : enum_names<T>()) {
        if (child.IsScalar() && child.Scalar() == name) {
          value = v;
          return;
        }
        names += (names.empty() ? "" : ", ") + name;
      }
      throw Error(place(key), "expected one of " + names + "; got " + got(child));
    } else {
      try {
        value = child.as<T>();
      } catch (const YAML::Exception&) {
        throw Error(place(key), std::string("expected ") + type_name<T>() + ", got " + got(child));
      }
    }
  }

  template <typename F>
  void map(const std::string& key, F&& fields) {
    seen_.insert(key);
    if (!node_[key]) return;
    MapReader child(node_[key], where_, path_.empty() ? key : path_ + "." + key);
    fields(child);
    child.done();
  }

  // Marks a key as known and returns its node (possibly undefined).
  YAML::Node take(const std::string& key) {
    seen_.insert(key);
    return node_[key];
  }

  void done() const {
    for (const auto& entry : node_) {
      if (!entry.first.IsScalar())
        throw Error(place(""), "expected text as a key, got " + got(entry.first));
      const std::string key = entry.first.Scalar();
      if (seen_.count(key)) continue;
      std::string known;
      for (const std::string& name : seen_) known += (known.empty() ? "" : ", ") + name;
      throw Error(place(key), "unknown key", "the keys here are " + known);
    }
  }

  std::string place(const std::string& key) const {
    const std::string full = path_.empty() || key.empty() ? path_ + key : path_ + "." + key;
    return full.empty() ? where_ : where_ + ": " + full;
  }

 private:
  template <typename T>
  static const char* type_name() {
    if constexpr (std::is_same_v<T, bool>) return "true or false";
    if constexpr (std::is_integral_v<T>) return "a whole number";
    if constexpr (std::is_floating_point_v<T>) return "a number";
    if constexpr (std::is_same_v<T, std::string>) return "text";
    if constexpr (std::is_same_v<T, std::vector<float>>) return "a list of numbers";
    return "a list of whole numbers";
  }
  static std::string got(const YAML::Node& node) {
    if (node.IsScalar()) return "'" + node.Scalar() + "'";
    if (node.IsSequence()) return "a list";
    if (node.IsMap()) return "a map";
    return "nothing";
  }

  YAML::Node node_;
  std::string where_;
  std::string path_;
  std::set<std::string> seen_;
};

// Writes the same keys.
class MapWriter {
 public:
  explicit MapWriter(YAML::Emitter& out) : out_(out) {}

  template <typename T>
  void operator()(const std::string& key, const T& value) {
    out_ << YAML::Key << key << YAML::Value;
    if constexpr (std::is_enum_v<T>) {
      out_ << name_of(value);
    } else if constexpr (std::is_same_v<T, std::vector<int>> ||
                         std::is_same_v<T, std::vector<float>>) {
      out_ << YAML::Flow << value;
    } else {
      out_ << value;
    }
  }

  template <typename F>
  void map(const std::string& key, F&& fields) {
    out_ << YAML::Key << key << YAML::Value << YAML::BeginMap;
    fields(*this);
    out_ << YAML::EndMap;
  }

 private:
  YAML::Emitter& out_;
};

}  // namespace glowvox::config
