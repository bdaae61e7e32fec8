// SPDX-License-Identifier: MIT
// Between two recordings, and along what an attribute adds.
#include <doctest/doctest.h>

#include <cmath>

#include "audio/sound_file.hpp"
#include "eval/difference.hpp"
#include "golden.hpp"
#include "latents/latents.hpp"
#include "printed.hpp"

using namespace glowvox;
using test::contains;

namespace {

// Two tones, a.wav and the shorter b.wav.
class Tones : public test::TemporaryDirectory {
 public:
  Tones() {
    write("a.wav", 5120, 0.05);
    write("b.wav", 4096, 0.11);
    options.engine.model = test::golden_model("waveglow");
    options.from = file("a.wav");
    options.out = file("out.wav");
  }
  void write(const std::string& name, int samples, double frequency) const {
    std::vector<float> tone;
    for (int i = 0; i < samples; ++i)
      tone.push_back(static_cast<float>(0.2 * std::sin(frequency * i)));
    audio::write_audio(file(name), tone, 22050);
  }
  std::vector<float> morphed() const {
    const test::PrintedOutput printed;
    latents::morph(options);
    return audio::read_audio(options.out).samples;
  }
  std::vector<float> read(const std::string& name) const {
    return audio::read_audio(file(name)).samples;
  }
  latents::MorphOptions options;
};

}  // namespace

TEST_CASE("a morph of amount 0 is the one recording, over what both have") {
  Tones tones;
  tones.options.to = tones.file("b.wav");
  tones.options.amount = 0.0;
  std::vector<float> expected = tones.read("a.wav");
  expected.resize(4096);
  // Its own latents and mel, but of the last frames, which hear what follows.
  std::vector<float> got = tones.morphed();
  REQUIRE(got.size() == expected.size());
  expected.resize(1024);
  got.resize(1024);
  CHECK(eval::largest_difference(expected, got) < 1e-3);
}

TEST_CASE("what an attribute adds to itself is nothing") {
  Tones tones;
  tones.options.plus = tones.options.minus = {tones.file("b.wav")};
  tones.options.amount = 3.0;
  CHECK(eval::largest_difference(tones.read("a.wav"), tones.morphed()) < 1e-3);
}

TEST_CASE("options of a morph that do not belong together") {
  Tones tones;
  const auto refused = [&] { return test::error_of([&] { latents::morph(tones.options); }); };
  CHECK(contains(refused(), "--to, or --plus and --minus: expected the one or the other two"));
  tones.options.to = tones.file("b.wav");
  tones.options.amount = 1.5;
  CHECK(contains(refused(), "--amount: expected a value in [0, 1] with --to, got 1.5"));
  tones.options.minus = {tones.file("b.wav")};
  CHECK(contains(refused(), "--to, or --plus and --minus"));
}
