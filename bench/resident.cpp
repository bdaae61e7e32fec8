// SPDX-License-Identifier: MIT
// Resident memory of a process that loads a model and synthesizes on one thread, by Linux's count:
// the largest so far, all of now, what of it is the process's own, and what are pages of files
// (the program and its libraries; the model's are given back after loading).
// Usage: bench_resident MODEL fast|small, which prints a Markdown table.
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

void print_row(const char* when) {
  std::printf("| %s | %.1f | %.1f | %.1f | %.1f |\n", when, megabytes("VmHWM"), megabytes("VmRSS"),
              megabytes("RssAnon"), megabytes("RssFile"));
}

}  // namespace

int main(int count, char** arguments) try {
  const std::string memory = count == 3 ? arguments[2] : "";
  if (memory != "fast" && memory != "small")
    throw std::runtime_error("expected MODEL, and fast or small");
  std::printf("| MiB | peak | resident | own | of files |\n|---|---|---|---|---|\n");
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
