// SPDX-License-Identifier: MIT
// Wav files where there is no libsndfile.
#include <doctest/doctest.h>

#include "audio/riff.hpp"
#include "audio/sound_file.hpp"
#include "core/atomic_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::audio;
using test::contains;
using test::error_of;

TEST_CASE("without libsndfile: what is written is read, with a header of unknown length too") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.wav");
  const std::vector<float> x = {0.5F, -0.25F, 0.0F, -1.0F, 0.75F};
  write_audio(path, x, 22050);
  CHECK(read_audio(path).samples == x);
  const std::string sound = read_file(path).substr(kWavHeaderBytes);
  CHECK(read_file(path).substr(0, kWavHeaderBytes) == wav_header(22050, 10));
  for (const std::uint32_t bytes : {0U, kUnknownBytes, 0x7ffff000U}) {
    CAPTURE(bytes);
    write_file(path, wav_header(22050, bytes) + sound);
    CHECK(read_audio(path).samples == x);
    CHECK(probe(path).frames == 5);
  }
  write_file(path, wav_header(22050, 20) + sound);
  CHECK(contains(error_of([&] { read_audio(path); }), "x.wav: is cut short"));
  write_file(path, wav_header(22050, kUnknownBytes));
  CHECK(contains(error_of([&] { read_audio(path); }), "x.wav: holds no samples"));
}
