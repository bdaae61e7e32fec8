// SPDX-License-Identifier: MIT
// Ways of making a recording's sound again.
#include "evaluation/systems.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "evaluation/judging.hpp"
#include "golden.hpp"

using namespace glowvox;
using test::contains;

namespace {

evaluation::Item tone(int samples) {
  evaluation::Item item{"tone.wav", 22050, {}};
  for (int i = 0; i < samples; ++i)
    item.samples.push_back(static_cast<float>(0.2 * std::sin(0.05 * i)));
  return item;
}

}  // namespace

TEST_CASE("baselines make as many samples as the recording has, the same for the same seed") {
  CHECK(evaluation::is_baseline("noise"));
  CHECK(evaluation::is_baseline("griffin-lim"));
  CHECK_FALSE(evaluation::is_baseline(evaluation::kLatents));
  const evaluation::Item item = tone(6000);
  const auto made = evaluation::baseline("noise", 1).make(item);
  CHECK(made.size() == item.samples.size());
  CHECK(evaluation::baseline("noise", 1).make(item) == made);
  CHECK(evaluation::baseline("noise", 2).make(item) != made);
}

TEST_CASE("a model is a system at every temperature, and from smoothed mels where asked") {
  EngineOptions engine;
  engine.sigma = 0.5;
  const auto vocoder =
      std::make_shared<Vocoder>(Vocoder::load(test::golden_model("waveglow"), Precision::kFloat32));
  const auto names = [&](const std::vector<double>& sigmas, bool as_if_predicted) {
    std::string all;
    for (const auto& s : evaluation::systems_of_model(engine, sigmas, as_if_predicted, vocoder))
      all += s.name + "; ";
    return all;
  };
  CHECK(names({}, false) == "sigma 0.5; ");
  CHECK(names({0, 0.7}, true) ==
        "sigma 0; sigma 0 as if predicted; sigma 0.7; sigma 0.7 as if predicted; ");
  const auto systems = evaluation::systems_of_model(engine, {0.0}, true, vocoder);
  CHECK(systems[0].make(tone(2560)) != systems[1].make(tone(2560)));
}

TEST_CASE("somebody's sounds are found by the recordings' names, whatever their extensions") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.file("theirs/anna"));
  audio::write_audio(folder.file("theirs/anna/1.flac"), tone(500).samples, 22050);
  const auto system = evaluation::files_of(folder.file("theirs"), folder.file("ref"));
  CHECK(system.make({folder.file("ref/anna/1.wav"), 22050, {}}).size() == 500);
  CHECK(contains(test::error_of([&] {
                   system.make({folder.file("ref/anna/2.wav"), 22050, {}});
                 }),
                 "theirs/anna/2: expected a .wav, .flac or .ogg of this name, for "));
}

TEST_CASE("judges that do not run: what they said last, and what to do") {
  const test::TemporaryDirectory folder;
  const std::string python = folder.file("python");
  write_file(python, "#!/bin/sh\necho 'Traceback' >&2\necho 'No module named pesq' >&2\nexit 3\n");
  std::filesystem::permissions(python, std::filesystem::perms::owner_all);
  const std::string said = test::error_of([&] { evaluation::Judging({python, ""}); });
  CHECK(contains(said, "--judges: "));
  CHECK(contains(said, "ended with status 3: No module named pesq"));
  CHECK(contains(said, "--judges-python"));
}
