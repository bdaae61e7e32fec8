// SPDX-License-Identifier: MIT
#include <filesystem>
#include <nlohmann/json.hpp>

#include "tools/tool.hpp"

using namespace glowvox;
using nlohmann::json;

namespace {

// A folder with one recording under two names, a list of each.
class Lists : public test::TemporaryDirectory {
 public:
  Lists() {
    std::filesystem::create_directories(file("clips"));
    for (const char* name : {"anna_1", "anna_2"})
      std::filesystem::copy_file(test::speech_file(), file("clips/" + std::string(name) + ".wav"));
    write_file(file("one.txt"), "clips/anna_1.wav\n");
    write_file(file("two.txt"), "clips/anna_2.wav\n");
  }
};

}  // namespace

TEST_CASE("pack writes one file or parts, and says what it wrote") {
  const Lists folder;
  const std::string out = folder.file("corpus.bin");
  const json whole =
      json::parse(test::succeeds(folder, "pack --json " + folder.file("one.txt") + ":2 " +
                                             folder.file("two.txt") + " -o " + out)
                      .out);
  CHECK(whole["clips"] == 2);
  CHECK(whole["speakers"] == 2);  // one in each list
  CHECK(whole["files"] == json{out});
  CHECK(whole["bytes"] == std::filesystem::file_size(out));
  const std::string again =
      test::succeeds(folder, "pack " + out + " -o " + folder.file("parts.bin") +
                                 " --part-mib 0.1 --rate 22050")
          .out;
  CHECK(test::contains(again, "parts.bin: 2 clips"));
  CHECK(test::contains(again, "in 2 parts, " + folder.file("parts.bin.part-00")));
  CHECK(std::filesystem::exists(folder.file("parts.bin.part-01")));
  CHECK(!std::filesystem::exists(folder.file("parts.bin.part-02")));
}

TEST_CASE("pack refuses what it cannot pack, and leaves nothing") {
  const Lists folder;
  const std::string out = folder.file("corpus.bin"), one = folder.file("one.txt");
  test::refuses(folder, "pack " + one + ":0 -o " + out, "a positive weight");
  test::refuses(folder, "pack " + folder.file("none.txt") + " -o " + out, "no such file");
  test::refuses(folder, "pack " + one + " -o " + out + " --part-mib 0.01", "larger --part-mib");
  test::refuses(folder, "pack " + one + " -o " + one, "one.txt");
  test::refuses(folder, "pack " + one + " -o /dev/null", "pack into a file");
  test::refuses(folder, "pack -o " + out, "LIST", 2);
  write_file(folder.file("clips/anna_1.wav"), "not a sound");
  test::refuses(folder, "pack " + one + " -o " + out, "anna_1.wav");
  CHECK(!std::filesystem::exists(out));
}
