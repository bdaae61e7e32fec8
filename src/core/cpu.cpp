// SPDX-License-Identifier: MIT
#include "core/cpu.hpp"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

#include <cstring>
#include <fstream>

namespace glowvox {

bool has_fast_bfloat16() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx512bf16");
#else
  return false;
#endif
}

namespace {

#if defined(__x86_64__)
std::string brand() {
  constexpr unsigned kFirst = 0x80000002, kLast = 0x80000004;
  std::string name;
  for (unsigned leaf = kFirst; leaf <= kLast; ++leaf) {
    unsigned words[4] = {};
    if (__get_cpuid(leaf, &words[0], &words[1], &words[2], &words[3]) == 0) return "x86-64";
    char letters[sizeof words];
    std::memcpy(letters, words, sizeof words);
    name.append(letters, sizeof letters);
  }
  name.resize(std::strlen(name.c_str()));
  const std::size_t first = name.find_first_not_of(' '), last = name.find_last_not_of(' ');
  return first == std::string::npos ? "x86-64" : name.substr(first, last - first + 1);
}
#else
// "CPU implementer : 0x41" and "CPU part : 0xd0c" of every core, each pair once.
std::string brand() {
  std::ifstream table("/proc/cpuinfo");
  std::string names, implementer;
  for (std::string line; std::getline(table, line);) {
    const std::string value = line.substr(line.find_last_of(' ') + 1);
    if (line.rfind("CPU implementer", 0) == 0) implementer = value;
    if (line.rfind("CPU part", 0) != 0) continue;
    const std::string core = implementer + "/" + value;
    if (names.find(core) == std::string::npos) names += (names.empty() ? "" : " ") + core;
  }
  return names.empty() ? "one processor" : "cores " + names;
}
#endif

}  // namespace

std::string processor_name() { return brand(); }

}  // namespace glowvox
