// SPDX-License-Identifier: MIT
// Several ranks over loopback.
#include <signal.h>

#include <filesystem>

#include "train_tool/train_tool.hpp"

using namespace glowvox;
using test::Background;
using test::TrainFolder;

namespace {

// A run of two ranks, of which one is about to die.
class TwoRanks {
 public:
  TwoRanks(const TrainFolder& folder, const std::string& name)
      : said_(folder.file(name + ".said")),
        checkpoint_(folder.file(name + "/checkpoints/step-000000020.safetensors")),
        run_(std::string(GLOWVOX_BINARY) + " " +
             folder.train(
                 name,
                 "--steps 100000 --checkpoint-steps 20 --rank-timeout 8 --nproc 2 2>" + said_)) {}
  // To one of the ranks, when there is a checkpoint.
  void send(int signal, std::size_t rank) {
    while (!std::filesystem::exists(checkpoint_)) REQUIRE(run_.wait(0.02) == -1);
    const auto ranks = test::children_of(run_.pid());
    REQUIRE(ranks.size() == 2);
    ::kill(ranks[rank], signal);
  }
  void check_end() {
    CHECK(run_.wait(60.0) > 0);
    const std::string said = read_file(said_);
    CAPTURE(said);
    CHECK(test::contains(said, "another rank ended or no longer answers"));
    CHECK(test::contains(said, "--resume"));
  }

 private:
  std::string said_, checkpoint_;
  Background run_;
};

}  // namespace

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
  // The hanging one is waited for while the others run.
  TwoRanks hanging(folder, "hanging");
  hanging.send(SIGSTOP, 1);
  for (const std::size_t rank : {0, 1}) {
    TwoRanks killed(folder, "killed-" + std::to_string(rank));
    killed.send(SIGKILL, rank);
    killed.check_end();
  }
  hanging.check_end();
  const auto alone =
      test::succeeds(folder, folder.train("hanging", "--steps 5 --checkpoint-steps 20 --resume"));
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
