// SPDX-License-Identifier: MIT
// Lists as people have them, given to every command that takes one; and what a terminal gets to
// see.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::refuses;
using test::succeeds;

namespace {

namespace fs = std::filesystem;

// Two recordings in wavs, one.wav and zwei ä.wav.
class Lists : public test::TemporaryDirectory {
 public:
  Lists() : model(file("m.safetensors")) {
    fs::create_directories(file("wavs"));
    fs::copy_file(test::speech_file(), file("wavs/one.wav"));
    fs::copy_file(test::speech_file(), file("wavs/zwei ä.wav"));
  }
  std::string list(const std::string& text) const {
    write_file(file("list.txt"), text);
    return file("list.txt");
  }
  const std::string model;
};

bool is_printable(const std::string& text) {
  return std::all_of(text.begin(), text.end(),
                     [](unsigned char c) { return c == '\n' || (c >= 0x20 && c != 0x7f); });
}

}  // namespace

TEST_CASE("every form of list is packed") {
  const Lists folder;
  for (const char* text :
       {"wavs/one.wav\nwavs/zwei ä.wav\n", "one|Text.|Text.\nzwei ä|Text.|Text.\n",
        "\xef\xbb\xbfwavs/one.wav|Text.\r\nwavs/zwei ä.wav|Text.\r\n",
        "path\ttext\nwavs/one.wav\ta\nwavs/zwei ä.wav\tb\n",
        "# made by hand\nfile_name,text\nwavs/one.wav,\"a, b\"\nwavs/zwei ä.wav,c\n",
        "utt1 wavs/one.wav\nutt2 wavs/zwei ä.wav\n"}) {
    CAPTURE(text);
    const auto ran =
        succeeds(folder, "pack --json " + folder.list(text) + " -o " + folder.file("corpus.bin"));
    CHECK(json::parse(ran.out)["clips"] == 2);
  }
}

TEST_CASE("an audio file given as a list, and names that no terminal should get") {
  const Lists folder;
  succeeds(folder, "init " + test::config("tiny") + " -o " + folder.model);
  const std::string out = " -o " + folder.file("corpus.bin"), wav = test::speech_file();
  const std::string train =
      "train " + test::config("tiny") + " --steps 1 --out " + folder.file("run") + " --data ";
  const std::string is_sound = "lj_2s.wav: is a sound file, expected a list of sound files";
  refuses(folder, "pack " + wav + out, is_sound);
  refuses(folder, train + wav, is_sound);
  refuses(folder, train + wav + " --dry-run", is_sound);
  refuses(folder, train + folder.file("wavs") + " --valid " + wav, is_sound);
  refuses(folder, "eval --model " + folder.model + " --list " + wav, is_sound);
  refuses(folder, "score --model " + folder.model + " --list " + wav, is_sound);
  const std::string list = folder.list("\x9b[31m\xff.wav\n");
  for (const std::string& arguments :
       {"pack " + list + out, train + list, train + list + " --dry-run",
        std::string("pack --gr\xfc\xdf '\x1b[2J'"),
        "score --model " + folder.model + " --list " + list}) {
    CAPTURE(arguments);
    const test::Ran ran = test::run_glowvox(folder, arguments);
    CHECK(ran.status != 0);
    CHECK(is_printable(ran.err + ran.out));
    CHECK(!contains(ran.err + ran.out, "\x9b"));
    CHECK(!contains(ran.err + ran.out, "\xff"));
  }
  refuses(folder, "pack " + list + out, "\\x9b[31m\\xff.wav: no such file");
  refuses(folder, "pack " + folder.list(std::string(3000, 'x') + ".wav\n") + out, " ... ");
}

TEST_CASE("--skip-unreadable goes on, counts and lists") {
  const Lists folder;
  succeeds(folder, "init " + test::config("tiny") + " -o " + folder.model);
  audio::write_audio(folder.file("whole.flac"), audio::read_audio(test::speech_file()).samples,
                     22050);
  const std::string flac = read_file(folder.file("whole.flac"));
  write_file(folder.file("wavs/cut.flac"), flac.substr(0, flac.size() / 2));
  const std::string list = folder.list("wavs/one.wav\nwavs/cut.flac\ngone.wav\nwavs/zwei ä.wav\n");
  const std::string skip = " --skip-unreadable";
  const std::string train = "train " + test::config("tiny") + " --steps 2 --out " +
                            folder.file("run") + " --data " + list + " --valid " + list;
  for (const std::string& arguments :
       {"pack " + list + " -o " + folder.file("corpus.bin"), train,
        "eval --baseline noise --model " + folder.model + " --list " + list,
        "score --model " + folder.model + " --list " + list, train + " --dry-run"}) {
    CAPTURE(arguments);
    const test::Ran refused = test::run_glowvox(folder, arguments);
    CHECK(refused.status == 1);
    CHECK(contains(refused.err, "--skip-unreadable"));
    const test::Ran ran = succeeds(folder, arguments + skip);
    CHECK(contains(ran.err, "list.txt: 2 of 4 recordings cannot be read and are left out:"));
    CHECK(contains(ran.err, "gone.wav: no such file"));
    CHECK(contains(ran.err, "cut.flac: "));
  }
  const json all = json::parse(succeeds(folder, train + " --dry-run --json" + skip).out);
  CHECK(all["data"]["faults"].size() >= 2);
  // Of recordings that somebody else has synthesized.
  fs::rename(folder.file("wavs"), folder.file("ref"));
  const std::string eval = "eval --ref " + folder.file("ref") + " --out " + folder.file("ref");
  const test::Ran refused = test::run_glowvox(folder, eval);
  CHECK(contains(refused.err, "cut.flac: "));
  CHECK(contains(refused.err, "--skip-unreadable"));
  CHECK(contains(succeeds(folder, eval + skip).err, "1 of 3 recordings cannot be read"));
}
