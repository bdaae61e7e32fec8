// SPDX-License-Identifier: MIT
#include "report/template.hpp"

#include <cstdint>
#include <kainjow/mustache.hpp>
#include <map>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace glowvox::report {

namespace {

using kainjow::mustache::data;

const std::map<std::string, std::string>& templates() {
  static const std::map<std::string, std::string> texts = {
#include "report/templates.inc"
  };
  return texts;
}

data to_data(const nlohmann::json& value) {
  if (value.is_object()) {
    data object(data::type::object);
    for (const auto& [name, member] : value.items()) object.set(name, to_data(member));
    return object;
  }
  if (value.is_array()) {
    data list(data::type::list);
    for (const nlohmann::json& item : value) list.push_back(to_data(item));
    return list;
  }
  if (value.is_boolean()) return data(value.get<bool>());
  return data(value.is_string() ? value.get<std::string>() : value.dump());
}

}  // namespace

std::string render(const std::string& name, const nlohmann::json& values) {
  data filled = to_data(values);
  for (const auto& [other, text] : templates()) filled.set(other, text);
  kainjow::mustache::mustache page(templates().at(name));
  std::string out = page.render(filled);
  if (!page.is_valid()) throw std::logic_error(name + ": " + page.error_message());
  return out;
}

std::string data_uri(const std::string& media_type, const std::string& bytes) {
  static constexpr char kDigits[] =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out = "data:" + media_type + ";base64,";
  out.reserve(out.size() + (bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return k < bytes.size() ? static_cast<unsigned char>(bytes[k]) : 0U;
    };
    const std::uint32_t three = byte(i) << 16 | byte(i + 1) << 8 | byte(i + 2);
    out += kDigits[three >> 18];
    out += kDigits[three >> 12 & 63];
    out += i + 1 < bytes.size() ? kDigits[three >> 6 & 63] : '=';
    out += i + 2 < bytes.size() ? kDigits[three & 63] : '=';
  }
  return out;
}

}  // namespace glowvox::report
