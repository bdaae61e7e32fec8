// SPDX-License-Identifier: MIT
// What goes wrong for users: one line that names the file or the key, exit 1, nothing half written.
#include <cmath>
#include <cstdlib>
#include <limits>

#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using test::refuses;
using test::succeeds;

namespace {

class Folder : public test::TemporaryDirectory {
 public:
  Folder() : model(file("m.safetensors")) {
    succeeds(*this, "init " + test::config("tiny") + " -o " + model);
  }
  std::string synth(const std::string& input) const {
    return "synth --model " + model + " " + input + " -o " + file("out.wav");
  }
  bool nothing_written() const { return !std::filesystem::exists(file("out.wav")); }
  const std::string model;
};

// A float wav file, for samples that a 16-bit one cannot hold.
std::string float_wav(const std::vector<float>& samples) {
  const auto little = [](std::uint32_t value, int bytes) {
    std::string s;
    for (int i = 0; i < bytes; ++i) s += static_cast<char>(value >> (8 * i));
    return s;
  };
  const std::string data(reinterpret_cast<const char*>(samples.data()), samples.size() * 4);
  const std::string format = little(3, 2) + little(1, 2) + little(22050, 4) + little(88200, 4) +
                             little(4, 2) + little(32, 2);
  const std::string body = "WAVEfmt " + little(16, 4) + format + "data" +
                           little(static_cast<std::uint32_t>(data.size()), 4) + data;
  return "RIFF" + little(static_cast<std::uint32_t>(body.size()), 4) + body;
}

}  // namespace

TEST_CASE("a glowvox that is named as the program beside it does not start itself for ever") {
  const test::TemporaryDirectory folder;
  const std::string copy = folder.file("glowvox"), beside = folder.file("glowvox-train"),
                    said = folder.file("said");
  std::filesystem::copy_file(GLOWVOX_BINARY, copy);
  for (const bool link : {false, true}) {
    CAPTURE(link);
    std::filesystem::remove(beside);
    if (link)
      std::filesystem::create_symlink("glowvox", beside);
    else
      std::filesystem::copy_file(GLOWVOX_BINARY, beside);
    const int status =
        std::system(("timeout 60 " + (link ? copy : beside) + " init " + test::config("tiny") +
                     " -o " + folder.file("m.safetensors") + " 2>" + said)
                        .c_str());
    CHECK(WEXITSTATUS(status) == 1);
    CHECK(test::contains(read_file(said), "glowvox-train: is glowvox itself"));
  }
}

TEST_CASE("a library that cannot be opened fails what needs it, and nothing else") {
  const Folder folder;
  const std::string list = folder.file("libraries");
  const int traced = std::system(("LD_TRACE_LOADED_OBJECTS=1 " GLOWVOX_BINARY " >" + list).c_str());
  REQUIRE(traced == 0);
  if (test::contains(read_file(list), "libsndfile")) {
    MESSAGE("skipped: built with GLOWVOX_LATE=OFF");
    return;
  }
  write_file(folder.file("libsndfile.so.1"), "no library");
  succeeds(folder, "mel " + test::speech_file() + " -o " + folder.file("mel.npy") + " --model " +
                       folder.model);
  ::setenv("LD_LIBRARY_PATH", folder.file("").c_str(), 1);
  refuses(folder, folder.synth("--wav " + test::speech_file()),
          "libsndfile.so.1: cannot be opened, and is needed for sound files");
  CHECK(folder.nothing_written());
  succeeds(folder, folder.synth("--mel " + folder.file("mel.npy")));
  ::unsetenv("LD_LIBRARY_PATH");
  CHECK(audio::read_audio(folder.file("out.wav")).sample_rate_hz == 22050);
}

TEST_CASE("sound that cannot be used") {
  const Folder folder;
  const std::string bad = folder.file("bad.wav");
  const std::string m = " --model " + folder.model, out = " -o " + folder.file("out.wav");
  write_file(folder.file("bad.txt"), "bad.wav\n");
  for (const std::string& arguments :
       {"synth" + m + " --wav " + bad + out, "score" + m + " --wav " + bad,
        "encode" + m + " --wav " + bad + " -o " + folder.file("out.npy"),
        "morph" + m + " --from " + bad + " --to " + bad + out,
        "mel " + bad + " -o " + folder.file("out.npy"),
        "train " + test::config("tiny") + " --steps 1 --out " + folder.file("run") + " --data " +
            folder.file("bad.txt") + " --valid " + folder.file("bad.txt")}) {
    CAPTURE(arguments);
    const bool training = arguments[0] == 't';
    std::filesystem::remove(bad);
    refuses(folder, arguments, "bad.wav: no such file");
    write_file(bad, "this is no sound");
    refuses(folder, arguments, "bad.wav: not an audio file");
    write_file(bad, float_wav({}));
    refuses(folder, arguments, "bad.wav: holds no samples");
    write_file(bad, float_wav({0.5f}));
    refuses(folder, arguments, training ? "training data: expected clips of" : "bad.wav: ");
    std::vector<float> samples(4000, 0.1f);
    samples[77] = std::numeric_limits<float>::quiet_NaN();
    write_file(bad, float_wav(samples));
    refuses(folder, arguments, "bad.wav: sample 77 is not finite");
  }
  CHECK(folder.nothing_written());
  CHECK(!std::filesystem::exists(folder.file("run/model.safetensors")));
  CHECK(!std::filesystem::exists(folder.file("out.npy")));
}

TEST_CASE("mels that cannot be used") {
  const Folder folder;
  const std::string mel = folder.file("mel.npy");
  refuses(folder, folder.synth("--mel " + mel), "mel.npy: no such file");
  arrays::write_npy(mel, {{7, 10}, std::vector<float>(70)});
  refuses(folder, folder.synth("--mel " + mel), "mel.npy: ");
  refuses(folder, folder.synth("--mel " + mel), "expected a mel of 20 bands, got shape [7, 10]");
  arrays::write_npy(mel, {{20, 0}, {}});
  refuses(folder, folder.synth("--mel " + mel), "mel.npy: ");
  arrays::write_npy(mel, {{20, 2}, std::vector<float>(40, std::nanf(""))});
  refuses(folder, folder.synth("--mel " + mel), "not finite");
  write_file(mel, "\x93NUMPY nonsense");
  refuses(folder, folder.synth("--mel " + mel), "mel.npy: ");
  refuses(folder, folder.synth(""), "--mel or --wav", 2);
  CHECK(folder.nothing_written());
}

TEST_CASE("a mel that cannot be speech is refused before it is made sound") {
  const test::TemporaryDirectory folder;
  const std::string mel = folder.file("mel.npy"), out = folder.file("out.wav");
  const std::string model = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
  const std::string synth = "synth --model " + model + " --mel " + mel + " -o " + out;
  const auto speech = arrays::read_array(std::string(GLOWVOX_SAMPLES) + "/kerstin.npy");
  const auto changed = [&](float factor, float shift) {
    arrays::Array array = speech;
    for (float& v : array.values) v = v * factor + shift;
    arrays::write_npy(mel, array);
  };
  changed(8.6859F, 0.0F);
  refuses(folder, synth, "mel.npy: is no mel of speech as the model expects it");
  refuses(folder, synth, "it is probably in decibels");
  CHECK(!std::filesystem::exists(out));
  CHECK(test::contains(succeeds(folder, synth + " --force").err, "warning: " + mel));
  // What is advised is what works.
  CHECK(succeeds(folder, synth + " --from-preset '{log: log10, deviation: 0.05}'").err.empty());
  changed(1.0F / 13.5F, 11.5F / 13.5F);
  refuses(folder, synth, "it is probably scaled to 0 to 1");
  CHECK(succeeds(folder, synth + " --from-preset '{mean: -11.5, deviation: 13.5}'").err.empty());
  changed(1.0F / 2.302585F, 0.0F);
  refuses(folder, synth, "convert it with --from-preset '{log: log10}'");
  CHECK(succeeds(folder, synth + " --from-preset '{log: log10}'").err.empty());
  // Silence is fine, as a mel and as a recording.
  changed(0.0F, -11.512925F);
  CHECK(succeeds(folder, synth).err.empty());
  audio::write_audio(folder.file("silence.wav"), std::vector<float>(44100), 22050);
  CHECK(succeeds(folder,
                 "synth --model " + model + " --wav " + folder.file("silence.wav") + " -o " + out)
            .err.empty());
}

TEST_CASE("model files that cannot be used") {
  const Folder folder;
  const std::string whole = read_file(folder.model);
  const std::string input = "--wav " + test::speech_file();
  const auto with = [&](const std::string& bytes, const std::string& message) {
    write_file(folder.model, bytes);
    refuses(folder, folder.synth(input), message);
    refuses(folder, "info " + folder.model, message);
  };
  with(whole.substr(0, whole.size() - 100), "m.safetensors: ");
  with(whole.substr(0, 5), "m.safetensors: ");
  with("", "m.safetensors: ");
  std::string lying = whole;
  lying[6] = '\x7f';  // a header of 2^55 bytes
  with(lying, "m.safetensors: ");
  std::string shifted = whole;
  const std::size_t shape = shifted.find("\"shape\":[64]");
  REQUIRE(shape != std::string::npos);
  shifted.replace(shape, 12, "\"shape\":[99]");
  with(shifted, "m.safetensors: ");
  with("not a model at all, but long enough", "m.safetensors: ");
  std::filesystem::remove(folder.model);
  refuses(folder, folder.synth(input), "m.safetensors: no such file");
  CHECK(folder.nothing_written());
}

TEST_CASE("configurations that cannot be used") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("c.yaml"), model = folder.file("m.safetensors");
  const auto with = [&](const std::string& yaml, const std::string& message) {
    write_file(path, yaml);
    refuses(folder, "info " + path, message);
    refuses(folder, "init " + path + " -o " + model, message);
  };
  with("name: x\nstepz: 3\n", "c.yaml: stepz: unknown key");
  with("steps: many\n", "c.yaml: steps: expected a whole number, got 'many'");
  with("lift: {channels: 7}\n", "c.yaml: lift.channels: expected an even number, got 7");
  with("steps: 12\nearly: {every: 2, channels: 4}\n", "c.yaml: early.channels: 4 channels leave");
  with("mel: [", "c.yaml: is not YAML");
  refuses(folder, "info " + folder.file("gone.yaml"), "gone.yaml: no such file");
  CHECK(!std::filesystem::exists(model));
}

TEST_CASE("outputs that cannot be written") {
  const Folder folder;
  const std::string synth = "synth --model " + folder.model + " --wav " + test::speech_file();
  refuses(folder, synth + " -o " + folder.file("no/such/folder/out.wav"), "out.wav: ");
  refuses(folder, synth + " -o " + folder.file("out.mp3"), "out.mp3: ");
  refuses(folder, "mel " + test::speech_file() + " -o /dev/full", "/dev/full: ");
  refuses(folder, "init " + test::config("tiny") + " -o /dev/full", "No space left on device");
  refuses(folder,
          "encode --model " + folder.model + " --wav " + test::speech_file() + " -o /dev/full",
          "/dev/full: cannot write: No space left on device");
  refuses(folder, synth + " --picture /dev/full -o " + folder.file("ok.wav"), "/dev/full: ");
  std::filesystem::remove(folder.file("ok.wav"));
  refuses(folder,
          "score --model " + folder.model + " --wav " + test::speech_file() + " --plot /dev/full",
          "/dev/full: ");
  refuses(folder, "info --json " + folder.model + " >/dev/full", "standard output: cannot write");
  std::filesystem::create_symlink("/dev/full", folder.file("full.wav"));
  refuses(folder, synth + " -o " + folder.file("full.wav"), "full.wav: ");
  write_file(folder.file("file"), "");
  write_file(folder.file("list.txt"), test::speech_file() + "\n");
  const std::string train =
      "train " + test::config("tiny") + " --data " + folder.file("list.txt") + " --steps 2 --out ";
  refuses(folder, train + folder.file("file/run"), "file/run: expected a folder");
  refuses(folder, train + "/proc/run", "/proc/run: expected a folder");
  CHECK(folder.entries() == 6);  // the model, file, list.txt, full.wav and the two captured outputs
}

TEST_CASE("training data and options that cannot be used") {
  const test::TemporaryDirectory folder;
  const std::string train = "train " + test::config("tiny") + " --out " + folder.file("run");
  write_file(folder.file("list.txt"), "gone.wav\n");
  const std::string data = " --data " + folder.file("list.txt");
  refuses(folder, train + data + " --steps 2", "gone.wav: no such file");
  refuses(folder, train + data, "--steps or --minutes: expected one of them", 2);
  refuses(folder, train + data + " --minutes nan", "--minutes", 2);
  refuses(folder, train + data + " --steps 2 --batch -3", "--batch", 2);
  refuses(folder, train + " --steps 2 --data " + folder.file("none.txt"), "none.txt: no such file");
  write_file(folder.file("list.txt"), test::speech_file() + "\n");
  refuses(folder, train + data + " --steps 2 --resume --init-from m.safetensors", "excludes", 2);
  refuses(folder, train + data + " --steps 2 --init-from " + folder.file("list.txt"), "list.txt: ");
  succeeds(folder,
           "init " + test::config("squeezewave-64s") + " -o " + folder.file("m.safetensors"));
  refuses(folder, train + data + " --steps 2 --init-from " + folder.file("m.safetensors"),
          "m.safetensors: was trained on mels [");
  CHECK(!std::filesystem::exists(folder.file("run/model.safetensors")));
}

TEST_CASE("latents and audio arrays that do not fit") {
  const Folder folder;
  const std::string m = " --model " + folder.model, z = folder.file("z.npy");
  const std::string decode = "decode" + m + " --wav " + test::speech_file() + " --latent " + z +
                             " -o " + folder.file("out.wav");
  arrays::write_npy(z, {{1, 63, 4}, std::vector<float>(252)});
  refuses(folder, decode, "z.npy: expected [1, 64, ");
  arrays::write_npy(z, {{5}, std::vector<float>(5)});
  refuses(folder, decode, "z.npy: expected latents of shape");
  arrays::write_npy(z, {{2, 2, 2000}, std::vector<float>(8000)});
  refuses(folder, "encode" + m + " --audio " + z + " -o " + folder.file("out.npy"),
          "z.npy: expected audio of shape");
  arrays::write_npy(z, {{0}, {}});
  refuses(folder, "encode" + m + " --audio " + z + " -o " + folder.file("out.npy"),
          "z.npy: holds no values");
  CHECK(folder.nothing_written());
}
