// SPDX-License-Identifier: MIT
// Many utterances in one run of synth.
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::run_glowvox;
using test::succeeds;

namespace {

// A folder with a model of random weights, "m.safetensors", and mels of different lengths, "0.npy"
// and so on.
class BatchFolder : public test::TemporaryDirectory {
 public:
  static constexpr int kMels = 5;
  BatchFolder() {
    succeeds(*this, "init " + test::config("tiny") + " -o " + file("m.safetensors") + " --seed 3");
    succeeds(*this, "mel " + test::speech_file() + " -o " + file("whole.npy") + " --model " +
                        file("m.safetensors"));
    const Mel whole = arrays::read_mel(file("whole.npy"), 20);
    for (int i = 0; i < kMels; ++i) {
      const std::int64_t frames = 60 + 70 * i;
      arrays::write_mel(mel(i),
                        {frames, 20, {whole.values.begin(), whole.values.begin() + frames * 20}});
    }
  }
  std::string mel(int i) const { return file(std::to_string(i) + ".npy"); }
  std::string sound(const std::string& folder, int i) const {
    return file(folder + "/" + std::to_string(i) + ".wav");
  }
  std::string synth(const std::string& rest) const {
    return "synth --model " + file("m.safetensors") + " " + rest;
  }
  std::string all_mels() const {
    std::string arguments;
    for (int i = 0; i < kMels; ++i) arguments += " --mel " + mel(i);
    return arguments;
  }
};

std::size_t files_in(const std::string& folder) {
  return static_cast<std::size_t>(std::distance(std::filesystem::directory_iterator(folder), {}));
}

}  // namespace

TEST_CASE("a batch's files are those that each input gives alone, in the inputs' order") {
  const BatchFolder folder;
  std::filesystem::create_directory(folder.file("alone"));
  for (int i = 0; i < BatchFolder::kMels; ++i)
    succeeds(folder, folder.synth("--mel " + folder.mel(i) + " -o " + folder.sound("alone", i)));
  for (const int threads : {1, 2, 3, 12}) {
    CAPTURE(threads);
    const std::string out = folder.file("out" + std::to_string(threads));
    const json list =
        json::parse(succeeds(folder, folder.synth(folder.all_mels() + " --json -o " + out +
                                                  " --threads " + std::to_string(threads)))
                        .out);
    REQUIRE(list.size() == BatchFolder::kMels);
    for (int i = 0; i < BatchFolder::kMels; ++i) {
      CHECK(list[i]["input"] == folder.mel(i));
      CHECK(read_file(list[i]["out"]) == read_file(folder.sound("alone", i)));
    }
  }
  const std::string printed =
      succeeds(folder, folder.synth(folder.all_mels() + " -o " + folder.file("out1"))).out;
  std::size_t at = 0;
  for (int i = 0; i < BatchFolder::kMels; ++i) {
    at = printed.find(folder.sound("out1", i) + ": ", at);
    CHECK(at != std::string::npos);
  }
  CHECK(contains(printed, "5 of 5 files made: "));
}

TEST_CASE("a mel of several utterances gives numbered files") {
  const BatchFolder folder;
  const arrays::Array whole = arrays::read_array(folder.mel(1));  // [20, 130]
  arrays::Array both{{2, 20, 130}, whole.values};
  for (const float value : whole.values) both.values.push_back(value - 0.5F);
  arrays::write_npy(folder.file("b.npy"), both);
  arrays::write_npy(folder.file("second.npy"),
                    {{20, 130}, {both.values.begin() + 20 * 130, both.values.end()}});
  for (const char* name : {"1", "second"})
    succeeds(folder, folder.synth("--mel " + folder.file(std::string(name) + ".npy") + " -o " +
                                  folder.file(std::string(name) + ".wav")));
  const auto check = [&](const std::string& first, const std::string& second) {
    CHECK(read_file(folder.file(first)) == read_file(folder.file("1.wav")));
    CHECK(read_file(folder.file(second)) == read_file(folder.file("second.wav")));
  };
  const std::string b = "--mel " + folder.file("b.npy");
  succeeds(folder, folder.synth(b + " -o " + folder.file("n.wav")));
  CHECK(!std::filesystem::exists(folder.file("n.wav")));
  check("n-0001.wav", "n-0002.wav");
  succeeds(folder, folder.synth(b + " -o " + folder.file("made/of/it/")));
  check("made/of/it/b-0001.wav", "made/of/it/b-0002.wav");
  succeeds(folder, folder.synth("--mel - -o " + folder.file("s/") + " < " + folder.file("b.npy")));
  check("s/stdin-0001.wav", "s/stdin-0002.wav");
  succeeds(folder, folder.synth(b + " --mel " + folder.mel(1) + " -o " + folder.file("mixed")));
  check("mixed/b-0001.wav", "mixed/b-0002.wav");
  CHECK(read_file(folder.sound("mixed", 1)) == read_file(folder.file("1.wav")));
  test::refuses(folder, "play --model " + folder.file("m.safetensors") + " " + folder.file("b.npy"),
                "holds 2 utterances, expected one");
}

TEST_CASE("an input that fails is reported and counted, the others are made") {
  const BatchFolder folder;
  arrays::write_npy(folder.mel(1), {{7, 10}, std::vector<float>(70)});
  arrays::write_npy(folder.mel(3), {{20, 9}, std::vector<float>(180, std::nanf(""))});
  const test::Ran ran =
      run_glowvox(folder, folder.synth(folder.all_mels() + " -o " + folder.file("out")));
  CHECK(ran.status == 1);
  CHECK(contains(ran.err, "error: " + folder.mel(1) + ": expected a mel of 20 bands"));
  CHECK(contains(ran.err, "error: " + folder.mel(3) + ": mel is not finite"));
  CHECK(contains(ran.out, "3 of 5 files made, 2 failed: "));
  CHECK(files_in(folder.file("out")) == 3);
  const json list = json::parse(
      run_glowvox(folder, folder.synth(folder.all_mels() + " --json -o " + folder.file("out")))
          .out);
  CHECK(contains(list[1]["error"], "expected a mel of 20 bands"));
  CHECK(list[2]["seconds"] > 0.0);
}

TEST_CASE("--skip-existing makes what is not there") {
  const BatchFolder folder;
  const std::string batch = folder.synth(folder.all_mels() + " -o " + folder.file("out"));
  succeeds(folder, batch);
  const std::string whole = read_file(folder.sound("out", 2));
  std::filesystem::remove(folder.sound("out", 2));
  write_file(folder.sound("out", 4), "left alone");
  CHECK(contains(succeeds(folder, batch + " --skip-existing").out,
                 "1 of 5 files made, 4 skipped (there already): "));
  CHECK(read_file(folder.sound("out", 2)) == whole);
  CHECK(read_file(folder.sound("out", 4)) == "left alone");
  const json list = json::parse(succeeds(folder, batch + " --skip-existing --json").out);
  REQUIRE(list.size() == BatchFolder::kMels);
  CHECK(list[0]["skipped"] == true);
  succeeds(folder, batch);
  CHECK(read_file(folder.sound("out", 4)) != "left alone");
}

TEST_CASE("Ctrl-C leaves the finished files of a batch, whole, and no others") {
  const test::TemporaryDirectory folder;
  const std::string out = folder.file("out"), a = folder.file("a.wav"), b = folder.file("b.wav");
  arrays::write_mel(folder.file("long.npy"), {200000, 80, std::vector<float>(16000000U, -5.0F)});
  std::filesystem::copy_file(test::speech_file(), a);
  std::filesystem::copy_file(test::speech_file(), b);
  // One thread is at the long one all the time; the other is done with the short ones soon.
  write_file(folder.file("interrupt.sh"),
             "set -m\n" + std::string(GLOWVOX_BINARY) + " synth --model " +
                 std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors --threads 2 --mel " +
                 folder.file("long.npy") + " --wav " + a + " --wav " + b + " -o " + out + " 2>" +
                 folder.file("err") + " >/dev/null &\npid=$!\n" + "for i in $(seq 600); do ls " +
                 out + "/*.wav && break; sleep 0.1; done\n" +
                 "kill -INT $pid\nwait $pid\necho $? > " + folder.file("status") + "\n");
  CHECK(std::system(("bash " + folder.file("interrupt.sh") + " >/dev/null 2>&1").c_str()) == 0);
  CHECK(read_file(folder.file("status")) == "130\n");
  CHECK(contains(read_file(folder.file("err")), "of 3 files were written"));
  CHECK(!std::filesystem::exists(out + "/long.wav"));
  CHECK(files_in(out) >= 1);
  for (const auto& entry : std::filesystem::directory_iterator(out))
    CHECK(audio::probe(entry.path().string()).frames == 44100);
}

TEST_CASE("where the files of a batch go") {
  const BatchFolder folder;
  test::refuses(folder, folder.synth(folder.all_mels() + " -o " + folder.file("out.wav")),
                "expected a folder for 5 inputs");
  std::filesystem::create_directory(folder.file("other"));
  std::filesystem::copy_file(folder.mel(0), folder.file("other/0.npy"));
  test::refuses(folder,
                folder.synth(folder.all_mels() + " --mel " + folder.file("other/0.npy") + " -o " +
                             folder.file("out")),
                "other/0.npy: would overwrite another input's output");
  CHECK(!std::filesystem::exists(folder.file("out")));
  write_file(folder.file("file"), "");
  test::refuses(folder, folder.synth(folder.all_mels() + " -o " + folder.file("file")),
                "cannot make the folder");
}
