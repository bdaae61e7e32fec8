// SPDX-License-Identifier: MIT
// Reading and writing a configuration by its keys.
#include "config/model_config.hpp"

#include <yaml-cpp/yaml.h>

#include <algorithm>
#include <set>

#include "config/schema.hpp"
#include "dsp/mel_keys.hpp"
#include "glowvox/error.hpp"

namespace glowvox::config {

namespace {

std::string got(const YAML::Node& node) {
  if (node.IsScalar()) return "'" + node.Scalar() + "'";
  if (node.IsSequence()) return "a list";
  if (node.IsMap()) return "a map";
  return "nothing";
}

template <typename T>
T as(const YAML::Node& node, const std::string& place, const char* expected) {
  try {
    return node.as<T>();
  } catch (const YAML::Exception&) {
    throw Error(place, std::string("expected ") + expected + ", got " + got(node));
  }
}

const char* type_name(bool) { return "true or false"; }
const char* type_name(int) { return "a whole number"; }
const char* type_name(double) { return "a number"; }
const char* type_name(const std::string&) { return "text"; }
const char* type_name(const std::vector<int>&) { return "a list of whole numbers"; }
const char* type_name(const std::vector<float>&) { return "a list of numbers"; }

// Sets one key's field from a node. place: "FILE: net.kernel".
struct ValueReader {
  const YAML::Node& node;
  const std::string& where;  // the file
  const std::string& path;   // of keys: "net.kernel"

  std::string place() const { return path.empty() ? where : where + ": " + path; }

  template <typename T>
  void operator()(T* value) const {
    *value = as<T>(node, place(), type_name(*value));
  }

  void operator()(const Choice& choice) const {
    std::string names;
    for (std::size_t i = 0; i < choice.names.size(); ++i) {
      if (node.IsScalar() && node.Scalar() == choice.names[i]) return choice.choose(i);
      names += (i == 0 ? "" : ", ") + choice.names[i];
    }
    throw Error(place(), "expected one of " + names + "; got " + got(node));
  }

  void operator()(const Preset& preset) const {
    preset.start(as<std::string>(node, place(), type_name(std::string())));
  }

  void operator()(const Keys& keys) const {
    if (node.IsScalar() && !keys.empty())
      if (const auto* preset = std::get_if<Preset>(&keys.front().value)) return (*this)(*preset);
    if (!node.IsMap()) throw Error(place(), "expected a map of keys, got " + got(node));
    std::set<std::string> known;
    for (const Key& key : keys) {
      known.insert(key.name);
      if (const YAML::Node child = node[key.name])
        std::visit(ValueReader{child, where, inside(key.name)}, key.value);
    }
    for (const auto& entry : node) {
      if (!entry.first.IsScalar())
        throw Error(place(), "expected text as a key, got " + got(entry.first));
      if (known.count(entry.first.Scalar()) > 0) continue;
      std::string names;
      for (const std::string& name : known) names += (names.empty() ? "" : ", ") + name;
      throw Error(ValueReader{node, where, inside(entry.first.Scalar())}.place(), "unknown key",
                  "the keys here are " + names);
    }
  }

  std::string inside(const std::string& key) const { return path.empty() ? key : path + "." + key; }
};

struct ValueWriter {
  YAML::Emitter& out;

  template <typename T>
  void operator()(const T* value) const {
    out << *value;
  }
  template <typename T>
  void operator()(const std::vector<T>* list) const {
    out << YAML::Flow << *list;
  }
  void operator()(const Choice& choice) const { out << choice.names.at(choice.index); }
  void operator()(const Preset&) const {}
  void operator()(const Keys& keys) const {
    out << YAML::BeginMap;
    for (const Key& key : keys) {
      if (std::holds_alternative<Preset>(key.value)) continue;
      out << YAML::Key << key.name << YAML::Value;
      std::visit(*this, key.value);
    }
    out << YAML::EndMap;
  }
};

void read(const std::string& yaml, const std::string& where, const std::string& path,
          const Keys& keys) {
  YAML::Node node;
  try {
    node = YAML::Load(yaml);
  } catch (const YAML::Exception& e) {
    throw Error(where, std::string("is not YAML: ") + e.what());
  }
  ValueReader{node, where, path}(keys);
}

}  // namespace

MelSpec parse_mel_spec(const std::string& yaml, const std::string& where, const MelSpec& base) {
  MelSpec mel = base;
  read(yaml, where, "mel", mel_keys(mel));
  validate(mel, where);
  return mel;
}

ModelConfig parse_config(const std::string& yaml, const std::string& where) {
  ModelConfig config;
  read(yaml, where, "", keys_of(config));
  validate(config, where);
  return config;
}

std::string to_yaml(const ModelConfig& config) {
  ModelConfig copy = config;
  YAML::Emitter out;
  out.SetFloatPrecision(9);
  out.SetDoublePrecision(17);
  ValueWriter{out}(keys_of(copy));
  return out.c_str();
}

}  // namespace glowvox::config
