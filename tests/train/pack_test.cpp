// SPDX-License-Identifier: MIT
#include "train/pack.hpp"

#include <filesystem>

#include "core/atomic_file.hpp"
#include "train/corpus_check.hpp"
#include "train/segment_sampler.hpp"
#include "train/training.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

namespace {

void no_progress(std::size_t /*done*/, std::size_t /*all*/) {}

// Two lists of two speakers and one, of clips of several rates and kinds; packed on demand.
class Recordings : public test::TemporaryDirectory {
 public:
  Recordings() {
    test::write_speech(file("anna_1.wav"), 0, 8000);
    test::write_speech(file("anna_2.flac"), 8000, 8000);
    test::write_speech(file("bert_1.wav"), 16000, 8000, 16000);
    test::write_speech(file("carl.wav"), 24000, 8000);
    write_file(file("a.txt"), "anna_1.wav\nanna_2.flac\nbert_1.wav\n");
    write_file(file("b.txt"), "carl.wav\n");
    options.data.lists = {{file("a.txt"), 0.3}, {file("b.txt"), 0.9}};
  }
  train::PackSummary pack(const std::string& name) const {
    return train::pack(options, file(name), test::ignore, no_progress);
  }
  train::PackOptions options;
};

config::ModelConfig short_segments() {
  config::ModelConfig config = test::tiny();
  config.train.segment_frames = 16;
  return config;
}

bool same_batches(const train::Corpus& a, const train::Corpus& b) {
  const config::ModelConfig config = short_segments();
  const train::SegmentSampler from_a(a, config, 32, 7, test::ignore);
  const train::SegmentSampler from_b(b, config, 32, 7, test::ignore);
  for (int draw = 0; draw < 12; ++draw) {
    const train::Batch x = from_a.batch(draw), y = from_b.batch(draw);
    if (!torch::equal(x.audio, y.audio) || !torch::equal(x.mel, y.mel)) return false;
  }
  return true;
}

std::string opening(const std::string& path, int rate = 22050) {
  return error_of([&] { train::Corpus(path, rate, test::ignore); });
}

}  // namespace

TEST_CASE("a packed corpus gives the batches of its files, bit for bit") {
  const Recordings recordings;
  const train::PackSummary summary = recordings.pack("corpus.bin");
  CHECK(summary.clips == 4);
  CHECK(summary.speakers == 3);
  CHECK(summary.seconds == doctest::Approx(3 * 8000 / 22050.0 + 0.5));
  CHECK(summary.paths == std::vector<std::string>{recordings.file("corpus.bin")});
  CHECK(static_cast<std::uintmax_t>(summary.bytes) == std::filesystem::file_size(summary.paths[0]));
  CHECK(train::is_packed(summary.paths[0]));
  CHECK(!train::is_packed(recordings.file("a.txt")));
  CHECK(!train::is_packed(recordings.file("")));

  const train::Corpus files(recordings.options.data, 22050, test::ignore);
  const train::Corpus packed(summary.paths[0], 22050, test::ignore);
  REQUIRE(packed.size() == 4);
  CHECK(packed.path(1) == summary.paths[0] + ": anna_2.flac");
  CHECK(packed.clip(2).speaker == "bert");
  CHECK(packed.lists()[1].weight == 0.9);
  CHECK(packed.drawing() == files.drawing());
  CHECK(packed.bytes_to_come() == 0);
  CHECK(packed.load(2) == files.load(2));
  CHECK(same_batches(files, packed));
  // Speakers are found anew when that is asked for.
  train::DataOptions by_folder = summary.paths[0];
  by_folder.speakers = train::SpeakerRule::kFolder;
  CHECK(train::Corpus(by_folder, 22050, test::ignore).clip(2).speaker.empty());
  // Beside other lists, its own share their weight.
  train::DataOptions beside = recordings.options.data;
  beside.lists = {{recordings.file("b.txt"), 1.0}, {summary.paths[0], 1.0}};
  const train::Corpus both(beside, 22050, test::ignore);
  REQUIRE(both.lists().size() == 3);
  CHECK(both.share(0) == 0.5);
  CHECK(both.share(1) == doctest::Approx(0.125));
  // A dry run reads it as it reads files.
  const auto check =
      train::check_corpus(train::recordings_of(summary.paths[0], 22050, false, test::ignore), 0.4,
                          22050, [](std::size_t) {});
  CHECK(check.clips == 4);
  CHECK(check.count(train::Fault::kShort) == 3);
}

TEST_CASE("parts are of use alone, together, and without those that are missing") {
  Recordings recordings;
  recordings.options.part_bytes = 40000;
  const train::PackSummary summary = recordings.pack("corpus.bin");
  REQUIRE(summary.paths.size() == 2);
  CHECK(summary.paths[1] == recordings.file("corpus.bin.part-01"));
  for (const std::string& part : summary.paths) CHECK(std::filesystem::file_size(part) <= 40000);
  const std::string path = recordings.file("corpus.bin");
  CHECK(train::is_packed(path));
  const train::Corpus files(recordings.options.data, 22050, test::ignore);
  CHECK(same_batches(files, train::Corpus(path, 22050, test::ignore)));
  std::string said;
  const auto note = [&](const std::string& n) { said += n; };
  const train::Corpus first(summary.paths[0], 22050, note);
  CHECK(contains(said, "part 0 of 2 alone"));
  CHECK(first.size() == 2);
  CHECK(first.lists().size() == 1);  // the other's clips are in the other part
  CHECK(first.share(0) == 1.0);

  std::filesystem::remove(summary.paths[0]);
  CHECK(contains(opening(path), "corpus.bin: expected 2 parts, missing: part 00; copy them there"));
  train::DataOptions data = path;
  data.incomplete = true;
  said.clear();
  CHECK(train::Corpus(data, 22050, note).size() == 2);
  CHECK(contains(said, "1 of 2 parts (missing: 00)"));

  // Parts of two packings do not mix; a whole file would hide the parts.
  recordings.options.data.lists[1].weight = 0.5;
  const std::string kept = read_file(summary.paths[1]);
  recordings.pack("corpus.bin");
  write_file(summary.paths[1], kept);
  CHECK(contains(opening(path), "is a part of another packed corpus"));
  write_file(path, "");
  CHECK(contains(error_of([&] { recordings.pack("corpus.bin"); }), "would hide the parts"));
  recordings.options.part_bytes = 12000;
  CHECK(contains(error_of([&] { recordings.pack("other.bin"); }), "give a larger --part-mib"));
  CHECK(!std::filesystem::exists(recordings.file("other.bin.part-00")));
}

TEST_CASE("a packed corpus that is damaged is refused by name") {
  const Recordings recordings;
  const std::string path = recordings.pack("corpus.bin").paths[0];
  const std::string good = read_file(path);
  CHECK(contains(opening(path, 16000), "holds 22050 Hz, the model takes 16000 Hz"));
  const auto with = [&](std::size_t at, char change) {
    std::string bytes = good;
    bytes[at] = static_cast<char>(bytes[at] ^ change);
    write_file(path, bytes);
    return opening(path);
  };
  // Cut anywhere.
  for (std::size_t length = 8; length < good.size(); length += length < 80 ? 1 : 1777) {
    write_file(path, good.substr(0, length));
    CAPTURE(length);
    CHECK(contains(opening(path), path + ": "));
  }
  write_file(path, good + "x");
  CHECK(contains(opening(path), "of index, got"));
  // A byte of the header, of the index.
  for (std::size_t at = 8; at < sizeof(train::PackHeader); ++at)
    CHECK(contains(with(at, 1), "its header is damaged"));
  for (std::size_t at = good.size() - 1; at > good.size() - 100; at -= 7)
    CHECK(contains(with(at, 64), "its index is damaged"));
  // Of a clip: the others go on.
  CHECK(with(sizeof(train::PackHeader) + 9, 4).empty());
  const train::Corpus corpus(path, 22050, test::ignore);
  CHECK(contains(error_of([&] { corpus.load(0); }), "anna_1.wav: is damaged"));
  CHECK_NOTHROW(corpus.load(1));
  const train::SegmentSampler sampler(corpus, short_segments(), 32, 1, test::ignore);
  for (int draw = 0; draw < 8; ++draw) sampler.batch(draw);
  REQUIRE(sampler.take_unreadable().size() == 1);
}
