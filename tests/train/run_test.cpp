// SPDX-License-Identifier: MIT
#include "train/run.hpp"

#include <cmath>
#include <filesystem>
#include <optional>
#include <thread>

#include "core/atomic_file.hpp"
#include "model/model_file.hpp"
#include "train/checkpoints.hpp"
#include "train/csv_log.hpp"
#include "train/run_lock.hpp"
#include "train/training.hpp"

using namespace glowvox;

TEST_CASE("a run writes its folder, is interrupted and is continued") {
  const test::SpeechFolder speech;
  train::RunOptions options;
  options.config = test::tiny();
  options.data = options.valid = speech.folder();
  options.out = speech.file("run");
  options.steps = 20;
  options.valid_every = 10;
  const std::atomic<bool> stop_now{true}, go{false};
  const train::RunSummary stopped = train::run(options, stop_now, test::ignore);
  CHECK(stopped.interrupted);
  CHECK(std::filesystem::exists(options.out + "/checkpoints/step-000000000.safetensors"));
  CHECK(test::contains(test::error_of([&] { train::run(options, go, test::ignore); }),
                       "holds an earlier run"));
  options.resume = true;
  const train::RunSummary done = train::run(options, go, test::ignore);
  CHECK(!done.interrupted);
  CHECK(done.progress.step == 20);
  REQUIRE(done.after);
  CHECK(done.after->nats_per_sample > done.before->nats_per_sample);
  CHECK(done.progress.best_step > 0);
  CHECK(done.progress.best_nats == doctest::Approx(done.after->nats_per_sample));
  CHECK(std::filesystem::exists(options.out + "/metrics.csv"));
  CHECK(model::load_model(options.out + "/best.safetensors")->config().name == "tiny");
  const std::string page = read_file(options.out + "/report.html");
  CHECK(test::contains(page, "finished at step 20"));
  CHECK(test::contains(page, "8.3 to 11.0 kHz"));
  CHECK(model::load_model(done.model_path)->config().name == "tiny");
}

TEST_CASE(
    "a run that meets only bad batches goes back, at half the rate, and gives up in the end") {
  const test::SpeechFolder speech;
  train::RunOptions options;
  options.config = test::tiny();
  options.config.train.patience = 3;
  options.data = speech.folder();
  options.out = speech.file("run");
  options.steps = 40;
  const std::atomic<bool> go{false};
  train::run(options, go, test::ignore);
  // A checkpoint whose weights make every batch infinitely unlikely: nothing helps.
  const train::Checkpoints checkpoints(options.out + "/checkpoints", 3);
  auto found = checkpoints.newest_good(test::ignore);
  REQUIRE(found);
  safetensors::Tensor& bias = found->file.tensors.at("weight.scale_shift.bias");
  std::vector<float> low(bias.bytes.size() / sizeof(float), -1e4f);
  bias.bytes.assign(reinterpret_cast<const char*>(low.data()), bias.bytes.size());
  checkpoints.write(40, found->file, -1);
  options.steps = 400;
  options.resume = true;
  std::string said;
  const std::string error = test::error_of(
      [&] { train::run(options, go, [&](const std::string& text) { said += text + "\n"; }); });
  CHECK(test::contains(error, "went back 10 times and does not recover"));
  CHECK(test::contains(said,
                       "3 steps in a row were skipped: going back from step 43 to 40, at half"));
  CHECK(test::contains(said, "step 40 skipped, the likelihood or its gradient is not finite"));
  CHECK(test::contains(said, "a.wav"));
  const train::CsvTable skipped = train::read_csv(options.out + "/skipped.csv");
  CHECK(skipped.rows.size() == 33);
  CHECK(test::contains(skipped.rows[0][5], test::kSecondClip));
  // The batches drawn go on: the same ones would not help.
  CHECK(skipped.numbers("draw").front() == 40.0);
  CHECK(skipped.numbers("draw").back() == 72.0);
}

TEST_CASE("the estimate is near what a step takes") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  config.net.channels = 64;
  train::Trainer trainer(config, speech.folder(), 1, test::ignore);
  trainer.initialize();
  const train::Estimate e = train::estimate(trainer);
  const auto measured = trainer.measure_pass(config.train.batch);
  CHECK(e.pass_bytes + trainer.parameter_bytes() ==
        doctest::Approx(measured.peak_bytes).epsilon(0.1));
  CHECK(e.state_bytes == 3.0 * 4.0 * static_cast<double>(trainer.model().parameter_count()));
  CHECK(e.seconds_per_step > 0.0);
  CHECK(e.present_bytes > 1e7);
  CHECK(e.available_bytes > 1e6);
  CHECK(train::readable_bytes(350e6) == "350 MB");
  CHECK(train::readable_bytes(1.94e9) == "1.9 GB");
}

TEST_CASE("tables are continued where their run is, whole rows only") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("t.csv");
  {
    train::CsvLog log(path, {"step", "text"}, -1);
    log.append({"10", "plain"});
    log.append({"20", "a \"quoted\", b\nsecond line"});
    log.append({"30", "beyond"});
  }
  write_file(path, read_file(path) + "40,cut sh");
  {
    train::CsvLog log(path, {"step", "text"}, 20);
    log.append({"25", ""});
  }
  const train::CsvTable table = train::read_csv(path);
  REQUIRE(table.rows.size() == 3);
  CHECK(table.rows[1][1] == "a \"quoted\", b\nsecond line");
  CHECK(table.numbers("step") == std::vector<double>{10.0, 20.0, 25.0});
  CHECK(std::isnan(table.numbers("text")[2]));
  CHECK(table.numbers("none").empty());
  // A later version has another column.
  { train::CsvLog log(path, {"step", "new", "text"}, 20); }
  const train::CsvTable later = train::read_csv(path);
  CHECK(later.numbers("step") == std::vector<double>{10.0, 20.0});
  CHECK(std::isnan(later.numbers("new")[0]));
  CHECK(later.rows[0][2] == "plain");
  train::CsvLog anew(path, {"step", "text"}, -1);
  CHECK(train::read_csv(path).rows.empty());
}

TEST_CASE("one run at a time writes to a folder, however the one before ended") {
  const test::TemporaryDirectory folder;
  std::optional<train::RunLock> first(folder.file(""));
  CHECK(test::contains(
      test::error_of([&] { train::RunLock(folder.file(""), std::chrono::milliseconds(1)); }),
      "another run is writing to it"));
  std::thread later([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
    first.reset();
  });
  const train::RunLock second(folder.file(""));  // waits for it
  later.join();
  CHECK(!first);
}
