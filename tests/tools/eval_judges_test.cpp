// SPDX-License-Identifier: MIT
// glowvox eval --judges with a judge that needs no Python: a shell script in Python's place.
#include <filesystem>
#include <nlohmann/json.hpp>

#include "audio/sound_file.hpp"
#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;
using test::contains;
using test::refuses;
using test::succeeds;

namespace {

namespace fs = std::filesystem;

// Two speakers' recordings in "ref", the same in "out".
class Folder : public test::TemporaryDirectory {
 public:
  Folder() {
    const std::vector<float> speech = audio::read_audio(test::speech_file()).samples;
    for (const char* name : {"ref/anna/1.wav", "ref/anna/2.wav", "ref/bert/1.wav"}) {
      const std::string copy = std::string("out") + (name + 3);
      for (const std::string& path : {file(name), file(copy)}) {
        fs::create_directories(fs::path(path).parent_path());
        audio::write_audio(path, speech, 22050);
      }
    }
  }
  // A program that prints `available` when it is asked that, else `json`, and keeps its arguments
  // and the names of the files that it was given.
  std::string python(const std::string& available, const std::string& json) const {
    const std::string path = file("python");
    write_file(path, "#!/bin/sh\ncase \"$*\" in *--available*) echo '" + available +
                         "'; exit;; esac\necho \"$*\" >" + file("arguments") +
                         "\nfor last; do :; done; ls $last >" + file("given") + "\necho '" + json +
                         "'\n");
    fs::permissions(path, fs::perms::owner_all);
    return path;
  }
  std::string eval(const std::string& python) const {
    return "eval --ref " + file("ref") + " --out " + file("out") + " --judges --judges-python " +
           python;
  }
};

const char* const kBoth = R"({"judges": ["pesq_wb", "nisqa"], "skipped": []})";

const char* const kSaid = R"({"judges": ["pesq_wb", "nisqa"], "skipped": [],
  "failed": ["/scratch/system-0/000001: PESQ-WB: No utterances detected"],
  "files": ["000000", "000001", "000002"], "recordings": {"nisqa": [4.25, 4.5, 4.75]},
  "systems": [{"folder": "f", "pesq_wb": [3.5, null, 2.5], "nisqa": [4.0, 3.0, 3.5]}]})";

}  // namespace

TEST_CASE("eval: judges beside our own metrics, each speaker on the page, worst first") {
  const Folder folder;
  const std::string page = folder.file("page.html");
  const std::string arguments = folder.eval(folder.python(kBoth, kSaid));
  const test::Ran ran =
      succeeds(folder, arguments + " --nisqa weights.tar --json --clips 2 --report " + page);
  const json out = json::parse(ran.out);
  const json& system = out["systems"][0];
  CHECK(system["mean"]["pesq_wb"] == 3.0);
  CHECK(system["mean"]["nisqa"] == 3.5);
  CHECK(system["interval"]["nisqa"].get<double>() == doctest::Approx(1.242).epsilon(0.001));
  CHECK(system["mean"]["stoi"].get<double>() == doctest::Approx(1.0));
  CHECK(out["recordings"]["nisqa"]["mean"] == 4.5);
  CHECK(system["files"][1]["speaker"] == "anna");
  CHECK(system["files"][1]["pesq_wb"].is_null());
  CHECK(system["files"][2]["speaker"] == "bert");
  // What could not be judged is counted, and named as the user knows it.
  CHECK(contains(ran.err, "1 score could not be given and is left out; the first: " +
                              folder.file("ref/anna/2.wav") + ": PESQ-WB: No utterances detected"));
  CHECK(contains(read_file(folder.file("arguments")), "--nisqa weights.tar --json --ref"));
  CHECK(read_file(folder.file("given")) == "000000.wav\n000001.wav\n000002.wav\n");

  const std::string html = read_file(page);
  const std::size_t table = html.find("Every speaker, the worst first");
  REQUIRE(table != std::string::npos);
  CHECK(html.find("<td>bert</td>", table) < html.find("<td>anna</td>", table));
  CHECK(contains(html, "<figcaption>bert, 1 <span>recording"));
  CHECK(contains(html, "PESQ-WB 3.50, NISQA v2 4.00"));
  CHECK(!contains(html, "<figcaption>anna, 2"));  // one clip of each speaker comes first

  const test::Ran shown = succeeds(folder, arguments + " --markdown");
  CHECK(contains(shown.out, "NISQA v2 of the recordings themselves: 4.500"));
  CHECK(contains(shown.out, "| PESQ-WB | 3.000 "));
  CHECK(contains(shown.out, "|---|---|"));
}

TEST_CASE("eval: judges that are absent are left out with a sentence") {
  const Folder folder;
  const std::string python = folder.python(
      R"({"judges": [], "skipped": ["PESQ-WB is left out: this Python has no pesq"]})", "");
  const test::Ran ran = succeeds(folder, folder.eval(python) + " --json");
  CHECK(contains(ran.err, "PESQ-WB is left out: this Python has no pesq"));
  CHECK(!json::parse(ran.out)["systems"][0]["mean"].contains("pesq_wb"));
  CHECK(!fs::exists(folder.file("arguments")));
}

TEST_CASE("eval: a Python that does not run, or says something else, is an error before the work") {
  const Folder folder;
  const std::string hint = "give a Python that has the packages of tools/judges/requirements.txt";
  refuses(folder, folder.eval("/nowhere/python"), "/nowhere/python: cannot be started");
  refuses(folder, folder.eval("/nowhere/python"), hint);
  refuses(folder, folder.eval("false"), "ended with status 1");
  refuses(folder, folder.eval("true"), "expected its judgement as JSON");
  refuses(folder, folder.eval(folder.python(kBoth, "{}")), "expected its judgement as JSON");
  refuses(folder, "eval --ref x --out y --judges-python python3", "--judges", 2);
}
