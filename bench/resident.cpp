// SPDX-License-Identifier: MIT
// Resident memory of a process that loads a model and synthesizes on one thread, by Linux's count:
// the largest so far, all of now, what of it is the process's own, and what are pages of files
// (the program and its libraries; the model's are given back after loading). And the pages of its
// anonymous mappings by mincore, which sees them under an emulator too: there the other figures are
// the emulator's.
// Usage: bench_resident MODEL fast|small, which prints a Markdown table.
#include <sys/mman.h>
#include <unistd.h>

#include <cstdio>
#include <fstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "glowvox/vocoder.hpp"

namespace {

using namespace glowvox;

constexpr int kFrames = 200;

double megabytes(const std::string& what) {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.rfind(what + ":", 0) == 0) return std::stod(line.substr(what.size() + 1)) / 1024.0;
  throw std::runtime_error("/proc/self/status has no " + what);
}

// Of mappings without a file, the pages that are in memory.
double anonymous_megabytes() {
  std::ifstream maps("/proc/self/maps");
  std::size_t pages = 0;
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  std::vector<unsigned char> there;
  for (std::string line; std::getline(maps, line);) {
    unsigned long long start = 0, end = 0, inode = 0;
    char access[5] = "";
    if (std::sscanf(line.c_str(), "%llx-%llx %4s %*s %*s %llu", &start, &end, access, &inode) !=
            4 ||
        inode != 0 || access[0] != 'r')
      continue;
    there.assign((end - start + page - 1) / page, 0);
    if (::mincore(reinterpret_cast<void*>(start), end - start, there.data()) != 0) continue;
    for (const unsigned char one : there) pages += one & 1;
  }
  return static_cast<double>(pages * page) / (1024.0 * 1024.0);
}

void print_row(const char* when) {
  std::printf("| %s | %.1f | %.1f | %.1f | %.1f | %.1f |\n", when, megabytes("VmHWM"),
              megabytes("VmRSS"), megabytes("RssAnon"), megabytes("RssFile"),
              anonymous_megabytes());
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string memory = count == 3 ? arguments[2] : "";
  if (memory != "fast" && memory != "small")
    throw std::runtime_error("expected MODEL, and fast or small");
  std::printf(
      "| MiB | peak | resident | own | of files | own, by mincore |\n|---|---|---|---|---|---|\n");
  print_row("started");
  const Vocoder vocoder = Vocoder::load(arguments[1], Precision::kFloat32,
                                        memory == "small" ? Memory::kSmall : Memory::kFast);
  print_row("loaded");
  const Mel mel{kFrames, vocoder.mel().bands,
                std::vector<float>(static_cast<std::size_t>(kFrames * vocoder.mel().bands), -4.0F)};
  const SynthesisOptions options{0.7, 1, 1};
  {
    Stream stream(vocoder, options);
    std::size_t samples = 0;
    for (std::int64_t t = 0; t < mel.frames; ++t)
      samples += stream.push(&mel.values[static_cast<std::size_t>(t * mel.bands)], 1).count;
    samples += stream.finish().count;
    if (static_cast<std::int64_t>(samples) != vocoder.sample_count(mel.frames))
      throw std::runtime_error("the stream gave another number of samples");
    print_row("a stream, frame by frame");
  }
  const auto whole = vocoder.synthesize(mel, options);
  if (static_cast<std::int64_t>(whole.size()) != vocoder.sample_count(mel.frames))
    throw std::runtime_error("synthesis gave another number of samples");
  print_row("a whole utterance");
} catch (const std::exception& error) {
  std::fprintf(stderr, "bench_resident: %s\n", error.what());
  return 1;
}
