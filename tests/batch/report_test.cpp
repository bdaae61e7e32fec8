// SPDX-License-Identifier: MIT
// What a batch prints, whatever the order in which its threads finish.
#include "batch/report.hpp"

#include <doctest/doctest.h>

#include "printed.hpp"

using namespace glowvox;
using test::contains;

namespace {

std::vector<batch::Job> jobs_named(const std::vector<std::string>& names) {
  std::vector<batch::Job> jobs;
  for (const std::string& name : names) {
    jobs.emplace_back();
    jobs.back().input.path = name + ".npy";
    jobs.back().out = name + ".wav";
    jobs.back().seconds = 1.0;
  }
  return jobs;
}

batch::Outcome made(double seconds) {
  batch::Outcome outcome;
  outcome.seconds = seconds;
  outcome.elapsed = 0.5;
  return outcome;
}

batch::Outcome failed(const std::string& why) {
  batch::Outcome outcome;
  outcome.failure = why;
  return outcome;
}

batch::Outcome skipped() {
  batch::Outcome outcome;
  outcome.skipped = true;
  return outcome;
}

}  // namespace

TEST_CASE("results are printed in the order of the inputs, and then the sums") {
  const auto jobs = jobs_named({"a", "b", "c", "d"});
  const test::PrintedOutput printed;
  batch::Report report(jobs, false);
  report.finish(2, made(3.0));
  CHECK(printed.text().empty());  // a is not done
  report.finish(0, made(1.0));
  CHECK(contains(printed.text(), "a.wav: 1.00 s of sound in 0.500 s"));
  CHECK_FALSE(contains(printed.text(), "c.wav"));
  report.finish(1, failed("b.npy: is damaged"));
  CHECK(contains(printed.text(), "c.wav: 3.00 s of sound"));
  CHECK_FALSE(report.complete());
  report.finish(3, skipped());
  CHECK(report.complete());
  report.end();
  CHECK(contains(printed.text(), "2 of 4 files made, 1 skipped (there already), 1 failed: 4.00 s"));
}

TEST_CASE("an interrupted batch says what it has made") {
  const auto jobs = jobs_named({"a", "b"});
  const test::PrintedOutput printed;
  batch::Report report(jobs, false);
  report.finish(1, made(2.0));
  report.end();
  CHECK(report.made() == 1);
  CHECK_FALSE(report.complete());
  CHECK(contains(printed.text(), "b.wav: 2.00 s"));
  CHECK(contains(printed.text(), "1 of 2 files made"));
}

TEST_CASE("as JSON: a list with an entry for every input, failures and skipped ones too") {
  const auto jobs = jobs_named({"a", "b", "c"});
  const test::PrintedOutput printed;
  PrecisionChoice precision;
  precision.precision = Precision::kBfloat16;
  precision.source = PrecisionChoice::Source::kCached;
  batch::Report report(jobs, true, precision);
  report.finish(1, failed("b.npy: is damaged"));
  report.finish(2, skipped());
  report.finish(0, made(2.0));
  report.end();
  const auto list = nlohmann::json::parse(printed.text());
  REQUIRE(list.size() == 3);
  CHECK(list[0]["out"] == "a.wav");
  CHECK(list[0]["real_time_factor"] == 0.25);
  CHECK(list[0]["precision"] == "bf16");
  CHECK(list[0]["precision_from"] == "cached");
  CHECK(list[1] == nlohmann::json{{"input", "b.npy"}, {"error", "b.npy: is damaged"}});
  CHECK(list[2]["skipped"] == true);
}
