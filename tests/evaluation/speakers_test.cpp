// SPDX-License-Identifier: MIT
// What the judges say, speaker by speaker, and the table of everything.
#include "evaluation/speakers.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "temporary.hpp"

using namespace glowvox;
using test::contains;

namespace {

// Five files of three speakers, one judge.
evaluation::Evaluation judged() {
  evaluation::Evaluation e;
  e.title = "test";
  e.rate_hz = 22050;
  e.metrics.insert(e.metrics.begin(), eval::judges().front());
  e.files = {"anna/1.wav", "anna/2.wav", "bert/1.wav", "bert/2.wav", "carl/1.wav"};
  e.speakers = {"anna", "anna", "bert", "bert", "carl"};
  e.recordings.resize(1);
  e.systems.resize(1);
  e.systems[0].name = "sigma 0.7";
  for (const double score : {3.0, 2.0, 1.5, std::nan(""), std::nan("")}) {
    std::vector<double> values(e.metrics.size(), 0.25);
    values[0] = score;
    e.systems[0].values.push_back(values);
  }
  return e;
}

}  // namespace

TEST_CASE("speakers and their files: the worst first, what could not be judged last") {
  const auto order = evaluation::worst_first(judged());
  REQUIRE(order.size() == 3);
  CHECK(order[0].speaker == "bert");
  CHECK(order[0].files == std::vector<std::size_t>{2, 3});
  CHECK(order[1].speaker == "anna");
  CHECK(order[1].files == std::vector<std::size_t>{1, 0});
  CHECK(order[2].speaker == "carl");
}

TEST_CASE("a row for each speaker, with means over what could be judged") {
  const report::Table table = evaluation::speaker_table(judged());
  REQUIRE(table.rows.size() == 3);
  CHECK(table.header == std::vector<std::string>{"speaker", "files", "sigma 0.7, PESQ-WB"});
  CHECK(table.rows[0] == std::vector<std::string>{"bert", "2", "1.500"});
  CHECK(table.rows[1] == std::vector<std::string>{"anna", "2", "2.500"});
  CHECK(table.rows[2] == std::vector<std::string>{"carl", "1", "-"});
}

TEST_CASE("the result as text, Markdown and JSON") {
  const evaluation::Evaluation e = judged();
  const std::string text = evaluation::to_text(e, false);
  CHECK(contains(text, "5 files"));
  CHECK(contains(text, "PESQ-WB"));
  CHECK(contains(text, "2.167 ±"));  // of the three that were judged
  CHECK(contains(evaluation::to_text(e, true), "| 5 files"));
  const auto json = evaluation::to_json(e);
  const auto& files = json.at("systems").at(0).at("files");
  REQUIRE(files.size() == 5);
  CHECK(files[2].at("pesq_wb") == 1.5);
  CHECK(evaluation::number(-0.004, 2) == "-0.00");
  CHECK(evaluation::number(1.0, 1, true) == "+1.0");
  CHECK(evaluation::number(std::nan(""), 2) == "-");
}
