// SPDX-License-Identifier: MIT
#include "train_tool/train_tool.hpp"

#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

#include "audio/sound_file.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::test {

namespace fs = std::filesystem;

TrainFolder::TrainFolder() {
  // Loops this small are faster so, and do not mind what else the machine does.
  ::setenv("OMP_WAIT_POLICY", "passive", 1);
  fs::create_directories(data());
  const std::vector<float> all = audio::read_audio(speech_file()).samples;
  const std::size_t third = all.size() / 3;
  for (int i = 0; i < 3; ++i)
    audio::write_audio(data() + "/" + std::to_string(i) + ".wav",
                       {all.begin() + static_cast<std::ptrdiff_t>(i * third),
                        all.begin() + static_cast<std::ptrdiff_t>((i + 1) * third)},
                       22050);
}

std::string TrainFolder::train(const std::string& name, const std::string& more) const {
  const std::string products = more.find("--bf16") == std::string::npos ? "--float32 " : "";
  return "train " + config("tiny") + " --data " + data() + " --out " + file(name) + " " + products +
         more;
}

double TrainFolder::last(const std::string& name, const std::string& column) const {
  const std::string text = read_file(file(name + "/metrics.csv"));
  const auto cells = [](const std::string& line) {
    std::vector<std::string> all;
    std::istringstream stream(line);
    for (std::string cell; std::getline(stream, cell, ',');) all.push_back(cell);
    return all;
  };
  const auto header = cells(text.substr(0, text.find('\n')));
  const auto row = cells(text.substr(text.rfind('\n', text.size() - 2) + 1));
  const auto found = std::find(header.begin(), header.end(), column);
  REQUIRE(found < header.begin() + static_cast<std::ptrdiff_t>(row.size()));
  return std::atof(row[static_cast<std::size_t>(found - header.begin())].c_str());
}

Background::Background(const std::string& command) : pid_(::fork()) {
  if (pid_ > 0) return;
  ::setpgid(0, 0);
  ::execl("/bin/sh", "sh", "-c", ("exec " + command).c_str(), nullptr);
  ::_exit(127);
}

Background::~Background() {
  if (ended_) return;
  kill(SIGKILL);
  wait(10.0);
}

void Background::kill(int signal) const {
  for (const pid_t child : children_of(pid_)) ::kill(child, signal);
  ::kill(pid_, signal);
}

int Background::wait(double seconds) {
  const auto end = std::chrono::steady_clock::now() +
                   std::chrono::milliseconds(static_cast<std::int64_t>(1000.0 * seconds));
  do {
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      ended_ = true;
      return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  } while (std::chrono::steady_clock::now() < end);
  return -1;
}

double largest_difference(const std::string& a, const std::string& b) {
  const auto one = safetensors::read_safetensors(a), other = safetensors::read_safetensors(b);
  REQUIRE(one.tensors.size() == other.tensors.size());
  double most = 0.0;
  for (const auto& [name, tensor] : one.tensors) {
    const std::string& bytes = other.tensors.at(name).bytes;
    REQUIRE(tensor.bytes.size() == bytes.size());
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      float x = 0.0f, y = 0.0f;
      std::memcpy(&x, &tensor.bytes[i], 4);
      std::memcpy(&y, &bytes[i], 4);
      most = std::max(most, std::fabs(static_cast<double>(x) - y));
    }
  }
  return most;
}

std::vector<pid_t> children_of(pid_t parent) {
  std::vector<pid_t> found;
  for (const auto& entry : fs::directory_iterator("/proc")) {
    const std::string name = entry.path().filename();
    if (name.find_first_not_of("0123456789") != std::string::npos) continue;
    std::ifstream status(entry.path() / "stat");
    std::string line;
    std::getline(status, line);
    // pid (name) state parent: the name may hold spaces and brackets.
    const auto close = line.rfind(')');
    if (close == std::string::npos) continue;
    if (std::stol(line.substr(close + 4)) == parent) found.push_back(std::stoi(name));
  }
  return found;
}

}  // namespace glowvox::test
