// SPDX-License-Identifier: MIT
#include "train/corpus.hpp"

#include <random>

#include "audio/resample.hpp"
#include "core/atomic_file.hpp"
#include "train/corpus_check.hpp"
#include "train/training.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

TEST_CASE("lists are relative to themselves, folders are searched, both in a fixed order") {
  const test::SpeechFolder speech;
  write_file(speech.file("list.txt"), "# two clips\nb.flac\n\na.wav\r\n");
  const auto listed = train::list_recordings(speech.file("list.txt"));
  REQUIRE(listed.size() == 2);
  CHECK(contains(listed[0], "b.flac"));
  CHECK(contains(listed[1], "a.wav"));
  const auto found = train::list_recordings(speech.folder());
  REQUIRE(found.size() == 2);
  CHECK(contains(found[0], "a.wav"));
}

TEST_CASE("a corpus gives the samples of its files, whether they are kept or decoded again") {
  const test::SpeechFolder speech;
  const std::vector<float> all = test::speech();
  for (const std::int64_t cache_bytes : {std::int64_t{1} << 30, std::int64_t{0}}) {
    const train::Corpus corpus(speech.folder(), 22050, test::ignore, cache_bytes);
    REQUIRE(corpus.size() == 2);
    CHECK(corpus.samples(0) == 20000);
    CHECK(corpus.seconds() == doctest::Approx(all.size() / 22050.0));
    for (int again = 0; again < 2; ++again) {
      const auto range = corpus.range(0, 1000, 50);
      for (int i = 0; i < 50; ++i) CHECK(range[i] == doctest::Approx(all[1000 + i]).epsilon(1e-3));
    }
  }
}

TEST_CASE("other rates and channels are converted with a notice") {
  const test::SpeechFolder speech;
  std::string notices;
  const train::Corpus corpus(speech.folder(), 16000, [&](const std::string& n) { notices += n; });
  CHECK(contains(notices, "2 of 2 files are resampled to 16000 Hz"));
  CHECK(corpus.samples(0) == 14513);
  CHECK(corpus.load(0).size() == 14513);
}

TEST_CASE("a corpus that cannot be used is refused by name") {
  const test::TemporaryDirectory folder;
  CHECK(
      contains(error_of([&] { train::list_recordings(folder.file("none.txt")); }), "no such file"));
  CHECK(contains(error_of([&] { train::list_recordings(folder.file("")); }), "found none"));
  write_file(folder.file("empty.txt"), "# nothing\n");
  CHECK(contains(error_of([&] { train::list_recordings(folder.file("empty.txt")); }),
                 "expected a path on each line"));
  write_file(folder.file("missing.txt"), "gone.wav\n");
  CHECK(contains(error_of([&] { train::Corpus(folder.file("missing.txt"), 22050, test::ignore); }),
                 "gone.wav: no such file"));
}

TEST_CASE("recordings without highs are counted, at whatever rate they are stored") {
  std::mt19937 random(1);
  std::normal_distribution<float> normal(0.0F, 0.1F);
  std::vector<float> wide(22050);
  for (float& v : wide) v = normal(random);
  const auto over = [&](int rate) {
    return audio::resample(audio::resample(wide, 22050, rate), rate, 22050);
  };
  const auto narrow = [](const std::vector<float>& samples, int rate) {
    const train::Recordings one{{"a"}, [&](std::size_t) { return audio::Clip{rate, 1, samples}; }};
    return train::check_corpus(one, 0.1, 22050, [](std::size_t) {}).narrow;
  };
  CHECK(narrow(wide, 22050) == 0);
  CHECK(narrow(audio::resample(wide, 22050, 44100), 44100) == 0);
  CHECK(narrow(over(20000), 22050) == 0);
  CHECK(narrow(over(16000), 22050) == 1);
  CHECK(narrow(audio::resample(wide, 22050, 16000), 16000) == 1);
  CHECK(narrow({wide.begin(), wide.begin() + 500}, 22050) == 0);  // too short to tell
}
