// SPDX-License-Identifier: MIT
// Several lists, their weights, and who speaks in them.
#include "train/mixture.hpp"

#include <cmath>
#include <map>

#include "core/atomic_file.hpp"
#include "train/batch_loader.hpp"
#include "train/trainer.hpp"
#include "train/training.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;
using train::SpeakerRule;

namespace {

// Two lists: "one" of a single speaker, "two" of anna (20,000 samples) and bert (5,000, in two).
class Lists : public test::TemporaryDirectory {
 public:
  Lists() {
    test::write_speech(file("alone.wav"), 0, 30000);
    test::write_speech(file("anna_1.wav"), 10000, 20000);
    test::write_speech(file("bert_1.wav"), 5000, 3000);
    test::write_speech(file("bert_2.wav"), 30000, 2000);
    write_file(file("one.txt"), "alone.wav\n");
    write_file(file("two.txt"), "anna_1.wav\nbert_1.wav\nbert_2.wav\n");
  }
  train::DataOptions both(double one, double two) const {
    train::DataOptions data;
    data.lists = {{file("one.txt"), one}, {file("two.txt"), two}};
    return data;
  }
};

// How often each clip comes, of all.
std::map<std::size_t, double> shares(const train::Mixture& mixture) {
  std::map<std::size_t, double> found;
  constexpr int kDraws = 20000;
  for (int i = 0; i < kDraws; ++i) found[mixture.at((i + 0.5) / kDraws).clip] += 1.0 / kDraws;
  return found;
}

}  // namespace

TEST_CASE("a speaker is told by folder and name, or by folder") {
  const auto by_name = [](const char* path) { return speaker_of(path, SpeakerRule::kName); };
  CHECK(by_name("kerstin/de_rhasspy-0004.flac") == "kerstin/de_rhasspy");
  CHECK(by_name("many/cml-tts/cml-fr-4482_001.flac") == "many/cml-tts/cml-fr-4482");
  CHECK(by_name("p225/p225_012.wav") == "p225/p225");
  CHECK(by_name("anna/hello.wav") == "anna");
  CHECK(by_name("anna/17.wav") == "anna");
  CHECK(by_name("anna/_17.wav") == "anna");
  CHECK(by_name("17.wav").empty());
  CHECK(speaker_of("84/121123/84_121123_000007.flac", SpeakerRule::kFolder) == "84/121123");
  CHECK(speaker_of("84/121123/84_121123_000007.flac", SpeakerRule::kNone).empty());
}

TEST_CASE("segments come from lists by weight, and from speakers by tempered length") {
  const Lists lists;
  const train::Corpus corpus(lists.both(3.0, 1.0), 22050, test::ignore);
  REQUIRE(corpus.lists().size() == 2);
  CHECK(corpus.share(0) == 0.75);
  auto found = shares(train::Mixture(corpus, 1000, 0.5));
  CHECK(found[0] == doctest::Approx(0.75).epsilon(1e-3));
  // Square roots: anna speaks four times as long as bert and is drawn twice as often.
  CHECK(found[1] == doctest::Approx(0.25 * 2.0 / 3.0).epsilon(1e-3));
  // Of bert's two clips the longer has 2,001 starts of 3,002.
  CHECK(found[2] == doctest::Approx(0.25 / 3.0 * 2001.0 / 3002.0).epsilon(3e-3));
  found = shares(train::Mixture(corpus, 1000, 0.0));
  CHECK(found[1] == doctest::Approx(0.125).epsilon(1e-3));
  found = shares(train::Mixture(corpus, 1000, 1.0));
  CHECK(found[1] == doctest::Approx(0.25 * 0.8).epsilon(1e-3));
  // Within a list only that list's.
  const train::Mixture mixture(corpus, 1000, 0.5);
  for (int i = 0; i < 100; ++i) {
    CHECK(mixture.at_in_list(0, i / 100.0).clip == 0);
    CHECK(mixture.at_in_list(1, i / 100.0).clip > 0);
    CHECK(mixture.at_in_list(1, i / 100.0).list == 1);
  }
}

TEST_CASE("starts of one speaker are uniform, each permitted one once") {
  const Lists lists;
  const train::Corpus corpus(lists.file("one.txt"), 22050, test::ignore);
  const train::Mixture mixture(corpus, 29001, 0.5);
  for (std::int64_t i = 0; i < 1000; ++i) {
    const auto start = mixture.at((static_cast<double>(i) + 0.5) / 1000.0);
    CHECK(start.offset == i);
    CHECK(start.starts == 1000);
  }
  CHECK(contains(error_of([&] { train::Mixture(corpus, 30001, 0.5); }),
                 "expected clips of 30001 samples or more"));
  // A list that gives nothing is not passed over in silence.
  train::DataOptions both = lists.both(1.0, 1.0);
  const train::Corpus two(both, 22050, test::ignore);
  CHECK(contains(error_of([&] { train::Mixture(two, 25000, 0.5); }), "two.txt"));
}

TEST_CASE("batches of several lists are functions of seed and step, and are shared by ranks") {
  const Lists lists;
  const train::Corpus corpus(lists.both(1.0, 2.0), 22050, test::ignore);
  std::string said;
  config::ModelConfig config = test::tiny();
  config.train.segment_frames = 8;
  const train::SegmentSampler sampler(corpus, config, 32, 1,
                                      [&](const std::string& n) { said += n + "\n"; });
  CHECK(contains(said, "one.txt: 33% of the segments (clips: 1, speakers: 1, "));
  CHECK(contains(said, "two.txt: 67% of the segments (clips: 3, speakers: 2, "));
  train::BatchLoader second(sampler, {4, 4, 1}, 5, 2);
  for (int step = 5; step < 8; ++step)
    CHECK(torch::equal(second.next().audio, sampler.batch(step).audio.narrow(0, 4, 4)));
  std::map<std::size_t, int> clips;
  for (std::uint64_t i = 0; i < 600; ++i) ++clips[corpus.clip(sampler.plan(i).clip).list];
  CHECK(clips[0] > 160);
  CHECK(clips[0] < 240);
}

TEST_CASE("a run goes on with the weights and speakers that it had") {
  const Lists lists;
  config::ModelConfig config = test::tiny();
  config.train.segment_frames = 8;
  const auto trainer = [&](const train::DataOptions& data) {
    return std::make_unique<train::Trainer>(config, data, 1, test::ignore);
  };
  const auto checkpoint = trainer(lists.both(1.0, 3.0))->checkpoint();
  CHECK_NOTHROW(trainer(lists.both(2.0, 6.0))->restore(checkpoint, "c"));
  CHECK(contains(error_of([&] { trainer(lists.both(1.0, 1.0))->restore(checkpoint, "c"); }),
                 "c: was written by a run that draws 25% 75% of the segments, speakers by name, "
                 "this one draws 50% 50% of the segments, speakers by name; resume with"));
  train::DataOptions all = lists.both(1.0, 3.0);
  all.speakers = SpeakerRule::kNone;
  CHECK(contains(error_of([&] { trainer(all)->restore(checkpoint, "c"); }), "speakers by none"));
}
