// SPDX-License-Identifier: MIT
#include "train/checkpoints.hpp"

#include <doctest/doctest.h>
#include <sys/resource.h>

#include <csignal>
#include <filesystem>

#include "core/atomic_file.hpp"
#include "core/checksum.hpp"
#include "temporary.hpp"

using namespace glowvox;

namespace {

safetensors::Safetensors some_file(const std::string& mark) {
  safetensors::Safetensors file;
  file.metadata["mark"] = mark;
  file.tensors["t"] = {"F32", {64}, std::string(256, 'x')};
  return file;
}

std::string mark_of(const train::Checkpoints::Found& found) {
  return found.file.metadata.at("mark");
}

using Steps = std::vector<std::int64_t>;

}  // namespace

// The check value of CRC-32C and the iSCSI test patterns (RFC 3720, appendix B.4).
TEST_CASE("crc32c gives the published values, in one go and in pieces") {
  CHECK(crc32c("123456789", 9) == 0xE3069283U);
  CHECK(crc32c(std::string(32, '\0').data(), 32) == 0x8A9136AAU);
  CHECK(crc32c(std::string(32, '\xff').data(), 32) == 0x62A8AB43U);
  CHECK(crc32c("56789", 5, crc32c("1234", 4)) == 0xE3069283U);
}

TEST_CASE("the newest checkpoints stay, and the best") {
  const test::TemporaryDirectory folder;
  const train::Checkpoints checkpoints(folder.file("c"), 2);
  CHECK(checkpoints.newest_first().empty());
  for (const std::int64_t step : {10, 20, 30, 40, 50})
    checkpoints.write(step, some_file(std::to_string(step)), step >= 20 ? 20 : -1);
  CHECK(checkpoints.newest_first() == Steps{50, 40, 20});
  // A run that went back leaves nothing beyond.
  checkpoints.write(40, some_file("again"), 20);
  CHECK(checkpoints.newest_first() == Steps{40, 20});
  CHECK(mark_of(*checkpoints.newest_good([](const std::string&) {})) == "again");
}

TEST_CASE("a checkpoint that is cut short or damaged anywhere gives way to the one before") {
  const test::TemporaryDirectory folder;
  const train::Checkpoints checkpoints(folder.file("c"), 3);
  checkpoints.write(1, some_file("good"), -1);
  checkpoints.write(2, some_file("bad"), -1);
  const std::string bytes = read_file(checkpoints.path(2));
  std::string said;
  const auto newest = [&] {
    said.clear();
    return mark_of(*checkpoints.newest_good([&](const std::string& text) { said += text; }));
  };
  CHECK(newest() == "bad");
  CHECK(said.empty());
  for (std::size_t at = 0; at < bytes.size(); at += 7) {
    CAPTURE(at);
    std::string damaged = bytes;
    damaged[at] = static_cast<char>(damaged[at] ^ 4);
    write_file(checkpoints.path(2), damaged);
    CHECK(newest() == "good");
    CHECK(test::contains(said, "step-000000002.safetensors"));
    CHECK(test::contains(said, "going back to the one before"));
    write_file(checkpoints.path(2), bytes.substr(0, at));
    CHECK(newest() == "good");
  }
  write_file(checkpoints.path(1), "x");
  CHECK(test::contains(test::error_of([&] { newest(); }), "none of its 2 checkpoints can be read"));
}

TEST_CASE("a full disk leaves the checkpoints that were there") {
  const test::TemporaryDirectory folder;
  const train::Checkpoints checkpoints(folder.file("c"), 1);
  checkpoints.write(1, some_file("good"), -1);
  // No file may grow beyond 100 bytes: the same refusal in the middle of a file as a full disk's.
  const auto before = std::signal(SIGXFSZ, SIG_IGN);
  struct rlimit limit {};
  ::getrlimit(RLIMIT_FSIZE, &limit);
  const struct rlimit small { 100, limit.rlim_max };
  ::setrlimit(RLIMIT_FSIZE, &small);
  const std::string error = test::error_of([&] { checkpoints.write(2, some_file("new"), -1); });
  ::setrlimit(RLIMIT_FSIZE, &limit);
  std::signal(SIGXFSZ, before);
  CHECK(test::contains(error, "cannot write"));
  CHECK(checkpoints.newest_first() == Steps{1});
  CHECK(mark_of(*checkpoints.newest_good([](const std::string&) {})) == "good");
  // Nothing half written lies about.
  CHECK(std::distance(std::filesystem::directory_iterator(folder.file("c")),
                      std::filesystem::directory_iterator()) == 1);
}

TEST_CASE("a model file is no checkpoint") {
  const test::TemporaryDirectory folder;
  safetensors::write_safetensors(folder.file("m.safetensors"), some_file("model"));
  CHECK(test::contains(test::error_of([&] { train::read_checked(folder.file("m.safetensors")); }),
                       "--init-from"));
}
