// SPDX-License-Identifier: MIT
// How the precision of products is chosen, by times that the tests make up.
#include "engine/precision.hpp"

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <optional>
#include <string>

#include "config/model_config.hpp"
#include "engine/instruction_set.hpp"
#include "engine/signals.hpp"
#include "temporary.hpp"

using namespace glowvox;
using namespace glowvox::engine;
using namespace glowvox::test;

namespace {

using Source = PrecisionChoice::Source;

constexpr const char* kKey = "a processor; a model";

// bfloat16 pays for frames alone.
PrecisionTimes made_up_times() {
  PrecisionTimes times;
  times.utterances = {0.010, 0.015};
  times.frames = {0.002, 0.001};
  return times;
}

struct Asked {
  explicit Asked(PrecisionCache cache_ = PrecisionCache("")) : cache(std::move(cache_)) {}
  PrecisionChoice operator()(const PrecisionQuestion& question, const std::string& key = kKey) {
    return choose_precision(question, key, cache, [this] {
      ++measured;
      return times;
    });
  }
  PrecisionCache cache;
  PrecisionTimes times = made_up_times();
  int measured = 0;
};

constexpr PrecisionQuestion kUtterances{Precision::kAuto, true, true};
constexpr PrecisionQuestion kStreams{Precision::kAutoStream, true, true};

void write_text(const std::string& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

// An environment variable for as long as it lives.
class Variable {
 public:
  Variable(const char* name, const char* value) : name_(name) {
    if (const char* old = std::getenv(name)) old_ = old;
    set(value);
  }
  ~Variable() { set(old_ ? old_->c_str() : nullptr); }
  Variable(const Variable&) = delete;
  Variable& operator=(const Variable&) = delete;

 private:
  void set(const char* value) const {
    if (value == nullptr)
      ::unsetenv(name_);
    else
      ::setenv(name_, value, 1);
  }
  const char* name_;
  std::optional<std::string> old_;
};

config::ModelConfig shipped(const std::string& name) {
  return config::read_config(std::string(GLOWVOX_CONFIGS) + "/" + name + ".yaml");
}

}  // namespace

TEST_CASE("the precision follows the times, of utterances and of streams apart") {
  Asked asked;
  const PrecisionChoice utterances = asked(kUtterances);
  CHECK(utterances.precision == Precision::kFloat32);
  CHECK(utterances.source == Source::kMeasured);
  CHECK(utterances.utterances.bfloat16 == 0.015);
  CHECK(utterances.cache_file.empty());
  CHECK(asked(kStreams).precision == Precision::kBfloat16);
  CHECK(asked.measured == 2);
  asked.times.utterances = {0.010, 0.005};
  asked.times.frames = {0.001, 0.002};
  CHECK(asked(kUtterances).precision == Precision::kBfloat16);
  CHECK(asked(kStreams).precision == Precision::kFloat32);
}

TEST_CASE("bfloat16 has to save a tenth of the time") {
  CHECK(bfloat16_pays({0.010, 0.0089}));
  CHECK_FALSE(bfloat16_pays({0.010, 0.0091}));
  CHECK_FALSE(bfloat16_pays({0.010, 0.010}));
}

TEST_CASE("a stated precision, and one without a choice, measure and read nothing") {
  const TemporaryDirectory folder;
  const PrecisionCache cache(folder.file("cache"));
  cache.write(kKey, made_up_times());
  Asked asked(cache);
  for (const Precision stated : {Precision::kFloat32, Precision::kBfloat16, Precision::kInt8}) {
    const PrecisionChoice choice = asked({stated, true, true});
    CHECK(choice.precision == stated);
    CHECK(choice.source == Source::kStated);
    CHECK(choice.frames.float32 == 0.0);
  }
  for (const Precision automatic : {Precision::kAuto, Precision::kAutoStream})
    for (const auto& [possible, allowed] : {std::pair(false, true), {true, false}}) {
      const PrecisionChoice choice = asked({automatic, possible, allowed});
      CHECK(choice.precision == Precision::kFloat32);
      CHECK(choice.source == Source::kOnlyOne);
      CHECK(choice.cache_file.empty());
    }
  CHECK(asked.measured == 0);
}

TEST_CASE("what was measured is read the next time, by the same key alone") {
  const TemporaryDirectory folder;
  Asked asked(PrecisionCache(folder.file("made/when/needed")));
  const PrecisionChoice first = asked(kStreams);
  CHECK(first.source == Source::kMeasured);
  CHECK(std::filesystem::is_regular_file(first.cache_file));
  asked.times.frames = {0.001, 0.002};  // the other way round, were it measured
  const PrecisionChoice second = asked(kStreams);
  CHECK(second.source == Source::kCached);
  CHECK(second.precision == first.precision);
  CHECK(second.cache_file == first.cache_file);
  CHECK(second.frames.float32 == 0.002);
  CHECK(asked(kUtterances).source == Source::kCached);
  CHECK(asked.measured == 1);
  CHECK(asked(kStreams, "another processor").source == Source::kMeasured);
  CHECK(asked.measured == 2);
}

TEST_CASE("damaged and foreign files are measured anew and replaced") {
  const TemporaryDirectory folder;
  const PrecisionCache cache(folder.file("cache"));
  REQUIRE(cache.write(kKey, made_up_times()));
  const std::string path = cache.path_of(kKey), good = text_of(path);
  const auto with = [&good](const std::string& from, const std::string& to) {
    std::string text = good;
    REQUIRE(text.find(from) != std::string::npos);
    return text.replace(text.find(from), from.size(), to);
  };
  const std::string damaged[] = {"",
                                 "{",
                                 "null",
                                 "[1, 2]",
                                 "\xff\xfe\x00",
                                 good.substr(0, good.size() / 2),
                                 with("\"format\": 1", "\"format\": 2"),
                                 with("\"format\": 1", "\"format\": \"1\""),
                                 with(kKey, "somebody else's"),
                                 with("\"key\"", "\"kez\""),
                                 with("\"frames\"", "\"frame\""),
                                 with("0.015", "-0.015"),
                                 with("0.015", "0"),
                                 with("0.015", "1e999"),
                                 with("0.015", "null"),
                                 with("0.015", "\"0.015\""),
                                 std::string(100000, ' ') + good};
  for (const std::string& text : damaged) {
    CAPTURE(text.substr(0, 200));
    write_text(path, text);
    Asked asked(cache);
    CHECK(asked(kStreams).source == Source::kMeasured);
    CHECK(asked.measured == 1);
    CHECK(text_of(path) == good);
  }
}

TEST_CASE("a cache that cannot be read or written fails nobody and leaves nothing behind") {
  const TemporaryDirectory folder;
  write_text(folder.file("file"), "");
  SUBCASE("its folder is a file") {
    Asked asked(PrecisionCache(folder.file("file")));
    CHECK(asked(kStreams).source == Source::kMeasured);
    CHECK(asked(kStreams).cache_file.empty());
  }
  SUBCASE("its folder lies under a file") {
    Asked asked(PrecisionCache(folder.file("file") + "/below"));
    CHECK(asked(kStreams).cache_file.empty());
  }
  SUBCASE("a pipe and a folder have the file's name") {
    const PrecisionCache cache(folder.file("cache"));
    const std::string path = cache.path_of(kKey);
    std::filesystem::create_directories(path + "/full");
    Asked asked(cache);
    CHECK(asked(kStreams).source == Source::kMeasured);
    CHECK(asked(kStreams).cache_file.empty());  // a folder is not replaced by a file
    std::filesystem::remove_all(path);
    REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
    CHECK(asked(kStreams).source == Source::kMeasured);
    CHECK(asked(kStreams).source == Source::kCached);  // a pipe is
    CHECK(std::distance(std::filesystem::directory_iterator(folder.file("cache")), {}) == 1);
  }
  SUBCASE("it may not be written to") {
    if (::geteuid() == 0) {
      MESSAGE("skipped: root may write everywhere");
      return;
    }
    std::filesystem::create_directory(folder.file("cache"));
    ::chmod(folder.file("cache").c_str(), 0500);
    Asked asked(PrecisionCache(folder.file("cache")));
    CHECK(asked(kStreams).precision == Precision::kBfloat16);
    CHECK(asked(kStreams).cache_file.empty());
    CHECK(std::filesystem::is_empty(folder.file("cache")));
  }
}

TEST_CASE("processes that write at once never show half a file") {
  const TemporaryDirectory folder;
  const PrecisionCache cache(folder.file("cache"));
  constexpr int kWriters = 3, kWrites = 200;
  REQUIRE(cache.write(kKey, made_up_times()));
  pid_t writers[kWriters] = {};
  for (pid_t& writer : writers) {
    writer = ::fork();
    REQUIRE(writer >= 0);
    if (writer != 0) continue;
    bool all = true;
    for (int i = 0; i < kWrites; ++i) all = cache.write(kKey, made_up_times()) && all;
    ::_exit(all ? 0 : 1);
  }
  int whole = 0, reads = 0;
  for (; reads < kWrites; ++reads) whole += cache.read(kKey).has_value();
  for (const pid_t writer : writers) {
    int status = 1;
    REQUIRE(::waitpid(writer, &status, 0) == writer);
    CHECK(status == 0);
  }
  CHECK(whole == reads);
  CHECK(std::distance(std::filesystem::directory_iterator(folder.file("cache")), {}) == 1);
}

TEST_CASE("where the cache lies") {
  const Variable none("GLOWVOX_CACHE", nullptr), home("HOME", "/home/somebody");
  {
    const Variable given("XDG_CACHE_HOME", "/fast/cache");
    CHECK(precision_cache_folder() == "/fast/cache/glowvox");
    const Variable own("GLOWVOX_CACHE", "/elsewhere");
    CHECK(precision_cache_folder() == "/elsewhere");
    for (const char* nowhere : {"off", ""}) {
      const Variable off("GLOWVOX_CACHE", nowhere);
      CHECK(precision_cache_folder().empty());
    }
  }
  for (const char* ignored : {static_cast<const char*>(nullptr), "", "relative"}) {
    const Variable given("XDG_CACHE_HOME", ignored);
    CHECK(precision_cache_folder() == "/home/somebody/.cache/glowvox");
    const Variable homeless("HOME", nullptr);
    CHECK(precision_cache_folder().empty());
  }
}

TEST_CASE("what is timed has the model's own shapes, in bounds") {
  constexpr std::size_t kLeast = 1500000, kMost = 3000000;  // weights, of large models
  for (const char* name : {"mdct-causal", "waveglow-256", "squeezewave-128s"}) {
    CAPTURE(name);
    const config::ModelConfig config = shipped(name);
    const TimedProducts timed = timed_products(config, Storage::kFloat32);
    REQUIRE(timed.matrices.size() == timed.dilations.size());
    CHECK(timed.frame_rows == config.mel.hop_samples / config.lift.channels);
    std::size_t weights = 0;
    for (const MatrixRows& m : timed.matrices)
      weights += static_cast<std::size_t>(m.out) * m.row_size();
    CHECK(weights >= kLeast);
    CHECK(weights < kMost);
    const int H = config.net.channels;
    CHECK(timed.matrices[0].out == H);
    CHECK(timed.matrices[0].in == config::channels_at_step(config, config.steps - 1) / 2);
    CHECK(timed.matrices[1].out == 2 * H);
    const bool separable = config.net.kind == config::NetKind::kSeparable;
    CHECK(timed.matrices[2].taps == (separable ? 1 : config.net.kernel));
    CHECK(timed.matrices[2].in == H);
  }
  const auto key = [](const char* name, Storage stored, int threads) {
    return precision_key(timed_products(shipped(name), stored), threads);
  };
  const std::string voice = key("mdct-causal", Storage::kFloat32, 2);
  CHECK(contains(voice, name_of(instruction_set())));
  CHECK(voice == key("mdct-causal", Storage::kFloat32, 2));
  CHECK(voice != key("mdct-causal", Storage::kFloat32, 4));
  CHECK(voice != key("mdct-causal", Storage::kHalf, 2));
  CHECK(voice != key("waveglow-256", Storage::kFloat32, 2));
}

TEST_CASE("of several runs the shortest counts, float32 and bfloat16 in turn") {
  config::ModelConfig config = shipped("mdct-causal");
  config.net.channels = 16;
  config.steps = 1;
  const TimedProducts timed = timed_products(config, Storage::kFloat32);
  // Seconds of a run by the position of the call: the even ones are float32's.
  double now = 0.0;
  int calls = 0;
  const auto clock = [&] {
    const int run = calls / 2;
    if (calls++ % 2 == 1) now += (run % 2 == 0 ? 3.0 : 1.0) + (run < 2 ? 10.0 : 0.0);
    return now;
  };
  const PrecisionTimes times = time_precisions(timed, 1, clock);
  CHECK(times.utterances.float32 == 3.0);
  CHECK(times.utterances.bfloat16 == 1.0);
  CHECK(times.frames.float32 == 3.0);
  CHECK(times.frames.bfloat16 == 1.0);
  CHECK(calls > 8);
  CHECK(calls % 4 == 0);
  // By the real clock, on a processor with bfloat16 or without.
  for (const int threads : {1, 2}) {
    const PrecisionTimes real = time_precisions(timed, threads, steady_seconds);
    for (const PrecisionChoice::Times& of : {real.utterances, real.frames}) {
      CHECK(of.float32 > 0.0);
      CHECK(of.bfloat16 > 0.0);
      CHECK(of.float32 < 1.0);
    }
  }
}

TEST_CASE("a model that is loaded chooses so, and keeps what it measured") {
  const TemporaryDirectory folder;
  const Variable cache("GLOWVOX_CACHE", folder.file("cache").c_str());
  const PrecisionChoice stated =
      Vocoder::load(kShippedModel, Precision::kFloat32).precision_choice();
  CHECK(stated.source == Source::kStated);
  CHECK_FALSE(std::filesystem::exists(folder.file("cache")));
  const PrecisionChoice first = Vocoder::load(kShippedModel).precision_choice();
  const PrecisionChoice second =
      Vocoder::load(kShippedModel, Precision::kAutoStream).precision_choice();
  if (!has_bfloat16()) {
    CHECK(first.source == Source::kOnlyOne);
    CHECK(first.precision == Precision::kFloat32);
    CHECK(second.source == Source::kOnlyOne);
    CHECK_FALSE(std::filesystem::exists(folder.file("cache")));
    CHECK(contains(error_of([] { Vocoder::load(kShippedModel, Precision::kBfloat16); }),
                   "bfloat16 needs AVX-512 BF16 or NEON BF16"));
    return;
  }
  CHECK(first.source == Source::kMeasured);
  CHECK(second.source == Source::kCached);
  CHECK(second.frames.float32 == first.frames.float32);
  CHECK(std::filesystem::is_regular_file(first.cache_file));
  const Variable off("GLOWVOX_CACHE", "off");
  CHECK(Vocoder::load(kShippedModel).precision_choice().cache_file.empty());
}
