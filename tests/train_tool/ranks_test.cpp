// SPDX-License-Identifier: MIT
// Several ranks over loopback.
#include <signal.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "train_tool/train_tool.hpp"

using namespace glowvox;
using test::Background;
using test::TrainFolder;

TEST_CASE("two ranks with half the batch each give the weights of one") {
  const TrainFolder folder;
  const std::string more = "--steps 30 --valid " + folder.data() + " ";
  test::succeeds(folder, folder.train("one", more));
  const auto ran = test::succeeds(folder, folder.train("two", more + "--nproc 2 --json"));
  CHECK(test::contains(ran.out, "\"steps\": 30"));
  CHECK(test::contains(ran.err, "each of 2 ranks"));
  const double difference = test::largest_difference(folder.file("one/model.safetensors"),
                                                     folder.file("two/model.safetensors"));
  MESSAGE("largest difference of a weight after 30 steps: " << difference);
  CHECK(difference < 2e-4);
  CHECK(difference > 0.0);  // they did add up in another order
  // The held-out likelihood is the same sum.
  const char* const held_out = "valid_nats_per_sample";
  CHECK(folder.last("two", held_out) ==
        doctest::Approx(folder.last("one", held_out)).epsilon(1e-3));
}

TEST_CASE("ranks that somebody else starts meet by the usual variables") {
  const TrainFolder folder;
  test::succeeds(folder, folder.train("one", "--steps 5"));
  const auto rank = [&](int r) {
    return "env RANK=" + std::to_string(r) + " WORLD_SIZE=2 LOCAL_RANK=" + std::to_string(r) +
           " LOCAL_WORLD_SIZE=2 MASTER_ADDR=localhost MASTER_PORT=29617 " +
           std::string(GLOWVOX_BINARY) + " " + folder.train("two", "--steps 5 >/dev/null 2>&1");
  };
  Background first(rank(0)), second(rank(1));
  CHECK(first.wait(120.0) == 0);
  CHECK(second.wait(120.0) == 0);
  CHECK(test::largest_difference(folder.file("one/model.safetensors"),
                                 folder.file("two/model.safetensors")) < 1e-4);
}

TEST_CASE("a dead rank ends the others within a minute, and another number of ranks goes on") {
  const TrainFolder folder;
  const std::string more = "--steps 100000 --checkpoint-steps 50 --rank-timeout 8 ";
  Background run(std::string(GLOWVOX_BINARY) + " " +
                 folder.train("run", more + "--nproc 2 2>" + folder.file("said")));
  const std::string checkpoints = folder.file("run/checkpoints");
  for (int i = 0; i < 3000 && !std::filesystem::exists(checkpoints + "/step-000000050.safetensors");
       ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
  const auto ranks = test::children_of(run.pid());
  REQUIRE(ranks.size() == 2);
  SUBCASE("killed") { ::kill(ranks[1], SIGKILL); }
  SUBCASE("killed, the one that leads") { ::kill(ranks[0], SIGKILL); }
  SUBCASE("hanging") { ::kill(ranks[1], SIGSTOP); }
  const int status = run.wait(60.0);
  CHECK(status > 0);
  const std::string said = read_file(folder.file("said"));
  CAPTURE(said);
  CHECK(test::contains(said, "another rank ended or no longer answers"));
  CHECK(test::contains(said, "--resume"));
  const auto alone =
      test::succeeds(folder, folder.train("run", "--steps 5 --checkpoint-steps 50 --resume"));
  CHECK(test::contains(alone.err, "resuming "));
}

TEST_CASE("an interrupt reaches every rank") {
  const TrainFolder folder;
  Background run(std::string(GLOWVOX_BINARY) + " " +
                 folder.train("run", "--steps 100000 --nproc 2 2>" + folder.file("said")));
  while (!std::filesystem::exists(folder.file("run/metrics.csv"))) CHECK(run.wait(0.02) == -1);
  ::kill(run.pid(), SIGTERM);
  CHECK(run.wait(60.0) == 130);
  CHECK(std::filesystem::exists(folder.file("run/model.safetensors")));
  CHECK(test::contains(read_file(folder.file("said")), "--resume"));
}
