// SPDX-License-Identifier: MIT
#include "core/atomic_file.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>

#include "core/cpu.hpp"
#include "temporary.hpp"

using namespace glowvox;
using test::contains;
using test::error_of;

TEST_CASE("a file appears whole at commit, and not before") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("out.bin");
  {
    AtomicFile file(path);
    file.write("abc", 3);
    CHECK(!std::filesystem::exists(path));
    file.write("def", 3);
    file.commit();
  }
  CHECK(read_file(path) == "abcdef");
  CHECK(directory.entries() == 1);
}

TEST_CASE("without commit the old file stays and nothing is left") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("out.bin");
  write_file(path, "old");
  {
    AtomicFile file(path);
    file.write("new", 3);
  }
  CHECK(read_file(path) == "old");
  CHECK(directory.entries() == 1);
}

TEST_CASE("replacing keeps permissions and symbolic links") {
  const test::TemporaryDirectory directory;
  const std::string path = directory.file("out.bin");
  const std::string link = directory.file("link");
  write_file(path, "old");
  ::chmod(path.c_str(), 0640);
  std::filesystem::create_symlink("out.bin", link);
  write_file(link, std::string(100000, 'x'));
  CHECK(std::filesystem::is_symlink(link));
  CHECK(read_file(path) == std::string(100000, 'x'));
  struct stat status {};
  ::stat(path.c_str(), &status);
  CHECK((status.st_mode & 0777) == 0640);
}

TEST_CASE("a name as long as the file system allows can be written") {
  const test::TemporaryDirectory directory;
  write_file(directory.file(std::string(255, 'n')), "x");
  CHECK(directory.entries() == 1);
}

TEST_CASE("a full device is an error that names it") {
  CHECK(error_of([] { write_file("/dev/full", "x"); }) ==
        "/dev/full: cannot write: No space left on device");
  CHECK(error_of([] { write_file("/dev/null", "x"); }) == "");
}

TEST_CASE("unwritable and unreadable paths are errors") {
  const test::TemporaryDirectory directory;
  const std::string folder = directory.file("");
  CHECK(contains(error_of([&] { write_file(folder, "x"); }), "it is a directory"));
  CHECK(contains(error_of([&] { write_file(directory.file("no/such/file"), "x"); }),
                 "cannot write: No such file or directory; create the directory"));
  CHECK(contains(error_of([] { write_file("", "x"); }), "empty"));
  const std::string missing = directory.file("missing");
  CHECK(error_of([&] { read_file(missing); }) == missing + ": no such file");
  CHECK(contains(error_of([&] { read_file(folder); }), "cannot read: Is a directory"));
}

TEST_CASE("empty files and devices are read") {
  const test::TemporaryDirectory directory;
  write_file(directory.file("empty"), "");
  CHECK(read_file(directory.file("empty")).empty());
  CHECK(read_file("/dev/null").empty());
}

TEST_CASE("there is at least one core") { CHECK(available_cores() >= 1); }
