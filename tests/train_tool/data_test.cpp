// SPDX-License-Identifier: MIT
// Training data as it is given on a command line: several lists, packed, augmented, shared.
#include <cmath>
#include <filesystem>

#include "train_tool/train_tool.hpp"

using namespace glowvox;
using test::TrainFolder;

namespace {

// Two lists of the clips, and the tiny configuration (its base has tails) with everything that is
// done to recordings, by likelihood and energy distance.
class DataFolder : public TrainFolder {
 public:
  DataFolder() {
    write_file(data() + "/a.txt", "0.wav\n1.wav\n");
    write_file(data() + "/b.txt", "2.wav\n");
    std::string yaml = read_file(test::config("tiny"));
    const std::string train = "train: {";
    yaml.insert(yaml.find(train) + train.size(),
                "likelihood: {weight: 0.3, share: 0.5}, sample_loss: {weight: 1.0, mel_weight: "
                "0.5, fft_sizes: [512, "
                "128, 32], skip_frames: 4}, "
                "augment: {gain_db: 24, polarity: 0.5, speed: {probability: 0.5}, low_pass: "
                "{probability: 0.5, most_hz: 6000}, noise: {probability: 0.5}, mel_blur: "
                "{probability: 0.5}}, ");
    write_file(file("augmented.yaml"), yaml);
  }
  std::string lists(const std::string& a, const std::string& b) const {
    return "--data " + data() + "/a.txt" + a + " --data " + data() + "/b.txt" + b;
  }
  std::string run(const std::string& name, const std::string& more) const {
    return "train " + file("augmented.yaml") + " --out " + file(name) + " --steps 20 --float32 " +
           more;
  }
};

}  // namespace

TEST_CASE("a run from a packed corpus has the weights of one from its files") {
  const DataFolder folder;
  const auto ran = test::succeeds(folder, folder.run("files", folder.lists(":1", ":2")));
  CHECK(test::contains(ran.err, "b.txt: 67% of the segments (clips: 1, speakers: 1, "));
  const std::string packed = folder.file("corpus.bin");
  test::succeeds(folder, "pack " + folder.data() + "/a.txt:1 " + folder.data() +
                             "/b.txt:2 --part-mib 0.05 -o " + packed);
  CHECK(!std::filesystem::exists(packed));
  test::succeeds(folder, folder.run("packed", "--data " + packed));
  CHECK(folder.model("packed") == folder.model("files"));
  // A part that is missing, and doing without it.
  std::filesystem::remove(packed + ".part-02");
  test::refuses(folder, folder.run("parts", "--data " + packed), "missing: part 02");
  const auto dry =
      test::succeeds(folder, folder.run("none", "--dry-run --incomplete --data " + packed));
  CHECK(test::contains(dry.out, "data: 2 files"));
}

TEST_CASE("weights of lists belong to a run") {
  const DataFolder folder;
  test::succeeds(folder, folder.run("run", folder.lists(":1", ":3")));
  test::refuses(folder, folder.run("run", folder.lists(":1", ":1") + " --resume"),
                "was written by a run that draws 25% 75% of the segments, speakers by name, this "
                "one draws 50% 50%");
  test::refuses(folder, folder.run("other", folder.lists("", "") + " --speakers some"),
                "--speakers", 2);
}

TEST_CASE("the configurations of higher rates train, synthesize and stream") {
  const TrainFolder folder;
  for (const std::string name : {"mdct-causal-24k", "mdct-causal-44k"}) {
    CAPTURE(name);
    std::string yaml = read_file(test::config(name));
    const auto replace = [&yaml](const std::string& from, const std::string& to) {
      REQUIRE(yaml.find(from) != std::string::npos);
      yaml.replace(yaml.find(from), from.size(), to);
    };
    replace("\nsteps: 8", "\nsteps: 2");
    replace("channels: 192", "channels: 24");
    replace("batch: 16", "batch: 2");
    replace("segment_frames: 64", "segment_frames: 24");
    const std::string config = folder.file(name + ".yaml"),
                      model = folder.file(name + "/model.safetensors");
    write_file(config, yaml);
    test::succeeds(folder, "train " + config + " --data " + folder.data() + " --out " +
                               folder.file(name) + " --steps 2 --threads 1");
    CHECK(std::isfinite(folder.last(name, "train_nats_per_sample")));
    const std::string mel = folder.file(name + ".npy");
    test::succeeds(folder, "mel " + folder.data() + "/0.wav --model " + model + " -o " + mel);
    test::succeeds(folder,
                   "synth --model " + model + " --mel " + mel + " -o " + folder.file("a.wav"));
    test::succeeds(folder,
                   "stream --model " + model + " --mel " + mel + " -o " + folder.file("b.wav"));
    CHECK(read_file(folder.file("a.wav")) == read_file(folder.file("b.wav")));
  }
}

TEST_CASE("a run on predicted mels: by a folder, by a list's column, packed, and by two ranks") {
  const DataFolder folder;
  std::filesystem::create_directories(folder.file("mels"));
  test::succeeds(folder, "init " + test::config("tiny") + " -o " + folder.file("tiny.safetensors"));
  for (const std::string clip : {"0", "1", "2"})
    test::succeeds(folder, "mel " + folder.data() + "/" + clip + ".wav --as-if-predicted --model " +
                               folder.file("tiny.safetensors") + " -o " +
                               folder.file("mels/" + clip + ".npy"));
  const std::string mels = " --mels " + folder.file("mels"), lists = folder.lists(":0.7", ":0.3");
  const auto ran = test::succeeds(
      folder, folder.run("folder", lists + mels + " --valid " + folder.data() + "/b.txt"));
  CHECK(test::contains(ran.err, "predicted mels: 3 of 3 recordings have one"));
  CHECK(test::contains(ran.err, "predicted mels: 1 of 1 recordings have one"));
  CHECK(test::contains(ran.err, "their first frame is frame 0 of the recording's own"));

  const std::string a = folder.data() + "/a.txt", b = folder.data() + "/b.txt",
                    packed = folder.file("corpus.bin");
  test::succeeds(folder, "pack " + a + ":0.7 " + b + ":0.3 -o " + packed);
  test::succeeds(folder, folder.run("packed", "--data " + packed + mels));
  CHECK(folder.model("packed") == folder.model("folder"));

  test::succeeds(folder, folder.run("two", lists + mels + " --nproc 2"));
  const double difference = test::largest_difference(folder.file("folder/model.safetensors"),
                                                     folder.file("two/model.safetensors"));
  MESSAGE("largest difference of a weight after 20 steps: " << difference);
  CHECK(difference < 2e-4);
  for (const char* figure : {"train_nats_per_sample", "train_fit", "train_spread", "train_mel"}) {
    CAPTURE(figure);
    const double expected = folder.last("folder", figure);
    CHECK(expected != 0.0);
    CHECK(folder.last("two", figure) == doctest::Approx(expected).epsilon(1e-3));
  }

  write_file(a, "0.wav|../mels/0.npy\n1.wav|../mels/1.npy\n");
  write_file(b, "2.wav|../mels/2.npy\n");
  test::succeeds(folder, folder.run("column", lists));
  CHECK(folder.model("column") == folder.model("folder"));
  test::refuses(folder, folder.run("column", lists + " --real-share 0.5 --resume"),
                "predicted mels of 3 clips (0% with their own), this one draws");
  test::refuses(folder, folder.run("other", lists + " --real-share 2"), "--real-share", 2);
  CHECK(test::contains(test::succeeds(folder, "pack " + a + " -o " + folder.file("b.bin")).err,
                       "the mels that a list names are not packed"));
}
