// SPDX-License-Identifier: MIT
// Which files a batch makes of which inputs.
#include "batch/jobs.hpp"

#include <doctest/doctest.h>

#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "glowvox/mel.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;

namespace {

// Mels of Tacotron's kind: one.npy of 10 frames, three.npy of three utterances of 20; a recording
// of half a second, sound.wav.
class Inputs : public test::TemporaryDirectory {
 public:
  Inputs() {
    write("one.npy", {10, kBands});
    write("three.npy", {3, 20, kBands});
    audio::write_audio(file("sound.wav"), std::vector<float>(11025, 0.1F), 22050);
  }
  void write(const std::string& name, const std::vector<std::int64_t>& shape) const {
    std::size_t count = 1;
    for (const std::int64_t size : shape) count *= static_cast<std::size_t>(size);
    arrays::write_npy(file(name), {shape, std::vector<float>(count, -5.0F)});
  }
  std::vector<batch::Job> jobs(const std::vector<std::string>& names, const batch::Target& target) {
    std::vector<batch::Input> inputs;
    for (const std::string& name : names) inputs.push_back({file(name), contains(name, ".wav")});
    return batch::jobs_of(inputs, {file(target.path), target.format}, spec, conversion, &mels);
  }
  std::string refused(const std::vector<std::string>& names, const batch::Target& target) {
    return test::error_of([&] { jobs(names, target); });
  }

  static constexpr int kBands = 80;
  const MelSpec spec = mel_preset("tacotron2");
  const arrays::MelConversion conversion{{}, spec, ""};
  batch::SharedMels mels{kBands, {}};
};

}  // namespace

TEST_CASE("one input goes to the file that is named, several into a folder by their names") {
  Inputs inputs;
  const auto one = inputs.jobs({"one.npy"}, {"out.flac", ""});
  REQUIRE(one.size() == 1);
  CHECK(one[0].out == inputs.file("out.flac"));
  CHECK(one[0].name() == inputs.file("one.npy"));
  CHECK(one[0].seconds == doctest::Approx(10 * 256 / 22050.0));

  const auto two = inputs.jobs({"sound.wav", "one.npy"}, {"out", "ogg"});
  REQUIRE(two.size() == 2);
  CHECK(two[0].out == inputs.file("out/sound.ogg"));
  CHECK(two[0].seconds == 0.5);
  CHECK(two[1].out == inputs.file("out/one.ogg"));
  CHECK(inputs.jobs({"one.npy"}, {"out/", ""})[0].out == inputs.file("out/one.wav"));
}

TEST_CASE("an input of several utterances gives as many files, numbered from 1") {
  Inputs inputs;
  const auto jobs = inputs.jobs({"three.npy"}, {"out.wav", ""});
  REQUIRE(jobs.size() == 3);
  CHECK(jobs[0].out == inputs.file("out-0001.wav"));
  CHECK(jobs[2].out == inputs.file("out-0003.wav"));
  CHECK(jobs[2].name() == inputs.file("three.npy") + ": utterance 3 of 3");
}

TEST_CASE("of several inputs one that cannot be read keeps its place, an only one is an error") {
  Inputs inputs;
  const auto jobs = inputs.jobs({"none.npy", "one.npy"}, {"out", ""});
  REQUIRE(jobs.size() == 2);
  CHECK(contains(jobs[0].failure, "none.npy: no such file"));
  CHECK(jobs[1].failure.empty());
  CHECK(contains(inputs.refused({"none.npy"}, {"out.wav", ""}), "none.npy: no such file"));
}

TEST_CASE("no output takes another's name or an input's file") {
  Inputs inputs;
  std::filesystem::create_directory(inputs.file("other"));
  inputs.write("other/one.npy", {10, Inputs::kBands});
  CHECK(contains(inputs.refused({"one.npy", "other/one.npy"}, {"out", ""}),
                 "other/one.npy: would overwrite another input's output"));
  CHECK(contains(inputs.refused({"sound.wav", "one.npy"}, {"", "wav"}),
                 "sound.wav: would be overwritten"));
  // A link is the same file.
  std::filesystem::create_symlink(inputs.file("sound.wav"), inputs.file("link.wav"));
  CHECK(contains(inputs.refused({"sound.wav"}, {"link.wav", ""}), "would be overwritten"));
}

TEST_CASE("a mel file is open while its utterances are made, and no longer") {
  Inputs inputs;
  const std::string path = inputs.file("three.npy");
  std::weak_ptr<const arrays::MelReader> seen;
  for (int utterance = 0; utterance < 3; ++utterance) {
    const auto reader = inputs.mels.take(path);
    CHECK((utterance == 0 || seen.lock() == reader));
    seen = reader;
  }
  CHECK(seen.expired());
}

TEST_CASE("what names a folder") {
  const test::TemporaryDirectory folder;
  CHECK(batch::names_folder(folder.file(""), 1));
  CHECK(batch::names_folder(folder.file("new/"), 1));
  CHECK(batch::names_folder(folder.file("new"), 2));
  CHECK_FALSE(batch::names_folder(folder.file("new"), 1));
  CHECK_FALSE(batch::names_folder("-", 1));
}
