// SPDX-License-Identifier: MIT
#include "eval/judges.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "glowvox/error.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

const std::vector<std::string> kFiles = {"000000", "000001"};

std::string said(const std::string& pesq, const std::string& judges = "\"pesq_wb\", \"nisqa\"") {
  return "{\"judges\": [" + judges +
         "], \"skipped\": [], \"failed\": [\"x/000001: PESQ-WB: No utterances detected\"], "
         "\"files\": [\"000000\", \"000001\"], \"recordings\": {\"nisqa\": [4.0, 5.0]}, "
         "\"systems\": [{\"folder\": \"x\", \"pesq_wb\": " +
         pesq + ", \"nisqa\": [3.5, 3.25]}]}";
}

std::string refused(const std::string& text, std::size_t systems = 1) {
  try {
    static_cast<void>(eval::parse_verdicts(text, "judge.py", kFiles, systems));
  } catch (const Error& e) {
    return e.what();
  }
  return "";
}

}  // namespace

TEST_CASE("what the judges say, file by file, null where one cannot") {
  const eval::Verdicts v = eval::parse_verdicts(said("[2.5, null]"), "judge.py", kFiles, 1);
  REQUIRE(v.judges.size() == 2);
  CHECK(std::string(v.judges[0].label) == "PESQ-WB");
  REQUIRE(v.systems.size() == 1);
  CHECK(v.systems[0][0] == std::vector<double>{2.5, 3.5});
  CHECK(std::isnan(v.systems[0][1][0]));
  CHECK(v.systems[0][1][1] == 3.25);
  CHECK(v.recordings[0].count == 0);  // PESQ compares with them
  CHECK(v.recordings[1].mean == 4.5);
  CHECK(v.failed.size() == 1);
}

TEST_CASE("which judges there are") {
  const eval::Available a = eval::parse_available(
      "{\"judges\": [\"nisqa\"], \"skipped\": [\"PESQ-WB is left out: no package\"]}", "judge.py");
  REQUIRE(a.judges.size() == 1);
  CHECK(std::string(a.judges[0].key) == "nisqa");
  CHECK(a.skipped == std::vector<std::string>{"PESQ-WB is left out: no package"});
  CHECK_THROWS_AS(eval::parse_available("{}", "judge.py"), Error);
}

TEST_CASE("a script that prints something else is refused, and the message names it") {
  for (const std::string& text :
       {std::string("Traceback"), std::string(""), std::string("[]"), std::string("{}"),
        said("[2.5, \"good\"]"), said("{\"a\": []}"), said("2.5")}) {
    CAPTURE(text);
    CHECK(test::contains(refused(text), "judge.py: expected"));
    CHECK(test::contains(refused(text), "use the judge.py that belongs to this glowvox"));
    CHECK(!test::contains(refused(text), "\n"));
  }
  CHECK(test::contains(refused(said("[2.5]")), "expected 2 scores, got 1"));
  CHECK(test::contains(refused(said("[1, 2]"), 2), "judged other files than it was given"));
  CHECK(test::contains(refused(said("[1, 2]", "\"ear\"")), "got 'ear'"));
}
