// SPDX-License-Identifier: MIT
// The other tools as a user runs them.
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "arrays/mel_file.hpp"
#include "arrays/npy.hpp"
#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::ModelFolder;
using test::succeeds;

TEST_CASE("mel writes what a model's specification, a preset or single keys ask for") {
  const ModelFolder folder;
  const std::string speech = test::speech_file();
  succeeds(folder, "mel " + speech + " -o " + folder.file("a.npy"));
  CHECK(arrays::read_array(folder.file("a.npy")).shape == std::vector<std::int64_t>{80, 173});
  succeeds(folder, "mel " + speech + " -o " + folder.file("b.npy") + " --preset librosa_default");
  CHECK(arrays::read_array(folder.file("b.npy")).shape == std::vector<std::int64_t>{128, 87});
  succeeds(folder, "mel " + speech + " -o " + folder.file("c.npy") + " --spec '{bands: 40}'");
  CHECK(arrays::read_array(folder.file("c.npy")).shape[0] == 40);
  // As an acoustic model would have predicted it: smoother, with its noise.
  succeeds(folder, "mel " + speech + " -o " + folder.file("e.npy") + " --as-if-predicted");
  const std::vector<float> own = arrays::read_array(folder.file("a.npy")).values,
                           smooth = arrays::read_array(folder.file("e.npy")).values;
  REQUIRE(smooth.size() == own.size());
  double difference = 0.0;
  for (std::size_t i = 0; i < own.size(); ++i) difference += std::abs(own[i] - smooth[i]);
  CHECK(difference / static_cast<double>(own.size()) > 0.1);
  CHECK(difference / static_cast<double>(own.size()) < 0.5);
  const json figures =
      json::parse(succeeds(folder, "mel " + speech + " -o " + folder.file("d.npy") +
                                       " --json --model " + folder.model)
                      .out);
  CHECK(figures["bands"] == 20);
  CHECK(figures["seconds"] == doctest::Approx(2.0));
}

TEST_CASE("info describes configurations and models") {
  const ModelFolder folder;
  const json waveglow =
      json::parse(succeeds(folder, "info --json " + test::config("waveglow-256")).out);
  // NVIDIA's model: 87.88 M parameters with weight normalisation.
  CHECK(waveglow["parameters"].get<double>() == doctest::Approx(87.88e6).epsilon(0.001));
  CHECK(waveglow["gmac_per_second"].get<double>() == doctest::Approx(223.0).epsilon(0.05));
  const json ours = json::parse(succeeds(folder, "info --json " + test::config("mdct-causal")).out);
  CHECK(ours["parameters"].get<double>() == doctest::Approx(11.96e6).epsilon(0.01));
  CHECK(ours["gmac_per_second"].get<double>() == doctest::Approx(1.0).epsilon(0.1));
  // Half a receptive field of WaveGlow; ours hears nothing of the future.
  CHECK(waveglow["look_ahead_samples"] == 24480);
  CHECK(ours["look_ahead_samples"] == 0);
  CHECK(ours["overlap_samples"] == 256);
  CHECK(contains(succeeds(folder, "info " + folder.model).out, "parameters"));
  CHECK(contains(succeeds(folder, "info " + test::config("mdct-causal")).out,
                 "streaming latency     11.6 ms: look-ahead 0.0, overlap of the lift 11.6"));
}

TEST_CASE("synth: precisions and threads") {
  const ModelFolder folder;
  const std::string out = folder.file("a.wav"), again = folder.file("b.wav");
  const std::string synth = "synth --model " + folder.model + " --wav " + test::speech_file();
  succeeds(folder, synth + " --precision fp32 --threads 1 -o " + out);
  succeeds(folder, synth + " --precision fp32 --threads 3 -o " + again);
  CHECK(audio::read_audio(out).samples == audio::read_audio(again).samples);
  succeeds(folder, synth + " --precision auto -o " + again);
  succeeds(folder, synth + " --precision fp32 --memory small -o " + again);
  refuses(folder, synth + " --memory none -o " + out, "--memory: expected fast or small", 2);
  refuses(folder, synth + " --precision fp8 -o " + out,
          "--precision: expected auto, fp32, bf16 or int8", 2);
  refuses(folder, synth + " --threads -1 -o " + out, "--threads: expected a number", 2);
}

TEST_CASE("synth: Ctrl-C leaves nothing behind, inputs stay as they are") {
  const ModelFolder folder;
  const std::string out = folder.file("out");
  std::filesystem::create_directory(out);
  const MelSpec spec = mel_preset("tacotron2");
  arrays::write_mel(folder.file("long.npy"),
                    {200000, spec.bands, std::vector<float>(200000u * spec.bands, -5.0F)});
  const std::string script = std::string(GLOWVOX_BINARY) + " synth --model " +
                             std::string(GLOWVOX_SAMPLES) + "/mdct-causal.safetensors --mel " +
                             folder.file("long.npy") + " -o " + out +
                             "/long.wav --threads 1 >/dev/null 2>&1 &\npid=$!\n"
                             "sleep 1\nkill -INT $pid\nwait $pid\necho $? > " +
                             folder.file("status") + "\n";
  write_file(folder.file("interrupt.sh"), "set -m\n" + script);
  CHECK(std::system(("bash " + folder.file("interrupt.sh") + " 2>/dev/null").c_str()) == 0);
  CHECK(read_file(folder.file("status")) == "130\n");
  CHECK(std::filesystem::is_empty(out));
  // Nor is a recording overwritten by its copy.
  const std::string clip = out + "/a.wav";
  std::filesystem::copy_file(test::speech_file(), clip);
  std::filesystem::copy_file(test::speech_file(), out + "/b.wav");
  refuses(folder,
          "synth --model " + folder.model + " --wav " + clip + " --wav " + out + "/b.wav -o " + out,
          "a.wav: would be overwritten");
  CHECK(read_file(clip) == read_file(test::speech_file()));
}

TEST_CASE("info --timing says which precision a model has here, and why") {
  const ModelFolder folder;
  ::setenv("GLOWVOX_CACHE", folder.file("cache").c_str(), 1);
  const auto precision = [&] {
    return json::parse(
        succeeds(folder, "info " + folder.model + " --timing --json").out)["precision"];
  };
  const json first = precision(), second = precision();
  ::unsetenv("GLOWVOX_CACHE");
  CHECK(!first["processor"].get<std::string>().empty());
  if (first["utterances"]["precision_from"] == "only one") {
    CHECK(first["streams"]["precision"] == "fp32");
    CHECK(!first["utterances"].contains("fp32_ms"));
    CHECK(!std::filesystem::exists(folder.file("cache")));
  } else {
    CHECK(first["utterances"]["precision_from"] == "measured");
    CHECK(first["streams"]["precision_from"] == "cached");  // of the same measurement
    CHECK(second["utterances"]["precision_from"] == "cached");
    CHECK(first["utterances"]["bf16_ms"] == second["utterances"]["bf16_ms"]);
  }
  CHECK(test::contains(succeeds(folder, "info " + folder.model + " --timing").out,
                       "whole utterances      "));
  refuses(folder, "info " + test::config("tiny") + " --timing", "--timing: is about a model file",
          2);
}

TEST_CASE("synth: from mel and from sound the same, by seed, in every container") {
  const ModelFolder folder;
  const std::string speech = test::speech_file(), m = " --model " + folder.model;
  succeeds(folder, "mel " + speech + " -o " + folder.file("mel.npy") + m);
  succeeds(folder,
           "synth" + m + " --mel " + folder.file("mel.npy") + " -o " + folder.file("a.wav"));
  succeeds(folder,
           "synth" + m + " --wav " + speech + " -o " + folder.file("b.wav") + " --threads 1");
  const auto a = audio::read_audio(folder.file("a.wav"));
  const auto b = audio::read_audio(folder.file("b.wav"));
  // A mel may be that of a longer recording; a copy is as long as its own.
  REQUIRE(b.samples.size() == 44100);
  REQUIRE(a.samples.size() >= b.samples.size());
  for (std::size_t i = 0; i < b.samples.size(); ++i)
    CHECK(std::abs(a.samples[i] - b.samples[i]) < 1e-3f);
  succeeds(folder, "synth" + m + " --wav " + speech + " -o " + folder.file("c.flac") + " --seed 2");
  CHECK(audio::read_audio(folder.file("c.flac")).samples != a.samples);
  const json figures = json::parse(succeeds(folder, "synth" + m + " --wav " + speech + " -o " +
                                                        folder.file("d.ogg") +
                                                        " --json --picture " + folder.file("d.png"))
                                       .out);
  CHECK(figures[0]["seconds"] == doctest::Approx(2.0).epsilon(0.02));
  CHECK(figures[0]["real_time_factor"] > 0.0);
  const std::string why = figures[0]["precision_from"];
  CHECK((why == "only one" || why == "measured" || why == "cached"));
  CHECK(read_file(folder.file("d.png")).substr(1, 3) == "PNG");
  succeeds(folder, "synth" + m + " --mel " + folder.file("mel.npy") + " --wav " + speech + " -o " +
                       folder.file(""));
  CHECK(audio::probe(folder.file("mel.wav")).frames == static_cast<int>(a.samples.size()));
  CHECK(audio::probe(folder.file("lj_2s.wav")).frames == static_cast<int>(b.samples.size()));
}

TEST_CASE("synth takes another logarithm and refuses another specification, printing both") {
  const ModelFolder folder("squeezewave-64s");
  const std::string speech = test::speech_file(), m = " --model " + folder.model;
  const std::string mel = folder.file("mel.npy");
  succeeds(folder, "mel " + speech + " -o " + mel + " --preset hifigan");
  test::refuses(folder,
                "synth" + m + " --mel " + mel + " --from-preset hifigan -o " + folder.file("x.wav"),
                "the model expects [");
  succeeds(folder, "mel " + speech + " -o " + mel);
  succeeds(folder,
           "synth" + m + " --mel " + mel + " --from-preset tacotron2 -o " + folder.file("x.wav"));
}

TEST_CASE("the reference BLAS is warned of") {
  const std::string reference = "/usr/lib/x86_64-linux-gnu/blas";
  if (!std::filesystem::exists(reference + "/libblas.so.3")) {
    MESSAGE("skipped: no reference BLAS at " << reference);
    return;
  }
  const ModelFolder folder;
  const std::string arguments = "score --model " + folder.model + " --wav " + test::speech_file();
  CHECK(!contains(succeeds(folder, arguments).err, "reference BLAS"));
  setenv("LD_LIBRARY_PATH", reference.c_str(), 1);
  const test::Ran ran = succeeds(folder, arguments);
  unsetenv("LD_LIBRARY_PATH");
  CHECK(contains(ran.err, "reference BLAS"));
  CHECK(contains(ran.err, "libopenblas0-pthread"));
}

TEST_CASE("train: a run, its summary, Ctrl-C and --resume, --init-from, --half") {
  const test::TemporaryDirectory folder;
  const std::string speech = test::speech_file();
  write_file(folder.file("list.txt"), speech + "\n");
  const std::string base = "train " + test::config("tiny") + " --data " + folder.file("list.txt");
  const json summary =
      json::parse(succeeds(folder, base + " --valid " + folder.file("list.txt") + " --out " +
                                       folder.file("a") + " --steps 30 --json")
                      .out);
  CHECK(summary["steps"] == 30);
  CHECK(summary["valid_after"]["nats_per_sample"] > summary["valid_before"]["nats_per_sample"]);
  CHECK(contains(read_file(folder.file("a/metrics.csv")), "valid_swapped_mel_loss"));
  succeeds(folder, "synth --model " + folder.file("a/model.safetensors") + " --wav " + speech +
                       " -o " + folder.file("a.wav"));
  succeeds(folder, base + " --out " + folder.file("b") + " --steps 3 --half --init-from " +
                       folder.file("a/model.safetensors"));
  // Interrupted after its first ten steps: exit 130, a checkpoint, and a run that continues.
  const std::string log = folder.file("c/metrics.csv"), status = folder.file("status");
  const std::string script =
      "#!/bin/bash\nset -m\n" + std::string(GLOWVOX_BINARY) + " " + base + " --out " +
      folder.file("c") + " --steps 100000 2>/dev/null &\np=$!\n" +
      "for i in $(seq 600); do grep -q '^10,' " + log + " && break; sleep 0.2; done 2>/dev/null\n" +
      "kill -INT $p; wait $p; echo $? >" + status + "\n";
  write_file(folder.file("interrupt.sh"), script);
  CHECK(std::system(("bash " + folder.file("interrupt.sh") + " >/dev/null 2>&1").c_str()) == 0);
  CHECK(read_file(status) == "130\n");
  CHECK(contains(read_file(log), "\n10,"));
  CHECK(!std::filesystem::is_empty(folder.file("c/checkpoints")));
  succeeds(folder, base + " --out " + folder.file("c") + " --steps 1 --resume");
}

TEST_CASE("a copy has exactly its recording's samples, in a file and in a stream") {
  const test::TemporaryDirectory folder;
  const audio::Clip clip = audio::read_audio(test::speech_file());
  const std::string in = folder.file("in.wav"), a = folder.file("a.wav"), b = folder.file("b.wav");
  for (const std::size_t samples : {16384U, 16385U, 16500U, 16639U}) {
    CAPTURE(samples);
    audio::write_audio(
        in, {clip.samples.begin(), clip.samples.begin() + static_cast<std::ptrdiff_t>(samples)},
        clip.sample_rate_hz);
    succeeds(folder, "synth --wav " + in + " -o " + a);
    succeeds(folder, "stream --wav " + in + " -o " + b);
    CHECK(audio::read_audio(a).samples.size() == samples);
    CHECK(read_file(a) == read_file(b));
  }
}
