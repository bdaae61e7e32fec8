// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>

#include "engine/precision.hpp"

namespace glowvox::engine {

namespace fs = std::filesystem;

namespace {

constexpr int kFormat = 1;
constexpr std::size_t kMostBytes = 8192;  // of a file

// FNV-1a (Fowler, Noll and Vo).
std::uint64_t hash_of(const std::string& text) {
  std::uint64_t hash = 0xcbf29ce484222325;
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

nlohmann::json to_json(const PrecisionChoice::Times& times) {
  return {{"float32_seconds", times.float32}, {"bfloat16_seconds", times.bfloat16}};
}

std::optional<PrecisionChoice::Times> times_of(const nlohmann::json& file, const char* name) {
  const auto found = file.find(name);
  if (found == file.end() || !found->is_object()) return std::nullopt;
  const auto seconds = [&found](const char* of) {
    const auto value = found->find(of);
    return value != found->end() && value->is_number() ? value->get<double>() : 0.0;
  };
  const PrecisionChoice::Times times{seconds("float32_seconds"), seconds("bfloat16_seconds")};
  const auto possible = [](double s) { return std::isfinite(s) && s > 0.0; };
  if (!possible(times.float32) || !possible(times.bfloat16)) return std::nullopt;
  return times;
}

// "" where it is not set.
std::string variable(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr ? "" : value;
}

}  // namespace

std::string precision_cache_folder() {
  if (std::getenv("GLOWVOX_CACHE") != nullptr) {
    const std::string asked = variable("GLOWVOX_CACHE");
    return asked == "off" ? "" : asked;
  }
#if defined(_WIN32)
  const fs::path base = fs::u8path(variable("LOCALAPPDATA"));
#else
  // A relative path is to be ignored, says the XDG Base Directory Specification.
  fs::path base = variable("XDG_CACHE_HOME");
  if (!base.is_absolute() && !variable("HOME").empty()) base = variable("HOME") + "/.cache";
#endif
  return base.is_absolute() ? (base / "glowvox").u8string() : "";
}

std::string PrecisionCache::path_of(const std::string& key) const {
  return (fs::u8path(folder_) / fmt::format("precision-{:016x}.json", hash_of(key))).u8string();
}

std::optional<PrecisionTimes> PrecisionCache::read(const std::string& key) const {
  if (folder_.empty()) return std::nullopt;
  const fs::path path = fs::u8path(path_of(key));
  std::error_code unknown;
  // Whatever else has this name, a pipe without a writer for one, is not waited for.
  if (!fs::is_regular_file(path, unknown)) return std::nullopt;
  std::string text(kMostBytes, '\0');
  std::ifstream in(path, std::ios::binary);
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  text.resize(static_cast<std::size_t>(in.gcount()));
  const nlohmann::json file = nlohmann::json::parse(text, nullptr, false);
  if (!file.is_object() || file.value("format", nlohmann::json()) != kFormat ||
      file.value("key", nlohmann::json()) != key)
    return std::nullopt;
  const auto utterances = times_of(file, "utterances"), frames = times_of(file, "frames");
  if (!utterances || !frames) return std::nullopt;
  return PrecisionTimes{*utterances, *frames};
}

bool PrecisionCache::write(const std::string& key, const PrecisionTimes& times) const {
  if (folder_.empty()) return false;
  const nlohmann::json file = {{"format", kFormat},
                               {"key", key},
                               {"utterances", to_json(times.utterances)},
                               {"frames", to_json(times.frames)}};
  const fs::path path = fs::u8path(path_of(key));
  std::error_code failure;
  fs::create_directories(path.parent_path(), failure);
  // A name of its own for whoever writes at the same time.
  std::random_device random;
  fs::path temporary = path;
  temporary += fmt::format(".{:08x}{:08x}", random(), random());
  {
    std::ofstream out(temporary, std::ios::binary);
    out << file.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) << '\n';
    out.close();
    if (!out) {
      fs::remove(temporary, failure);
      return false;
    }
  }
  fs::rename(temporary, path, failure);
  const bool renamed = !failure;
  if (!renamed) fs::remove(temporary, failure);
  return renamed;
}

}  // namespace glowvox::engine
