// SPDX-License-Identifier: MIT
#include "train/sound_list.hpp"

#include <sndfile.h>

#include <fstream>

#include "audio/formats.hpp"
#include "core/atomic_file.hpp"
#include "train/corpus.hpp"
#include "train/training.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

namespace {

namespace fs = std::filesystem;

// Names of sound files without any sound: a list opens none of them.
class Names : public test::TemporaryDirectory {
 public:
  void touch(const std::string& name) const {
    fs::create_directories(fs::path(file(name)).parent_path());
    std::ofstream(file(name)).put(' ');
  }
  train::SoundList read(const std::string& text, const std::string& name = "list.txt") const {
    write_file(file(name), text);
    return train::read_sound_list(file(name));
  }
  // Its names, one behind the other.
  std::string names(const std::string& text, const std::string& name = "list.txt") const {
    std::string all;
    for (const train::ListedSound& sound : read(text, name).sounds) {
      CHECK(fs::exists(sound.path));
      all += sound.name + ";";
    }
    return all;
  }
  std::string refused(const std::string& text, const std::string& name = "list.txt") const {
    return error_of([&] { read(text, name); });
  }
};

}  // namespace

TEST_CASE("paths, with what editors and systems put around them") {
  const Names folder;
  for (const char* name : {"a.wav", "sub/b c.flac", "Grüße/声.opus", "x, y.wav", "a|b.wav"})
    folder.touch(name);
  CHECK(folder.names("a.wav\nsub/b c.flac\n") == "a.wav;sub/b c.flac;");
  CHECK(folder.names("\xef\xbb\xbf"
                     "a.wav\r\n# comment\r\n\r\n  # another\r\nGrüße/声.opus\r\n") ==
        "a.wav;Grüße/声.opus;");
  CHECK(folder.names("a.wav \n\tsub/b c.flac") == "a.wav;sub/b c.flac;");
  CHECK(folder.names("x, y.wav\na|b.wav\n") == "x, y.wav;a|b.wav;");
  CHECK(folder.names(folder.file("a.wav") + "\n") == folder.file("a.wav") + ";");
  const train::SoundList list = folder.read("# one\n\na.wav\ngone.wav\n");
  CHECK(list.form.empty());
  CHECK(list.sounds[0].line == 3);
  CHECK(list.sounds[1].line == 4);
  CHECK(list.sounds[1].path == folder.file("gone.wav"));
}

TEST_CASE("a name of any bytes is a name") {
  const Names folder;
  folder.touch("Gr\xfc\xdf.wav");
  CHECK(folder.names("Gr\xfc\xdf.wav\n") == "Gr\xfc\xdf.wav;");
}

TEST_CASE("LJSpeech: an id and texts, the sounds in wavs") {
  const Names folder;
  folder.touch("wavs/LJ001-0001.wav");
  folder.touch("wavs/LJ001-0002.wav");
  const std::string text =
      "LJ001-0001|Printing, in the only sense|Printing, in \"the only sense\n"
      "LJ001-0002|in being comparatively modern.|in being comparatively modern.\n";
  CHECK(folder.names(text, "metadata.csv") == "wavs/LJ001-0001.wav;wavs/LJ001-0002.wav;");
  CHECK(contains(folder.read(text).form, "separated by bars, paths in column 1"));
  // Also with the first of them missing, and of ids alone.
  fs::remove(folder.file("wavs/LJ001-0001.wav"));
  CHECK(folder.read(text).sounds.size() == 2);
  CHECK(folder.names("LJ001-0002\n") == "wavs/LJ001-0002.wav;");
}

TEST_CASE("Tacotron and VITS: a path, perhaps a speaker, and a text") {
  const Names folder;
  folder.touch("d/p225 1.wav");
  folder.touch("d/p226.wav");
  CHECK(folder.names("d/p225 1.wav|Please call Stella.|\nd/p226.wav|Ask, her!\n") ==
        "d/p225 1.wav;d/p226.wav;");
  CHECK(folder.names("d/p225 1.wav|0|a.\nd/p226.wav|88|b.\n") == "d/p225 1.wav;d/p226.wav;");
  CHECK(folder.names("audio_file|text|speaker_name\nd/p226.wav|a|b\n") == "d/p226.wav;");
  // Of files that are all missing the first is named.
  CHECK(folder.read("DUMMY/a.wav|text\n").sounds[0].path == folder.file("DUMMY/a.wav"));
}

TEST_CASE("tables by tabs or commas, with and without a header") {
  const Names folder;
  for (const char* name : {"clips/c_1.mp3", "clips/c_2.mp3", "a.wav", "b, c.wav"})
    folder.touch(name);
  // Common Voice, Hugging Face, DeepSpeech.
  CHECK(folder.names("client_id\tpath\tsentence\n01\tc_1.mp3\tHe said \"no\n02\tc_2.mp3\tb\n") ==
        "clips/c_1.mp3;clips/c_2.mp3;");
  CHECK(folder.names("file_name,transcription\na.wav,\"one, two\n# three \"\"four\"\"\"\n"
                     "\"b, c.wav\",five\n") == "a.wav;b, c.wav;");
  CHECK(folder.names("wav_filename,wav_filesize,transcript\na.wav,100,text\n") == "a.wav;");
  CHECK(folder.names("text,Path\nhello,a.wav\n") == "a.wav;");
  CHECK(folder.names("path\na.wav\n") == "a.wav;");
  CHECK(folder.read("words,where\nhello,a.wav\nhello,gone.wav\n").sounds.size() == 2);
  CHECK(folder.names("a.wav,hello\na.wav,there\n") == "a.wav;a.wav;");
  CHECK(folder.names("a.wav\thello, you\n") == "a.wav;");
  CHECK(folder.names("1\ta.wav\n") == "a.wav;");
  const auto table = folder.read("id,path\n1,a.wav\n");
  CHECK(contains(table.form, "separated by commas, paths in column 2 (\"path\")"));
  CHECK(table.sounds[0].line == 2);
  CHECK(contains(folder.refused("path,text\n"), "expected rows under the header, found none"));
  CHECK(contains(folder.refused("path,text\na.wav,x\n,y\n"),
                 "expected a path in column 1 of line 3"));
  CHECK(contains(folder.refused("path,text\na.wav,\"x\n"), "opens in line 2 is never closed"));
}

TEST_CASE("Kaldi's wav.scp, whose commands are not run") {
  const Names folder;
  folder.touch("a b.wav");
  folder.touch("c.flac");
  CHECK(folder.names("utt1 a b.wav\nutt2   c.flac\n", "wav.scp") == "a b.wav;c.flac;");
  CHECK(folder.names("utt1 a b.wav\nutt2\tc.flac\n") == "a b.wav;c.flac;");
  CHECK(contains(folder.read("utt2 c.flac\n").form, "wav.scp"));
  const std::string pipe = "utt3 touch " + folder.file("run") + "; sph2pipe -f wav c.flac |\n";
  for (const std::string& text : {pipe, "utt2 c.flac\n" + pipe}) {
    const std::string error = folder.refused(text);
    CHECK(contains(error, "got a command, and none is run: \"utt3 touch "));
    CHECK(contains(error, text == pipe ? "in line 1" : "in line 2"));
  }
  CHECK(!fs::exists(folder.file("run")));
  CHECK(contains(folder.refused("utt1 raw_wav.1.ark:42\n"), "got a place in an archive"));
  CHECK(contains(folder.refused("utt1\n", "wav.scp"), "got one word"));
}

TEST_CASE("names are looked for in the current folder as well") {
  const Names folder;
  const std::string name = fs::relative(GLOWVOX_TEST_DATA).string() + "/mel/lj_2s.wav";
  CHECK(folder.names(name + "|text\n") == name + ";");
}

TEST_CASE("what is no list is refused by a sentence, and none of its bytes") {
  const Names folder;
  const std::string sound = std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav";
  CHECK(contains(error_of([&] { train::read_sound_list(sound); }),
                 "lj_2s.wav: is a sound file, expected a list of sound files; give the folder"));
  const std::string zeros("\0\0\x01\xff", 4);
  CHECK(contains(folder.refused(zeros, "a.mp3"), "is a sound file"));
  CHECK(contains(folder.refused(zeros), "bytes that no text has: \"\\x00\\x00\\x01\\xff\""));
  CHECK(contains(folder.refused("a.wav\n" + std::string(5000, ' ') + zeros), "no text has"));
  CHECK(contains(folder.refused(std::string("\xff\xfe"
                                            "a\0",
                                            4)),
                 "expected a list in UTF-8, got UTF-16"));
  CHECK(contains(folder.refused("glowpack1"), "is a packed corpus"));
  CHECK(contains(folder.refused("\xef\xbb\xbf"), "found none"));
}

TEST_CASE("every format that libsndfile lists is found in a folder, by its name") {
  int count = 0;
  sf_command(nullptr, SFC_GET_FORMAT_MAJOR_COUNT, &count, sizeof count);
  REQUIRE(count > 0);
  for (int i = 0; i < count; ++i) {
    SF_FORMAT_INFO format{};
    format.format = i;
    sf_command(nullptr, SFC_GET_FORMAT_MAJOR, &format, sizeof format);
    if (std::string(format.extension) == "raw") continue;  // has nothing that tells what it is
    CAPTURE(format.extension);
    CHECK(audio::named(std::string("a.") + format.extension) != audio::Named::kOther);
  }
}

TEST_CASE("folders are searched at any depth, for mp3 and opus too") {
  const Names folder;
  fs::create_directories(folder.file("x/y/z"));
  const std::string data = std::string(GLOWVOX_TEST_DATA) + "/lists/lj_half_second";
  fs::copy_file(data + ".mp3", folder.file("x/y/z/a.MP3"));
  fs::copy_file(data + ".opus", folder.file("x/b.opus"));
  fs::copy_file(std::string(GLOWVOX_TEST_DATA) + "/mel/lj_2s.wav", folder.file("c.htk"));
  folder.touch("x/notes.txt");
  folder.touch("x/matrix.mat");
  folder.touch("x/._b.opus");
  const train::Corpus corpus(folder.file(""), 22050, test::ignore);
  REQUIRE(corpus.size() == 3);
  CHECK(corpus.clip(0).listed == "c.htk");
  CHECK(corpus.clip(1).listed == "x/b.opus");
  CHECK(corpus.clip(2).listed == "x/y/z/a.MP3");
  for (std::size_t i = 1; i < 3; ++i) {
    CHECK(corpus.load(i).size() == static_cast<std::size_t>(corpus.samples(i)));
    CHECK(corpus.samples(i) == 11025);
  }
}

TEST_CASE("unreadable files: an error that names the way on, or a list of them") {
  const test::SpeechFolder speech;
  const std::string flac = read_file(speech.file("b.flac"));
  write_file(speech.file("cut.flac"), flac.substr(0, flac.size() / 2));
  write_file(speech.file("list.txt"), "a.wav\ncut.flac\ngone.wav\nb.flac\n");
  train::DataOptions data(speech.file("list.txt"));
  const std::string error = error_of([&] { train::Corpus(data, 22050, test::ignore); });
  CHECK(contains(error, "gone.wav: no such file; it is in line 3 of " + speech.file("list.txt") +
                            "; --skip-unreadable goes on without such files"));
  data.skip_unreadable = true;
  std::string said;
  const auto note = [&](const std::string& text) { said += text + "\n"; };
  const train::Corpus corpus(data, 22050, note);
  REQUIRE(corpus.size() == 2);
  CHECK(corpus.clip(1).listed == "b.flac");
  CHECK(contains(said, "list.txt: 2 of 4 recordings cannot be read and are left out:\n  "));
  CHECK(contains(said, "gone.wav: no such file\n"));
  CHECK(contains(said, "cut.flac: "));
  CHECK(train::readable_recordings(speech.file("list.txt"), test::ignore).size() == 2);
  write_file(speech.file("list.txt"), "gone.wav\n");
  CHECK(contains(error_of([&] { train::Corpus(data, 22050, test::ignore); }),
                 "none of its 1 recordings can be read, the first: "));
}
