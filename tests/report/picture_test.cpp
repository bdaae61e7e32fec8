// SPDX-License-Identifier: MIT
#include "report/picture.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "report/png.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;

TEST_CASE("pictures are written for any length and any curve, with axes where the name says SVG") {
  const test::TemporaryDirectory folder;
  const std::string png = folder.file("x.png"), svg = folder.file("x.SVG");
  const auto written = [&](const std::vector<float>& samples, const report::Track& below) {
    report::write_spectrogram(png, samples, 22050, below);
    CHECK(read_file(png).substr(0, 4) == "\x89PNG");
    report::write_spectrogram(svg, samples, 22050, below);
    const std::string drawing = read_file(svg);
    CHECK(drawing.substr(0, 4) == "<svg");
    CHECK(contains(drawing, "kHz"));
    // Coordinates come in pairs; base64 has neither spaces nor quotes.
    CHECK(!contains(drawing, " nan"));
    CHECK(!contains(drawing, "\"nan"));
    return drawing;
  };
  for (const std::size_t samples : {0, 1, 5000, 2000000}) {
    CAPTURE(samples);
    written(std::vector<float>(samples, 0.0F), {});
  }
  const auto speech = audio::read_audio(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav").samples;
  for (const std::vector<double>& curve :
       {std::vector<double>{}, {3.0}, {1.0, std::nan(""), -2.5, 1e9}})
    CHECK(contains(written(speech, {"nats < 1", curve}), "nats &lt; 1"));
  CHECK(contains(
      test::error_of([&] { report::write_spectrogram(folder.file("no/x.png"), speech, 22050); }),
      "cannot write"));
}

TEST_CASE("a picture needs as many bytes as its size says") {
  CHECK(report::encode_png("x", 2, 1, {255, 0, 0, 0, 0, 255}).substr(0, 4) == "\x89PNG");
  CHECK(contains(test::error_of([] {
                   report::encode_png("x", 2, 2, {0, 0, 0});
                 }),
                 "needs 12 bytes, got 3"));
  CHECK(contains(test::error_of([] { report::encode_png("x", 0, 1, {}); }), "0 x 1"));
}
