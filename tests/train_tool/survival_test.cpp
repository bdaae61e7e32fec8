// SPDX-License-Identifier: MIT
// Runs that are killed, interrupted, damaged and continued.
#include <signal.h>

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <random>

#include "audio/sound_file.hpp"
#include "core/cpu.hpp"
#include "train_tool/train_tool.hpp"

using namespace glowvox;
using test::Background;
using test::TrainFolder;

namespace {

constexpr const char* kSteps = "--steps 240 --checkpoint-steps 8 --valid-every 80 --threads 2 ";

// The name of a run's newest checkpoint, empty while there is none.
std::string newest_checkpoint(const std::string& run) {
  std::string newest;
  std::error_code none;
  for (const auto& entry : std::filesystem::directory_iterator(run + "/checkpoints", none))
    if (entry.path().extension() == ".safetensors")
      newest = std::max(newest, entry.path().filename().string());
  return newest;
}

// kill -9 until it has happened `kills` times, then to the end: at a random moment while the first
// one loads, and of every other after it has written a checkpoint.
void check_kills(int kills) {
  const TrainFolder folder;
  const std::string valid = "--valid " + folder.data() + " ", killed_run = folder.file("killed");
  test::succeeds(folder, folder.train("whole", kSteps + valid));
  std::mt19937 random(1);
  std::uniform_real_distribution<double> when(0.0, 0.25);  // s
  int killed = 0, finished = 0;
  while (killed < kills) {
    const std::string known = newest_checkpoint(killed_run);
    Background run(std::string(GLOWVOX_BINARY) + " " +
                   folder.train("killed", kSteps + valid + "--resume 2>" + folder.file("said")));
    while (killed > 0 && newest_checkpoint(killed_run) == known && run.wait(0.002) == -1) {
    }
    if (run.wait(when(random)) == 0) {
      ++finished;  // and from the top: the next one continues at its last checkpoints
      std::filesystem::remove_all(killed_run);
      continue;
    }
    run.kill(SIGKILL);
    CHECK(run.wait(10.0) == 128 + SIGKILL);
    ++killed;
  }
  MESSAGE(killed << " kills, " << finished << " runs that came to their end between them");
  test::succeeds(folder, folder.train("killed", kSteps + valid + "--resume"));
  CHECK(folder.model("killed") == folder.model("whole"));
  CHECK(read_file(folder.file("killed/best.safetensors")) ==
        read_file(folder.file("whole/best.safetensors")));
}

}  // namespace

TEST_CASE("five kills at random moments leave no trace in the weights") { check_kills(5); }

TEST_CASE("fifty kills at random moments leave no trace in the weights" * doctest::skip()) {
  check_kills(50);
}

TEST_CASE("an interrupt ends a run with what it has, and --resume goes on") {
  const TrainFolder folder;
  test::succeeds(folder, folder.train("whole", "--steps 300"));
  {
    Background run(std::string(GLOWVOX_BINARY) + " " +
                   folder.train("stopped", "--steps 300 2>" + folder.file("said")));
    while (!std::filesystem::exists(folder.file("stopped/metrics.csv")))
      CHECK(run.wait(0.01) == -1);
    run.kill(SIGINT);
    CHECK(run.wait(30.0) == 130);
  }
  CHECK(test::contains(read_file(folder.file("said")), "--resume"));
  CHECK(std::filesystem::exists(folder.file("stopped/model.safetensors")));
  test::succeeds(folder, folder.train("stopped", "--steps 300 --resume"));
  CHECK(folder.model("stopped") == folder.model("whole"));
}

TEST_CASE("a damaged checkpoint gives way to the one before, and the end is the same") {
  const TrainFolder folder;
  const std::string steps = "--steps 60 --checkpoint-steps 20 ";
  test::succeeds(folder, folder.train("run", steps));
  const std::string whole = folder.model("run");
  const std::string newest = folder.file("run/checkpoints/step-000000060.safetensors");
  std::filesystem::resize_file(newest, std::filesystem::file_size(newest) / 2);
  const auto ran = test::succeeds(folder, folder.train("run", steps + "--resume"));
  CHECK(test::contains(ran.err, "step-000000060.safetensors"));
  CHECK(test::contains(ran.err, "going back to the one before"));
  CHECK(test::contains(ran.err, "step-000000040.safetensors at step 40"));
  CHECK(folder.model("run") == whole);
}

TEST_CASE("a full disk is said and costs nothing but checkpoints") {
  const TrainFolder folder;
  // 60 blocks of 512 bytes: tables fit, checkpoints do not.
  const auto ran =
      test::run_glowvox(folder, folder.train("run", "--steps 60 --checkpoint-steps 20") + "; true");
  REQUIRE(ran.status == 0);
  const std::string limited = "(trap '' XFSZ; ulimit -f 60; " + std::string(GLOWVOX_BINARY) + " " +
                              folder.train("full", "--steps 60 --checkpoint-steps 20") + ") 2>" +
                              folder.file("said");
  const int status = std::system(limited.c_str());
  CHECK(WEXITSTATUS(status) == 1);  // the model at the end does not fit either
  const std::string said = read_file(folder.file("said"));
  CHECK(test::contains(said, "warning: the checkpoint is not written"));
  CHECK(test::contains(said, "error: "));
  CHECK(read_file(folder.file("full/metrics.csv")).find("\n60,") != std::string::npos);
  test::succeeds(folder, folder.train("full", "--steps 60 --checkpoint-steps 20 --resume"));
  CHECK(folder.model("full") == folder.model("run"));
}

// On a file system of its own, as only root can make one.
TEST_CASE("a disk without room is said, and in the end what is missing and how to go on") {
  const TrainFolder folder;
  const std::string small = folder.file("small"), said = folder.file("said");
  std::filesystem::create_directory(small);
  std::string size, error;
  SUBCASE("for checkpoints") {
    size = "160k";
    error = "run: the run is over, but its last checkpoint is not written; ";
  }
  SUBCASE("for the model either") {
    size = "64k";
    error = "error: the run is over, but its model is not written: ";
  }
  const std::string mounted =
      "unshare -m sh -c 'mount -t tmpfs -o size=" + size + " none " + small + " && ";
  if (std::system((mounted + "true' 2>/dev/null").c_str()) != 0) {
    MESSAGE("not root: skipped");
    return;
  }
  const std::string command =
      mounted + GLOWVOX_BINARY + " " +
      folder.train("small/run", "--steps 60 --checkpoint-steps 20 2>" + said) + "'";
  CHECK(WEXITSTATUS(std::system(command.c_str())) == 1);
  const std::string text = read_file(said);
  CAPTURE(text);
  CHECK(test::contains(text, "the checkpoint is not written: "));
  CHECK(test::contains(text, "No space left on device"));
  CHECK(test::contains(text, error));
  CHECK(test::contains(text, "make room and start the same command with --resume\n"));
}

TEST_CASE("a folder that is deleted while its run goes on is made again") {
  const TrainFolder folder;
  const std::string more = "--steps 100000 --checkpoint-steps 20 ", run = folder.file("run");
  Background training(std::string(GLOWVOX_BINARY) + " " +
                      folder.train("run", more + "2>" + folder.file("said")));
  const auto wait_for = [&](const std::string& path) {
    while (!std::filesystem::exists(path)) REQUIRE(training.wait(0.02) == -1);
  };
  wait_for(run + "/checkpoints/step-000000020.safetensors");
  std::error_code busy;
  do {
    std::filesystem::remove_all(run, busy);
  } while (busy);
  wait_for(run + "/checkpoints");
  wait_for(run + "/metrics.csv");
  training.kill(SIGINT);
  CHECK(training.wait(30.0) == 130);
  const std::string said = read_file(folder.file("said"));
  CAPTURE(said);
  const std::string sentence = "run was deleted; the run goes on from step ";
  const std::size_t first = said.find(sentence);
  REQUIRE(first != std::string::npos);
  CHECK(said.find(sentence, first + 1) == std::string::npos);
  CHECK(std::filesystem::exists(run + "/model.safetensors"));
  const auto resumed =
      test::succeeds(folder, folder.train("run", "--steps 5 --checkpoint-steps 20 --resume"));
  CHECK(test::contains(resumed.err, "resuming "));
}

TEST_CASE("a run that goes on stays with the products that it began with") {
  const TrainFolder folder;
  const auto train = [&](const std::string& name, const std::string& more) {
    return test::succeeds(folder, "train " + test::config("tiny") + " --data " + folder.data() +
                                      " --out " + folder.file(name) +
                                      " --steps 12 --checkpoint-steps 4 --json " + more);
  };
  const auto products = [](const test::Ran& ran) {
    return nlohmann::json::parse(ran.out).at("products").get<std::string>();
  };
  const auto back_to_step_4 = [&](const std::string& name) {
    for (const char* step : {"08", "12"})
      std::filesystem::remove(
          folder.file(name + "/checkpoints/step-0000000" + step + ".safetensors"));
  };
  CHECK(products(train("run", "--bf16")) == "bfloat16");
  const std::string whole = folder.model("run");
  // A processor that has no such products asks for them once more.
  back_to_step_4("run");
  CHECK(products(train("run", has_fast_bfloat16() ? "--resume" : "--resume --bf16")) == "bfloat16");
  CHECK(folder.model("run") == whole);
  // Only where there are such products are they measured, and only once.
  const auto measured = train("measured", "");
  CHECK(test::contains(measured.err, "products in ") == has_fast_bfloat16());
  CHECK((folder.model("measured") == whole) == (products(measured) == "bfloat16"));
  if (has_fast_bfloat16()) {
    back_to_step_4("measured");
    const auto resumed = train("measured", "--resume");
    CHECK(!test::contains(resumed.err, "products in "));
    CHECK(products(resumed) == products(measured));
  }
  test::refuses(folder, folder.train("both", "--bf16 --float32 --steps 3"), "excludes", 2);
}

TEST_CASE("a run that exists is not overwritten, one of another configuration not continued") {
  const TrainFolder folder;
  test::succeeds(folder, folder.train("run", "--steps 3 --json"));
  test::refuses(folder, folder.train("run", "--steps 3"), "holds an earlier run");
  test::refuses(folder, folder.train("run", "--steps 6 --resume --rate 0.5"),
                "was written with another configuration");
  test::refuses(folder, folder.train("run", ""), "expected one of them", 2);
  test::refuses(folder, folder.train("odd", "--steps 3 --accumulate 3"),
                "expected a multiple of 3");
  test::refuses(folder, folder.train("gpu", "--steps 3 --device cuda"), "no CUDA device");
  test::refuses(folder, folder.train("gpu", "--steps 3 --device tpu"), "expected cpu, cuda");
}

TEST_CASE("--dry-run tells what is wrong with recordings and writes nothing") {
  const TrainFolder folder;
  const std::vector<float> speech = audio::read_audio(test::speech_file()).samples;
  std::vector<float> clipped = speech, silent(44100, 1e-5f);
  for (float& v : clipped) v = std::clamp(v * 20.0f, -0.99f, 0.99f);
  std::filesystem::copy_file(folder.data() + "/0.wav", folder.data() + "/again.wav");
  audio::write_audio(folder.data() + "/clipped.wav", clipped, 22050);
  audio::write_audio(folder.data() + "/other.wav", speech, 16000);
  audio::write_audio(folder.data() + "/short.wav", {speech.begin(), speech.begin() + 500}, 22050);
  audio::write_audio(folder.data() + "/silent.wav", silent, 22050);
  const auto ran = test::succeeds(folder, folder.train("none", "--dry-run --steps 1000"));
  CHECK(test::contains(ran.out, "data: 8 files"));
  CHECK(test::contains(ran.out, "16000 Hz: 1 files"));
  CHECK(test::contains(ran.out, "duplicate: " + folder.data() + "/again.wav (of "));
  CHECK(test::contains(ran.out, "clipped: " + folder.data() + "/clipped.wav"));
  CHECK(test::contains(ran.out, "short: " + folder.data() + "/short.wav"));
  CHECK(test::contains(ran.out, "silent: " + folder.data() + "/silent.wav"));
  CHECK(test::contains(ran.out, "one step: "));
  CHECK(!std::filesystem::exists(folder.file("none")));
  const auto json =
      nlohmann::json::parse(test::succeeds(folder, folder.train("none", "--dry-run --json")).out);
  CHECK(json.at("data").at("faults").size() == 4);
  CHECK(json.at("data").at("narrow_files").is_number());
  CHECK(json.at("estimated_seconds_per_step") > 0.0);
  write_file(folder.data() + "/broken.wav", "RIFF no sound");
  test::refuses(folder, folder.train("none", "--dry-run"), "1 recordings cannot be read");
}
