// SPDX-License-Identifier: MIT
// glowvox eval as a user runs it.
#include <cmath>
#include <nlohmann/json.hpp>

#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::refuses;
using test::succeeds;

namespace {

// Two recordings of two seconds in "ref", and a model of random weights.
class Folder : public test::TemporaryDirectory {
 public:
  Folder() : model(file("m.safetensors")) {
    std::filesystem::create_directories(file("ref/sub"));
    speech = audio::read_audio(test::speech_file()).samples;
    write("ref/a.wav", 1.0F);
    write("ref/sub/b.flac", 0.5F);
    succeeds(*this, "init " + test::config("tiny") + " -o " + model + " --seed 3");
  }
  void write(const std::string& name, float gain) const {
    std::vector<float> x = speech;
    for (float& v : x) v *= gain;
    audio::write_audio(file(name), x, 22050);
  }
  const std::string model;
  std::vector<float> speech;
};

const json& system_of(const json& out, const std::string& name) {
  for (const json& s : out["systems"])
    if (s["name"] == name) return s;
  FAIL("no system " << name);
  return out;
}

}  // namespace

TEST_CASE("eval: synthesized folders against recordings") {
  const Folder folder;
  std::filesystem::create_directories(folder.file("same/sub"));
  std::filesystem::create_directories(folder.file("quiet/sub"));
  folder.write("same/a.flac", 1.0F);
  folder.write("same/sub/b.wav", 0.5F);
  folder.write("quiet/a.wav", 0.5F);
  folder.write("quiet/sub/b.wav", 0.25F);
  const std::string arguments = "eval --ref " + folder.file("ref") + " --out " +
                                folder.file("same") + " --out " + folder.file("quiet");
  const json out = json::parse(succeeds(folder, arguments + " --baseline griffin-lim --json").out);
  const json& same = system_of(out, folder.file("same"));
  CHECK(same["mean"]["stoi"].get<double>() == doctest::Approx(1.0));
  CHECK(same["mean"]["mel_error"] == 0.0);
  CHECK(same["files"].size() == 2);
  CHECK(same["silence"]["worst_db"] == 0.0);
  const json& quiet = system_of(out, folder.file("quiet"));
  CHECK(quiet["mean"]["level"].get<double>() == doctest::Approx(-6.02).epsilon(0.01));
  CHECK(quiet["interval"]["level"].get<double>() < 0.1);
  CHECK(quiet["mean"]["mel_error"].get<double>() > 0.5);
  CHECK(system_of(out, "griffin-lim")["mean"]["stoi"].get<double>() > 0.95);
  CHECK(!out.contains("nats_per_sample"));

  const test::Ran table = succeeds(folder, arguments + " --limit 1");
  CHECK(contains(table.out, "1 file "));
  for (const char* label : {"STOI", "mel-cepstral distortion, dB", "voicing F1", "level, dB"})
    CHECK(contains(table.out, label));
  std::filesystem::remove(folder.file("quiet/sub/b.wav"));
  refuses(folder, arguments, "sub/b: expected a .wav, .flac or .ogg of this name");
}

TEST_CASE("eval: a model copies recordings, beside what it should be and what it has to beat") {
  const Folder folder;
  const std::string page = folder.file("page.html");
  const json out = json::parse(
      succeeds(folder, "eval --model " + folder.model + " --list " + folder.file("ref") +
                           " --sigma 1 --sigma 0.5 --baseline latents --baseline noise --json "
                           "--report " +
                           page + " --write " + folder.file("made"))
          .out);
  std::vector<std::string> names;
  for (const json& s : out["systems"]) names.push_back(s["name"]);
  CHECK(names == std::vector<std::string>{"sigma 1", "sigma 0.5", "latents", "noise"});
  // Its own latents, decoded again.
  const json& latents = system_of(out, "latents")["mean"];
  CHECK(latents["stoi"].get<double>() > 0.9999);
  CHECK(latents["mel_error"].get<double>() < 1e-3);
  CHECK(std::fabs(latents["level"].get<double>()) < 0.01);
  CHECK(system_of(out, "sigma 1")["mean"]["mel_error"].get<double>() > 0.1);
  // The likelihood is score's, but for the dequantisation's noise, and its bands add up to it.
  const double nats = out["nats_per_sample"]["mean"];
  const json score = json::parse(succeeds(folder, "score --model " + folder.model + " --list " +
                                                      folder.file("ref") + " --json")
                                     .out);
  CHECK(nats == doctest::Approx(score["all"]["nats_per_sample"].get<double>()).epsilon(0.01));
  REQUIRE(out["band_nats"].size() == 4);
  double sum = 0.0;
  for (const json& band : out["band_nats"]) sum += band.get<double>() / 4.0;
  CHECK(sum == doctest::Approx(nats).epsilon(1e-5));
  CHECK(contains(read_file(page), "Recordings and their synthesis"));
  for (const char* made : {"sigma-1/a.wav", "sigma-0.5/b.wav", "latents/a.wav", "noise/b.wav"})
    CHECK(std::filesystem::exists(folder.file(std::string("made/") + made)));
  const test::Ran table = succeeds(folder, "eval --model " + folder.model + " --list " +
                                               folder.file("ref") + " --as-if-predicted");
  CHECK(contains(table.out, "sigma 0.7 as if predicted"));
  CHECK(contains(table.out, "held out: "));
  CHECK(contains(table.out, "sigma 0.7"));
}

TEST_CASE("eval: wrong usage") {
  const Folder folder;
  const std::string model = "eval --model " + folder.model, list = " --list " + folder.file("ref");
  refuses(folder, "eval", "--model or --ref", 2);
  refuses(folder, model + " --ref " + folder.file("ref"), "--model or --ref", 2);
  refuses(folder, model, "--list: expected recordings", 2);
  refuses(folder, "eval --ref " + folder.file("ref"), "--out: expected the folder", 2);
  refuses(folder, model + list + " --out x", "--out: belongs to --ref", 2);
  refuses(folder, model + list + " --sigma -1", "--sigma: expected 0 or more", 2);
  refuses(folder, model + list + " --baseline world", "got 'world'", 2);
  refuses(
      folder,
      "eval --ref " + folder.file("ref") + " --out " + folder.file("ref") + " --baseline latents",
      "latents need --model", 2);
  refuses(folder, model + " --list " + folder.file("nowhere"), "nowhere");
  refuses(folder, model + list + " --report /nowhere/page.html", "its folder does not exist");
  folder.write("ref/b.wav", 1.0F);
  refuses(folder, model + list + " --write " + folder.file("made"), "would overwrite another file");
}
