// SPDX-License-Identifier: MIT
#include "audio/sound_file.hpp"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "audio/resample.hpp"
#include "audio/riff.hpp"
#include "core/atomic_file.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::audio;
using test::contains;
using test::error_of;

namespace {

std::vector<float> sine(std::size_t samples, double hz, double rate_hz, double level = 0.5) {
  std::vector<float> x(samples);
  for (std::size_t i = 0; i < samples; ++i)
    x[i] = static_cast<float>(level *
                              std::sin(6.283185307179586 * hz * static_cast<double>(i) / rate_hz));
  return x;
}

// A float wav made by hand: format 3, 32 bits.
std::string float_wav(const std::vector<std::uint32_t>& bits, int channels, int rate_hz) {
  const auto bytes = static_cast<std::uint32_t>(bits.size() * 4);
  std::string out = "RIFF" + little_endian(36 + bytes, 4) + "WAVEfmt " + little_endian(16, 4) +
                    little_endian(3, 2) + little_endian(channels, 2) + little_endian(rate_hz, 4) +
                    little_endian(rate_hz * 4 * channels, 4) + little_endian(4 * channels, 2) +
                    little_endian(32, 2) + "data" + little_endian(bytes, 4);
  for (const std::uint32_t value : bits) out += little_endian(value, 4);
  return out;
}

constexpr std::uint32_t kOne = 0x3f800000u;
constexpr std::uint32_t kHalf = 0x3f000000u;
constexpr std::uint32_t kNan = 0x7fc00000u;
constexpr std::uint32_t kInfinity = 0x7f800000u;

}  // namespace

TEST_CASE("wav and flac keep 16 bits, ogg keeps the sound") {
  const test::TemporaryDirectory directory;
  const std::vector<float> x = sine(50001, 440.0, 22050.0);
  for (const char* name : {"a.wav", "a.flac", "A.WAV"}) {
    CAPTURE(name);
    CHECK(write_audio(directory.file(name), x, 22050) == 0);
    const Clip clip = read_audio(directory.file(name));
    CHECK(clip.sample_rate_hz == 22050);
    CHECK(clip.channels == 1);
    REQUIRE(clip.samples.size() == x.size());
    float worst = 0.0F;
    for (std::size_t i = 0; i < x.size(); ++i)
      worst = std::max(worst, std::abs(clip.samples[i] - x[i]));
    CHECK(worst < 0.51F / 32768.0F);
    // What has once been 16-bit comes back the same.
    write_audio(directory.file(name), clip.samples, 22050);
    CHECK(read_audio(directory.file(name)).samples == clip.samples);
  }
  CHECK(write_audio(directory.file("a.ogg"), x, 22050) == 0);
  const Clip clip = read_audio(directory.file("a.ogg"));
  REQUIRE(clip.samples.size() == x.size());
  double difference = 0.0;
  for (std::size_t i = 0; i < x.size(); ++i) difference += std::abs(clip.samples[i] - x[i]);
  CHECK(difference / static_cast<double>(x.size()) < 0.02);
  CHECK(directory.entries() == 4);
}

TEST_CASE("a file that is cut short is refused, not read as shorter") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("clip.flac");
  write_audio(path, sine(50000, 440.0, 22050.0), 22050);
  const std::string whole = read_file(path);
  write_file(path, whole.substr(0, whole.size() / 2));
  CHECK(contains(error_of([&] { read_audio(path); }), "clip.flac: is "));
}

TEST_CASE("a wav file is its header and 16 bits a sample, in the file and in memory") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.wav");
  const std::vector<float> samples = {0.0F, 0.5F, -1.0F, 2.0F};
  CHECK(write_audio(path, samples, 22050) == 1);
  const std::string expected = wav_header(22050, 8) + std::string("\0\0\0\x40\0\x80\xff\x7f", 8);
  CHECK(read_file(path) == expected);
  CHECK(encode_wav(samples, 22050) == expected);
  CHECK(write_audio(path, {}, 8000) == 0);
  CHECK(read_file(path) == wav_header(8000, 0));
}

TEST_CASE("a wav header that does not know the length is read to the end of the file") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.wav");
  const std::vector<float> x = sine(5000, 440.0, 22050.0);
  write_audio(path, x, 22050);
  const std::vector<float> expected = read_audio(path).samples;
  const std::string sound = read_file(path).substr(kWavHeaderBytes);
  const std::string plain = read_file(path).substr(12, 24);
  const std::string extensible = "fmt " + little_endian(40, 4) + little_endian(0xfffe, 2) +
                                 plain.substr(10) + little_endian(22, 2) + little_endian(16, 2) +
                                 little_endian(4, 4) + little_endian(1, 2) +
                                 std::string("\0\0\0\0\x10\0\x80\0\0\xaa\0\x38\x9b\x71", 14);
  const std::string list = "LIST" + little_endian(7, 4) + "INFOabc" + std::string(1, '\0');
  const auto with = [&](std::uint32_t riff, const std::string& chunks, std::uint32_t data) {
    write_file(path, "RIFF" + little_endian(riff, 4) + "WAVE" + chunks + "data" +
                         little_endian(data, 4) + sound);
  };
  for (const std::string& chunks :
       {plain, plain + list, extensible, extensible + list, list + plain})
    for (const std::uint32_t data : {0U, 0xffffffffU, 0xffffffffU - 44U, 0x7ffff000U, 0x7fffffffU})
      for (const std::uint32_t riff : {0U, 0xffffffffU, data + 36U}) {
        CAPTURE(chunks.size());
        CAPTURE(data);
        CAPTURE(riff);
        with(riff, chunks, data);
        CHECK(read_audio(path).samples == expected);
        CHECK(probe(path).frames == 5000);
      }
  // A length that may be meant is not doubted.
  for (const std::uint32_t data : {10002U, 20000U, 0x7ff00000U, 0xf0000000U}) {
    CAPTURE(data);
    with(data + 36, plain, data);
    CHECK(contains(error_of([&] { read_audio(path); }), "x.wav: is cut short"));
  }
  // Nor is a whole file that holds no sound, whatever follows.
  const std::string empty = "WAVE" + plain + "data" + little_endian(0, 4) + list;
  write_file(path, "RIFF" + little_endian(empty.size(), 4) + empty);
  CHECK(contains(error_of([&] { read_audio(path); }), "x.wav: holds no samples"));
}

TEST_CASE("values beyond full scale are clamped and counted") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("clip.wav");
  CHECK(write_audio(path, {2.0F, -3.0F, 1.0F, -1.0F, 0.0F}, 8000) == 2);
  const std::vector<float> back = read_audio(path).samples;
  const float top = 32767.0F / 32768.0F;
  CHECK(back == std::vector<float>{top, -1.0F, top, -1.0F, 0.0F});
}

TEST_CASE("writing fails with one clear error and no file") {
  const test::TemporaryDirectory directory;
  CHECK(contains(error_of([&] { write_audio(directory.file("a.mp3"), {0.0F}, 22050); }),
                 "unknown audio file extension '.mp3'; use .wav, .flac or .ogg"));
  const float nan = std::numeric_limits<float>::quiet_NaN();
  CHECK(contains(error_of([&] {
                   write_audio(directory.file("a.wav"), {0.0F, nan}, 22050);
                 }),
                 "sample 1 to be written is not finite"));
  CHECK(contains(error_of([&] { write_audio(directory.file("a.wav"), {0.0F}, 0); }),
                 "a.wav: cannot encode"));
  CHECK(directory.entries() == 0);
  std::filesystem::create_symlink("/dev/full", directory.file("full.wav"));
  CHECK(contains(error_of([&] { write_audio(directory.file("full.wav"), {0.0F}, 22050); }),
                 "cannot write: No space left on device"));
}

TEST_CASE("reading fails with one clear error") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.wav");
  CHECK(error_of([&] { read_audio(path); }) == path + ": no such file");
  CHECK(error_of([&] { probe(path); }) == path + ": no such file");
  CHECK(contains(error_of([&] { read_audio(directory.file("")); }), "is a directory"));
  write_file(path, "this is no audio at all, only a line of text");
  CHECK(contains(error_of([&] { read_audio(path); }), "not an audio file that libsndfile reads: "));
  write_file(path, "");
  CHECK(contains(error_of([&] { read_audio(path); }), "not an audio file"));
  write_file(path, float_wav({}, 1, 22050));
  CHECK(contains(error_of([&] { read_audio(path); }), "holds no samples"));
  write_file(path, float_wav({kOne, kNan, kOne}, 1, 22050));
  CHECK(contains(error_of([&] { read_audio(path); }), "sample 1 is not finite"));
  write_file(path, float_wav({kOne, kOne, kHalf, kInfinity}, 2, 22050));
  CHECK(contains(error_of([&] { read_audio(path); }), "sample 1 is not finite"));
}

TEST_CASE("channels are mixed down, rates converted, and the notice says so") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("x.wav");
  write_file(path, float_wav({kOne, kHalf, 0, kHalf}, 2, 48000));
  CHECK(probe(path).frames == 2);
  CHECK(probe(path).channels == 2);
  CHECK(read_audio(path).samples == std::vector<float>{0.75F, 0.25F});
  std::string notice = "old";
  CHECK(load_mono(path, 22050, &notice).size() == 1);
  CHECK(notice == path + ": 48000 Hz, 2 channels -> 22050 Hz mono");
  write_file(path, float_wav({kOne, kHalf}, 1, 22050));
  CHECK(load_mono(path, 22050, &notice) == std::vector<float>{1.0F, 0.5F});
  CHECK(notice.empty());
}

TEST_CASE("resampling keeps a tone and rounds the length up") {
  const std::vector<float> x = sine(24000, 1000.0, 24000.0);
  const std::vector<float> y = resample(x, 24000, 22050);
  REQUIRE(y.size() == 22050);
  const std::vector<float> expected = sine(22050, 1000.0, 22050.0);
  float worst = 0.0F;
  for (std::size_t i = 500; i < 21500; ++i) worst = std::max(worst, std::abs(y[i] - expected[i]));
  CHECK(worst < 1e-4F);
  // The last samples are there too: a constant stays one up to the filter's ringing at its end.
  for (const int from : {8000, 16000, 44100, 48000, 96000}) {
    CAPTURE(from);
    const std::vector<float> flat = resample(std::vector<float>(30011, 0.5F), from, 22050);
    CHECK(flat.size() == static_cast<std::size_t>((30011 * 22050LL + from - 1) / from));
    CHECK(*std::min_element(flat.begin(), flat.end() - 4) > 0.2F);
  }
  CHECK(resample(std::vector<float>(7, 0.1F), 48000, 22050).size() == 4);
  CHECK(resample(std::vector<float>(7, 0.1F), 22050, 48000).size() == 16);
  CHECK(resample({}, 22050, 48000).empty());
  CHECK(contains(error_of([] { resample({0.0F}, 0, 48000); }), "0 Hz"));
}

TEST_CASE("resampling in pieces gives what the whole gives") {
  const std::vector<float> x = sine(9001, 700.0, 22050.0);
  for (const int to : {48000, 44100, 16000}) {
    const std::vector<float> whole = resample(x, 22050, to);
    for (const std::size_t chunk : {std::size_t{1}, std::size_t{256}, x.size()}) {
      CAPTURE(to);
      CAPTURE(chunk);
      Resampler resampler(22050, to);
      for (int signal = 0; signal < 2; ++signal) {
        std::vector<float> y;
        const auto take = [&y](const std::vector<float>& piece) {
          y.insert(y.end(), piece.begin(), piece.end());
        };
        for (std::size_t at = 0; at < x.size(); at += chunk)
          take(resampler.push(x.data() + at, std::min(chunk, x.size() - at)));
        take(resampler.finish());
        REQUIRE(y.size() == whole.size());
        float worst = 0.0F;
        for (std::size_t i = 0; i < y.size(); ++i)
          worst = std::max(worst, std::abs(y[i] - whole[i]));
        CHECK(worst < 1e-6F);
      }
    }
  }
}
