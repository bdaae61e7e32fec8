// SPDX-License-Identifier: MIT
#include "evaluation/judging.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "audio/sound_file.hpp"
#include "core/beside.hpp"
#include "core/program.hpp"
#include "glowvox/error.hpp"

namespace glowvox::evaluation {

namespace fs = std::filesystem;

namespace {

const char* const kRecordings = "recordings";

std::string system_folder(std::size_t system) { return fmt::format("system-{}", system); }

std::string name_of(std::size_t file) { return fmt::format("{:06}", file); }

std::string own_folder() {
  std::string name = (fs::temp_directory_path() / "glowvox-judges-XXXXXX").string();
  if (::mkdtemp(name.data()) == nullptr)
    throw Error(name, std::string("cannot make this folder: ") + std::strerror(errno),
                "set TMPDIR to a folder that can be written");
  return name;
}

std::string environment_or(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value != nullptr && *value != '\0' ? value : otherwise;
}

std::string last_line(std::string text) {
  while (!text.empty() && text.back() == '\n') text.pop_back();
  return text.substr(text.find_last_of('\n') + 1);
}

// "<scratch>/system-0/000003: PESQ-WB: why" -> "paths[3]: PESQ-WB: why"
std::string worded(const std::string& line, const std::vector<std::string>& paths) {
  for (std::size_t f = 0; f < paths.size(); ++f) {
    const std::string name = "/" + name_of(f) + ":";
    const std::size_t at = line.find(name);
    if (at != std::string::npos) return paths[f] + line.substr(at + name.size() - 1);
  }
  return line;
}

}  // namespace

Judging::Judging(const JudgingOptions& options)
    : options_{options.python.empty() ? environment_or("GLOWVOX_JUDGES_PYTHON", "python3")
                                      : options.python,
               options.nisqa.empty() ? environment_or("GLOWVOX_NISQA", "") : options.nisqa},
      script_(beside_program("tools/judges/judge.py")),
      folder_(own_folder()) {
  try {
    available_ = eval::parse_available(run({"--available"}), script_);
  } catch (...) {
    fs::remove_all(folder_);
    throw;
  }
}

Judging::~Judging() {
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::string Judging::run(const std::vector<std::string>& arguments) const {
  std::vector<std::string> command = {options_.python, script_, "--nisqa", options_.nisqa};
  command.insert(command.end(), arguments.begin(), arguments.end());
  try {
    const Finished finished = run_program(command, folder_);
    if (finished.status == 0) return finished.out;
    throw Error(script_,
                fmt::format("ended with status {}: {}", finished.status, last_line(finished.err)));
  } catch (const Error& e) {
    throw Error("--judges", e.what(),
                "give a Python that has the packages of tools/judges/requirements.txt by "
                "--judges-python or GLOWVOX_JUDGES_PYTHON");
  }
}

std::string Judging::path_of(const std::string& folder, std::size_t file) const {
  return fmt::format("{}/{}/{}.wav", folder_, folder, name_of(file));
}

void Judging::add(const std::vector<float>& recording,
                  const std::vector<std::vector<float>>& sounds, int rate_hz) {
  rate_hz_ = rate_hz;
  systems_ = sounds.size();
  const auto write = [&](const std::string& folder, const std::vector<float>& samples) {
    fs::create_directories(fs::path(folder_) / folder);
    audio::write_audio(path_of(folder, files_), samples, rate_hz);
  };
  write(kRecordings, recording);
  for (std::size_t s = 0; s < sounds.size(); ++s) write(system_folder(s), sounds[s]);
  ++files_;
}

eval::Verdicts Judging::judge(const std::vector<std::string>& paths) const {
  std::vector<std::string> arguments = {"--json", "--ref", folder_ + "/" + kRecordings};
  std::vector<std::string> names;
  for (std::size_t s = 0; s < systems_; ++s) {
    arguments.emplace_back("--out");
    arguments.push_back(folder_ + "/" + system_folder(s));
  }
  for (std::size_t f = 0; f < files_; ++f) names.push_back(name_of(f));
  eval::Verdicts verdicts = eval::parse_verdicts(run(arguments), script_, names, systems_);
  for (std::string& line : verdicts.failed) line = worded(line, paths);
  return verdicts;
}

std::vector<float> Judging::recording(std::size_t file) const {
  return audio::load_mono(path_of(kRecordings, file), rate_hz_, nullptr);
}

std::vector<float> Judging::sound(std::size_t system, std::size_t file) const {
  return audio::load_mono(path_of(system_folder(system), file), rate_hz_, nullptr);
}

}  // namespace glowvox::evaluation
