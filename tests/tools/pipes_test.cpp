// SPDX-License-Identifier: MIT
// Sound in pipelines, with the programs that people have there.
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/riff.hpp"
#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using test::contains;
using test::refuses;
using test::succeeds;

namespace {

// A folder with a model, a recording "a.wav" of one second, and what synth makes of it: "copy".
class PipeFolder : public test::TemporaryDirectory {
 public:
  PipeFolder() : model(file("m.safetensors")), wav(file("a.wav")) {
    succeeds(*this, "init " + test::config("tiny") + " -o " + model + " --seed 3");
    std::vector<float> speech = audio::read_audio(test::speech_file()).samples;
    speech.resize(22050);
    audio::write_audio(wav, speech, 22050);
    succeeds(*this, "synth --model " + model + " --wav " + wav + " -o " + file("copy.wav"));
    copy = audio::read_audio(file("copy.wav")).samples;
  }
  // In bash, with $model, $wav and glowvox; the status is the first that is not 0.
  test::Ran shell(const std::string& command) const {
    write_file(file("script"), "set -o pipefail\nmodel=" + model + " wav=" + wav + "\ncd " +
                                   file("") + "\nglowvox() { " GLOWVOX_BINARY " \"$@\"; }\n" +
                                   command + "\n");
    const int status =
        std::system(("bash " + file("script") + " >" + file("out") + " 2>" + file("err")).c_str());
    return {WIFEXITED(status) ? WEXITSTATUS(status) : -1, read_file(file("out")),
            read_file(file("err"))};
  }
  test::Ran runs(const std::string& command) const {
    const test::Ran ran = shell(command);
    CAPTURE(command);
    CAPTURE(ran.err);
    REQUIRE(ran.status == 0);
    return ran;
  }
  std::vector<float> samples(const std::string& name) const {
    return audio::read_audio(file(name)).samples;
  }
  // Of twenty minutes.
  std::string long_mel() const {
    const std::int64_t frames = 100000;
    arrays::write_mel(
        file("long.npy"),
        {frames, 20, std::vector<float>(static_cast<std::size_t>(frames) * 20, -5.0F)});
    return " --force --mel " + file("long.npy");
  }
  const std::string model, wav;
  std::vector<float> copy;
};

bool installed(const char* program) {
  const std::string command = std::string("command -v ") + program + " >/dev/null";
  if (std::system(command.c_str()) == 0) return true;
  MESSAGE("skipped: no " << program);
  return false;
}

const char* const kSynth = "glowvox synth --model $model --wav - -o -";

}  // namespace

TEST_CASE("a sound from a pipe is what it is from a file, as SoX and ffmpeg write it") {
  if (!installed("sox") || !installed("ffmpeg")) return;
  const PipeFolder folder;
  const std::string synth = std::string(" | ") + kSynth + " >out.wav";
  for (const char* source :
       {"cat $wav", "sox $wav -t wav -", "cat $wav | sox -t wav - -t wav - 2>/dev/null",
        "cat $wav | sox -t wav - -t flac -", "sox $wav -t aiff -", "sox $wav -t au -",
        "ffmpeg -v error -i $wav -f wav -", "cat $wav | ffmpeg -v error -i - -f wav -",
        "ffmpeg -v error -i $wav -c:a pcm_f32le -f wav -",
        "ffmpeg -v error -i $wav -c:a pcm_s24le -f wav -", "sox $wav -c 2 -t wav -",
        "ffmpeg -v error -i $wav -f flac -", "ffmpeg -v error -i $wav -f aiff -",
        "ffmpeg -v error -i $wav -f au -", "ffmpeg -v error -i $wav -f w64 -"}) {
    INFO(source);
    const test::Ran ran = folder.runs(source + synth);
    CHECK(folder.samples("out.wav") == folder.copy);
    CHECK(contains(ran.err, "standard output: 1.00 s of sound"));
  }
  for (const char* source : {"ogg", "mp3", "opus"}) {
    INFO(source);
    folder.runs(std::string("ffmpeg -v error -i $wav -f ") + source + " -" + synth);
    CHECK(folder.samples("out.wav").size() >= folder.copy.size() - 22);
    CHECK(folder.samples("out.wav").size() < folder.copy.size() + 2400);
  }
}

TEST_CASE("SoX and ffmpeg read the sound that is written into a pipe") {
  if (!installed("sox") || !installed("ffmpeg")) return;
  const PipeFolder folder;
  const std::string synth = std::string("cat $wav | ") + kSynth;
  for (const char* format : {"", " --format wav", " --format flac"}) {
    INFO(format);
    folder.runs(synth + format + " | ffmpeg -y -v error -i - -c:a pcm_s16le ff.wav");
    CHECK(folder.samples("ff.wav") == folder.copy);
    const std::string type = contains(format, "flac") ? "flac" : "wav";
    folder.runs(synth + format + " | sox --ignore-length -t " + type + " - sox.wav");
    CHECK(folder.samples("sox.wav") == folder.copy);
  }
  folder.runs(synth + " | ffmpeg -y -v error -i - out.mp3");
  CHECK(folder.samples("out.mp3").size() >= folder.copy.size());
  folder.runs(synth + " --format ogg | ffmpeg -y -v error -i - ogg.wav");
  CHECK(folder.samples("ogg.wav").size() == folder.copy.size());
  // Raw samples, read as it says.
  const test::Ran raw = folder.runs(synth + " --format raw >out.raw");
  CHECK(contains(raw.err,
                 "standard output: raw samples, 22050 Hz, mono, 16-bit signed, "
                 "little-endian: sox -t raw -r 22050 -e signed -b 16 -c 1 -L, "
                 "ffmpeg -f s16le -ar 22050 -ac 1 -i\n"));
  folder.runs("sox -t raw -r 22050 -e signed -b 16 -c 1 -L out.raw sox.wav");
  CHECK(folder.samples("sox.wav") == folder.copy);
  folder.runs("ffmpeg -y -v error -f s16le -ar 22050 -ac 1 -i out.raw ff.wav");
  CHECK(folder.samples("ff.wav") == folder.copy);
}

TEST_CASE("standard output carries the sound and nothing else") {
  const PipeFolder folder;
  const std::string wav = folder.runs(std::string("cat $wav | ") + kSynth).out;
  CHECK(wav.substr(0, 44) == audio::wav_header(22050, audio::kUnknownBytes));
  CHECK(wav.size() == 44 + 2 * folder.copy.size());
  const test::Ran mel = folder.runs("cat $wav | glowvox mel - -o - --model $model");
  write_file(folder.file("mel.npy"), mel.out);
  CHECK(arrays::read_array(folder.file("mel.npy")).shape[0] == 20);
  CHECK(contains(mel.err, "standard output: 20 bands"));
  // Through every tool, from one to the next.
  const std::vector<float> speech = folder.samples("a.wav");
  folder.runs(
      "cat $wav | glowvox encode --model $model --wav - -o - --write-mel z.mel.npy >z.npy\n"
      "glowvox decode --model $model --mel z.mel.npy --latent - -o - <z.npy >decoded.wav "
      "--samples " +
      std::to_string(speech.size()) +
      "\n"
      "cat $wav | glowvox morph --model $model --from - --to $wav --amount 0 -o - --format flac "
      ">morphed\n"
      "cat $wav | glowvox score --model $model --wav - >score\n"
      "cat $wav | glowvox mel - -o - --model $model 2>/dev/null | glowvox synth --model $model "
      "--mel - -o - >copied.wav");
  for (const char* name : {"decoded.wav", "morphed"}) {
    const std::vector<float> back = folder.samples(name);
    CHECK(std::equal(back.begin(), back.end(), speech.begin(), speech.end(),
                     [](float a, float b) { return std::abs(a - b) < 2e-4F; }));
  }
  CHECK(contains(read_file(folder.file("score")), "standard input: "));
  CHECK(folder.samples("copied.wav").size() >= folder.copy.size() - 64);
}

TEST_CASE("named pipes are read and written like standard input and output") {
  const PipeFolder folder;
  folder.runs(
      "mkfifo in.wav out.wav\ncat $wav >in.wav & cat out.wav >copied &\n"
      "glowvox synth --model $model --wav in.wav -o out.wav\nwait");
  CHECK(read_file(folder.file("copied")).substr(0, 44) ==
        audio::wav_header(22050, audio::kUnknownBytes));
  CHECK(folder.samples("copied") == folder.copy);
  folder.runs("glowvox synth --model $model --wav <(cat $wav) -o a.flac");
  CHECK(folder.samples("a.flac") == folder.copy);
  folder.runs("cat $wav | glowvox synth --model $model --wav /dev/stdin -o b.flac");
  CHECK(folder.samples("b.flac") == folder.copy);
  folder.runs("glowvox synth --model $model --wav - -o c.flac <$wav");
  CHECK(folder.samples("c.flac") == folder.copy);
}

TEST_CASE("--format overrules the name") {
  const PipeFolder folder;
  const std::string synth = "glowvox synth --model $model --wav $wav ";
  folder.runs(synth + "-o a.wav.part --format flac");
  CHECK(read_file(folder.file("a.wav.part")).substr(0, 4) == "fLaC");
  CHECK(folder.samples("a.wav.part") == folder.copy);
  folder.runs(synth + "-o a.wav --format raw\nmkdir many\n" + synth + "--wav " +
              test::speech_file() + " -o many --format flac");
  CHECK(folder.samples("many/lj_2s.flac").size() == 44100);
  refuses(folder,
          "synth --model " + folder.model + " --wav " + test::speech_file() + " -o x --format mp3",
          "--format: mp3 not in", 2);
  refuses(folder, "synth --model " + folder.model + " --wav " + test::speech_file() + " -o x.mp3",
          "use .wav, .flac or .ogg, or say --format");
}

TEST_CASE("the first bytes leave while the rest is made") {
  const PipeFolder folder;
  for (const char* format : {"wav", "flac", "ogg", "raw"}) {
    INFO(format);
    const test::Ran ran =
        folder.runs("rm -f made\n(glowvox synth --model $model" + folder.long_mel() +
                    " -o - --format " + format +
                    " 2>/dev/null; echo >made) | (head -c 30 | wc -c; test -e made && echo late; "
                    "cat >/dev/null)");
    CHECK(ran.out == "30\n");
  }
}

TEST_CASE("a reader that goes away ends it quietly") {
  const PipeFolder folder;
  const std::string end = " -o - | head -c 100 >/dev/null\necho ${PIPESTATUS[0]}";
  const std::string synth = "glowvox synth --model $model" + folder.long_mel();
  // By the signal, and where that is ignored by the error.
  for (const char* before : {"", "trap '' PIPE\n"})
    for (const char* format :
         {"", " --format flac", " --format ogg", " --format raw 2>/dev/null"}) {
      INFO(before);
      INFO(format);
      const test::Ran ran = folder.shell(before + synth + format + end);
      CHECK(ran.out == "141\n");
      CHECK(ran.err == "");
    }
  const test::Ran figures =
      folder.shell("trap '' PIPE\nglowvox mel $wav -o mel.npy | true\necho ${PIPESTATUS[0]}");
  CHECK((figures.out == "141\n" || figures.out == "0\n"));
  CHECK(figures.err == "");
}

TEST_CASE("what cannot be in a pipeline is said") {
  const PipeFolder folder;
  const std::string synth = "synth --model " + folder.model, wav = " --wav " + folder.wav;
  refuses(folder, synth + " --wav - --mel - -o x.wav",
          "standard input: is one input, and was given 2 times", 2);
  refuses(folder, "morph --model " + folder.model + " --from - --to - -o x.wav",
          "standard input: is one input", 2);
  refuses(folder, synth + wav + wav + " -o -", "-o -: carries one sound, and there are 2 inputs",
          2);
  refuses(folder, synth + wav + " -o - --json", "--json: standard output carries the sound", 2);
  refuses(folder, "mel " + folder.wav + " -o - --json", "--json: standard output carries the mel",
          2);
  const std::string in = synth + " --wav - -o " + folder.file("x.wav");
  const std::string fail = "; did the program that writes into the pipe fail?";
  refuses(folder, in + " </dev/null", "standard input: is empty, expected a sound" + fail);
  write_file(folder.file("text"), "sox FAIL formats: no such file\n");
  refuses(folder, in + " <" + folder.file("text"), "standard input: holds text, expected a sound");
  write_file(folder.file("samples"), std::string(4000, '\x01'));
  refuses(folder, in + " <" + folder.file("samples"), "send it with a header, as by sox");
  const std::string whole = read_file(folder.wav);
  write_file(folder.file("cut"), whole.substr(0, 20044));
  refuses(
      folder, in + " <" + folder.file("cut"),
      "standard input: is cut short: its header announces 22050 samples, it holds 10000" + fail);
  write_file(folder.file("cut"), audio::wav_header(22050, audio::kUnknownBytes));
  refuses(folder, in + " <" + folder.file("cut"), "standard input: holds no samples" + fail);
  CHECK(!std::filesystem::exists(folder.file("x.wav")));
}

TEST_CASE("sound is not written to a terminal, nor read from one") {
  if (!installed("script")) return;
  const PipeFolder folder;
  const auto on_terminal = [&](const std::string& arguments) {
    return folder.shell("script -qec '" GLOWVOX_BINARY " synth --model " + folder.model + " " +
                        arguments + "' /dev/null");
  };
  const test::Ran out = on_terminal("--wav " + folder.wav + " -o -");
  CHECK(out.status == 2);
  CHECK(contains(out.out, "-o -: standard output is a terminal; send it to a program or a file"));
  const test::Ran in = on_terminal("--wav - -o x.wav");
  CHECK(in.status == 1);
  CHECK(contains(in.out, "standard input: is a terminal, expected a sound; pipe one into it"));
}
