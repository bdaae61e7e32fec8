// SPDX-License-Identifier: MIT
// Other people's checkpoints and mels, as a user brings them.
#include <cmath>
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "golden.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/floats.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::data_file;
using test::refuses;
using test::run_glowvox;
using test::succeeds;

namespace {

const std::string kShipped = std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors";
const std::string kSampleMel = std::string(GLOWVOX_SAMPLES) + "/kerstin.npy";

std::vector<float> samples(const std::string& path) { return audio::read_audio(path).samples; }

// mel-check: exit status 1, and why on standard output.
void refuses_to_take(const test::TemporaryDirectory& folder, const std::string& arguments,
                     const std::string& why) {
  const test::Ran ran = run_glowvox(folder, arguments);
  CHECK(ran.status == 1);
  CHECK(contains(ran.out, "cannot take it: "));
  CHECK(contains(ran.out, why));
}

bool has_python_torch() {
  return std::system("/usr/bin/python3 -c 'import torch' >/dev/null 2>&1") == 0;
}

}  // namespace

TEST_CASE("import, synth, export and import again") {
  const test::TemporaryDirectory folder;
  const std::string model = folder.file("m.safetensors"), out = folder.file("out.pt");
  const std::string checkpoint = data_file("waveglow/tiny_pickled_module.pt");
  const json summary =
      json::parse(succeeds(folder, "import " + checkpoint + " -o " + model + " --json").out);
  CHECK(summary["program"] == "waveglow");
  CHECK(summary["container"] == "zip archive, pickled module");
  CHECK(summary["tensors"] == 164);
  CHECK(contains(succeeds(folder, "import " + checkpoint + " -o " + model).out,
                 "6 steps of 8 channels, 2 leave every 2 steps"));
  CHECK(contains(succeeds(folder, "info " + model).out, "waveglow-16"));
  const std::string mel = folder.file("mel.npy");
  arrays::write_mel(mel, {20, 8, std::vector<float>(160, -4.0F)});
  succeeds(folder, "synth --model " + model + " --mel " + mel + " -o " + folder.file("a.wav"));
  CHECK(samples(folder.file("a.wav")).size() == 20 * 256);
  succeeds(folder, "export " + model + " -o " + out);
  succeeds(folder, "export " + model + " -o " + folder.file("out.safetensors"));
  for (const std::string& exported : {out, folder.file("out.safetensors")}) {
    succeeds(folder, "import " + exported + " -o " + folder.file("again.safetensors"));
    succeeds(folder, "synth --model " + folder.file("again.safetensors") + " --mel " + mel +
                         " -o " + folder.file("b.wav"));
    CHECK(samples(folder.file("b.wav")) == samples(folder.file("a.wav")));
  }
  succeeds(folder, "import " + checkpoint + " --old-split --denoise 0.1 -o " + model);
  const std::string yaml =
      json::parse(succeeds(folder, "info --json " + model).out)["configuration"];
  CHECK(contains(yaml, "alternate: true"));
  CHECK(contains(yaml, "denoise: 0.1"));
}

TEST_CASE("an exported state dict is what Python's torch.load takes without trusting it") {
  if (!has_python_torch()) {
    MESSAGE("skipped: no PyTorch for /usr/bin/python3 (Debian: python3-torch)");
    return;
  }
  const test::TemporaryDirectory folder;
  for (const std::string name : {"waveglow", "squeezewave"}) {
    const std::string checkpoint = data_file(name + "/tiny_state_dict.pt");
    succeeds(folder, "import " + checkpoint + " -o " + folder.file("m.safetensors"));
    succeeds(folder, "export " + folder.file("m.safetensors") + " -o " + folder.file("x.pt"));
    write_file(
        folder.file("check.py"),
        "import sys, torch\n"
        "ours = torch.load(sys.argv[1], weights_only=True)\n"
        "theirs = torch.load(sys.argv[2])\n"
        "assert set(ours) == set(theirs), set(ours) ^ set(theirs)\n"
        "for name, tensor in theirs.items():\n"
        "    assert ours[name].shape == tensor.shape and ours[name].dtype == tensor.dtype, name\n"
        "    if '.running_' in name or name.endswith(('.0.weight', '.0.bias')): continue\n"
        "    assert torch.equal(ours[name], tensor) or 'batches' in name, name\n");
    CHECK(std::system(("/usr/bin/python3 " + folder.file("check.py") + " " + folder.file("x.pt") +
                       " " + checkpoint)
                          .c_str()) == 0);
  }
}

TEST_CASE("checkpoints that cannot be imported leave no model behind") {
  const test::TemporaryDirectory folder;
  const std::string out = folder.file("m.safetensors"), bad = folder.file("bad.pt");
  const auto with = [&](const std::string& bytes, const std::string& message) {
    write_file(bad, bytes);
    refuses(folder, "import " + bad + " -o " + out, message);
    CHECK(!std::filesystem::exists(out));
  };
  const std::string whole = read_file(data_file("waveglow/tiny_state_dict.pt"));
  with("", "bad.pt: is neither a PyTorch file nor a safetensors file");
  with("no checkpoint", "bad.pt: is neither a PyTorch file nor a safetensors file");
  with(whole.substr(0, whole.size() / 2), "bad.pt: not a zip archive, or damaged");
  with(read_file(data_file("hostile/call_1.pt")), "bad.pt: its pickle names 'os.system'");
  with(read_file(data_file("torch/one.pt")), "bad.pt: holds no named tensors");
  with(read_file(kShipped), "bad.pt: is no WaveGlow or SqueezeWave");
  refuses(folder, "import " + folder.file("gone.pt") + " -o " + out, "gone.pt: no such file");
  // A mixing matrix that cannot be inverted.
  const pytorch::StateDict file(data_file("waveglow/tiny_state_dict.pt"));
  std::map<std::string, safetensors::Tensor> tensors;
  for (const auto& [name, entry] : file.entries())
    tensors[name] = safetensors::to_tensor(entry.shape, file.floats(name));
  tensors["convinv.3.conv.weight"] =
      safetensors::to_tensor({6, 6, 1}, std::vector<float>(36, 1.0F));
  pytorch::write_state_dict(bad, tensors);
  refuses(folder, "import " + bad + " -o " + out, "step_3_mixing");
  CHECK(!std::filesystem::exists(out));
  const std::string checkpoint = data_file("waveglow/tiny_state_dict.pt");
  refuses(folder, "import " + checkpoint + " -o " + out + " --mel nonsense",
          "there is no 'nonsense'");
  refuses(folder, "import " + bad + " -o " + bad, "would be overwritten");
  refuses(folder, "export " + kShipped + " -o " + folder.file("x.pt"),
          "is neither a WaveGlow nor a SqueezeWave: lift.kind is not squeeze");
  refuses(folder, "export " + kShipped + " -o " + folder.file("x.onnx"), "ends in .pt", 2);
  CHECK(!std::filesystem::exists(folder.file("x.pt")));
}

TEST_CASE("synth takes a mel in any file, and from standard input") {
  const test::TemporaryDirectory folder;
  const std::string synth = "synth --model " + kShipped + " -o ";
  const std::string expected = folder.file("expected.wav"), out = folder.file("out.wav");
  succeeds(folder, synth + expected + " --mel " + kSampleMel);
  const Mel mel = arrays::read_mel(kSampleMel, 80);
  const safetensors::Tensor frames = safetensors::to_tensor({mel.frames, 80}, mel.values);
  write_file(folder.file("mel.f32"), frames.bytes);
  pytorch::write_state_dict(folder.file("mel.pt"),
                            {{"mel", frames}, {"other", safetensors::to_tensor({1}, {0.0F})}});
  const auto same = [&](const std::string& arguments) {
    succeeds(folder, synth + out + " " + arguments);
    CHECK(samples(out) == samples(expected));
  };
  same("--mel " + folder.file("mel.f32"));
  same("--mel " + folder.file("mel.pt") + " --mel-array mel");
  same("--mel - < " + folder.file("mel.f32"));
  same("--mel - < " + kSampleMel);
  same("--mel - --mel-array mel < " + folder.file("mel.pt"));
  refuses(folder, synth + out + " --mel " + folder.file("mel.pt"), "--mel-array");
  refuses(folder, synth + out + " --mel - < " + test::speech_file(), "standard input: ");
  refuses(folder, synth + out + " --mel " + kSampleMel + " --mel-layout x", "--mel-layout", 2);
}

TEST_CASE("synth takes a mel of another logarithm, and one that was normalised") {
  const test::TemporaryDirectory folder;
  const std::string synth = "synth --model " + kShipped + " --precision fp32 -o ";
  const std::string expected = folder.file("expected.wav"), out = folder.file("out.wav");
  succeeds(folder, synth + expected + " --mel " + kSampleMel);
  const Mel mel = arrays::read_mel(kSampleMel, 80);
  std::vector<float> log10 = mel.values, normal = mel.values, statistics(160);
  for (float& v : log10) v /= 2.302585093F;
  arrays::write_npy(folder.file("log10.npy"), {{mel.frames, 80}, log10});
  for (std::size_t b = 0; b < 80; ++b) {
    statistics[b] = -5.0F - 0.01F * static_cast<float>(b);
    statistics[80 + b] = 2.0F + 0.01F * static_cast<float>(b);
  }
  arrays::write_npy(folder.file("stats.npy"), {{2, 80}, statistics});
  for (std::size_t i = 0; i < normal.size(); ++i)
    normal[i] = (normal[i] - statistics[i % 80]) / statistics[80 + i % 80];
  arrays::write_npy(folder.file("normal.npy"), {{mel.frames, 80}, normal});
  const auto same = [&](const std::string& arguments) {
    const test::Ran ran = succeeds(folder, synth + out + " " + arguments);
    CHECK(!contains(ran.err, "warning"));
    const auto a = samples(out), b = samples(expected);
    REQUIRE(a.size() == b.size());
    for (std::size_t i = 0; i < a.size(); ++i) REQUIRE(std::fabs(a[i] - b[i]) < 2e-3F);
  };
  same("--mel " + folder.file("log10.npy") + " --from-preset '{log: log10, floor: 1.0e-5}'");
  same("--mel " + folder.file("normal.npy") + " --from-stats " + folder.file("stats.npy"));
  const auto refused = [&](const std::string& name, const char* option) {
    refuses(folder, synth + out + " --mel " + folder.file(name), option);
  };
  refused("log10.npy", "--from-preset '{log: log10}'");
  refused("normal.npy", "--from-stats");
  // mel-check says the same.
  const std::string check = "mel-check --model " + kShipped + " ";
  CHECK(contains(succeeds(folder, check + folder.file("log10.npy")).out,
                 "takes it with --from-preset '{log: log10, floor: 1e-05}'"));
  refuses_to_take(folder, check + folder.file("normal.npy"), "--from-stats");
  CHECK(contains(succeeds(folder, check + folder.file("normal.npy") + " --from-stats " +
                                      folder.file("stats.npy"))
                     .out,
                 "takes it, converted"));
  CHECK(contains(succeeds(folder, check + "- --from-preset tacotron2 < " + kSampleMel).out,
                 "takes it, converted"));
  statistics[85] = 0.0F;
  arrays::write_npy(folder.file("stats.npy"), {{2, 80}, statistics});
  refuses(folder,
          synth + out + " --mel " + folder.file("normal.npy") + " --from-stats " +
              folder.file("stats.npy"),
          "stats.npy: band 5: expected a finite mean and a positive deviation");
  refuses(folder, "mel-check --from-preset hifigan " + kSampleMel, "expected --model", 2);
}

TEST_CASE("mel-check says what a mel is and whether a model takes it") {
  const test::TemporaryDirectory folder;
  const std::string mel = folder.file("mel.npy"), model = folder.file("m.safetensors");
  const auto check = [&](const std::string& arguments, int status) {
    const test::Ran ran = run_glowvox(folder, "mel-check --json " + arguments);
    CAPTURE(ran.err);
    REQUIRE(ran.status == status);
    return json::parse(ran.out);
  };
  const json plain = check(kSampleMel + " --model " + kShipped, 0);
  CHECK(plain["bands"] == 80);
  CHECK(plain["values"] == "natural logarithm");
  CHECK(plain["presets"][0] == "tacotron2");
  CHECK(plain["verdict"] == "takes it as it is");
  CHECK(!plain.contains("warning"));
  CHECK(contains(succeeds(folder, "mel-check " + kSampleMel).out, "may be          tacotron2"));
  succeeds(folder, "mel " + test::speech_file() + " -o " + mel + " --preset parallel_wavegan");
  const json log10 = check(mel + " --model " + kShipped, 1);
  CHECK(log10["values"] == "decimal logarithm");
  CHECK(contains(log10["verdict"], "cannot take it as parallel_wavegan, which is ["));
  succeeds(folder, "import " + data_file("waveglow/tiny_state_dict.pt") + " -o " + model);
  CHECK(contains(check(mel + " --model " + model, 1)["verdict"], "it has 80 bands, the model"));
  CHECK(contains(check(mel + " --model " + kShipped + " --from-preset hifigan", 1)["verdict"],
                 "they differ in padding, epsilon"));
  refuses(folder, "mel-check " + folder.file("gone.npy"), "gone.npy: no such file");
}

TEST_CASE("synth --denoise: by hand and as the model file says") {
  const test::TemporaryDirectory folder;
  const std::string model = folder.file("m.safetensors"), usual = folder.file("u.safetensors");
  const std::string checkpoint = "import " + data_file("waveglow/tiny_state_dict.pt") + " -o ";
  succeeds(folder, checkpoint + model);
  succeeds(folder, checkpoint + usual + " --denoise 0.5");
  const std::string mel = folder.file("mel.npy");
  arrays::write_mel(mel, {20, 8, std::vector<float>(160, -4.0F)});
  const auto synth = [&](const std::string& which, const std::string& more) {
    succeeds(folder,
             "synth --model " + which + " --mel " + mel + " -o " + folder.file("x.wav") + more);
    return samples(folder.file("x.wav"));
  };
  CHECK(synth(usual, "") == synth(model, " --denoise 0.5"));
  CHECK(synth(usual, " --denoise 0") == synth(model, ""));
  CHECK(synth(usual, "") != synth(model, ""));
  CHECK(synth(usual, "").size() == 20 * 256);
  refuses(folder,
          "synth --model " + model + " --mel " + mel + " --denoise -1 -o " + folder.file("x.wav"),
          "--denoise", 2);
}

TEST_CASE(
    "a mel of other bands, hop and rate: refused by name, approximated when told to, in a stream "
    "too") {
  const test::TemporaryDirectory folder;
  const std::string model = " --model " + kShipped, mel = folder.file("mel.npy");
  for (const std::string preset : {"cosyvoice", "bigvgan_v2_44k_256x"}) {
    CAPTURE(preset);
    test::succeeds(folder, "mel " + test::speech_file() + " --preset " + preset + " --out " + mel);
    const std::string input =
        model + " --mel " + mel + " --mel-layout bands-frames --from-preset " + preset;
    test::refuses(folder, "synth" + input + " -o " + folder.file("a.wav"), "say --convert");
    const auto ran =
        test::succeeds(folder, "synth" + input + " --convert -o " + folder.file("a.wav"));
    CHECK(test::contains(ran.err, "approximated"));
    // A 2 s recording, to a frame.
    const auto samples = audio::read_audio(folder.file("a.wav")).samples.size();
    CHECK(std::llabs(static_cast<long long>(samples) - 44100) <= 512);
    const auto check = test::succeeds(folder, "mel-check " + mel + model +
                                                  " --mel-layout bands-frames --from-preset " +
                                                  preset + " --convert");
    CHECK(test::contains(check.out, "takes it, converted"));
  }
  // 128 bands: its layout needs no telling.
  const std::string input = model + " --mel " + mel + " --from-preset bigvgan_v2_44k_256x";
  test::refuses(folder, "stream" + input + " -o " + folder.file("b.wav"), "say --convert");
  test::succeeds(folder, "stream" + input + " --convert -o " + folder.file("b.wav"));
  CHECK(read_file(folder.file("a.wav")) == read_file(folder.file("b.wav")));
}
