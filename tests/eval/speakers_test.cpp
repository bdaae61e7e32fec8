// SPDX-License-Identifier: MIT
#include "eval/speakers.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"
#include "temporary.hpp"

using namespace glowvox;

TEST_CASE("a speaker is a folder, unless the corpus has a table that says otherwise") {
  const test::TemporaryDirectory folder;
  std::filesystem::create_directories(folder.file("corpus/vctk/a"));
  std::filesystem::create_directories(folder.file("kerstin"));
  write_file(folder.file("corpus/MANIFEST.tsv"),
             "sex\tfile\tspeaker\r\n"
             "f\tvctk/one.flac\tp225\r\n"
             "m\tvctk/a/two.flac\tp226\r\n"
             "m\tcut short\r\n");
  eval::Speakers speakers;
  CHECK(speakers.of(folder.file("corpus/vctk/one.flac")) == "p225");
  CHECK(speakers.of(folder.file("kerstin/../corpus/vctk/a/two.flac")) == "p226");
  CHECK(speakers.of(folder.file("corpus/vctk/unknown.flac")) == "vctk");
  CHECK(speakers.of(folder.file("kerstin/0004.flac")) == "kerstin");
}

TEST_CASE("a table without its columns is an error that names it") {
  const test::TemporaryDirectory folder;
  write_file(folder.file("MANIFEST.tsv"), "name\tspeaker\n");
  CHECK_THROWS_WITH_AS(eval::Speakers().of(folder.file("a.wav")),
                       (folder.file("MANIFEST.tsv") +
                        ": expected columns named 'file' and 'speaker' in its first line; rename "
                        "the table if it is something else")
                           .c_str(),
                       Error);
}
