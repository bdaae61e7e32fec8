// SPDX-License-Identifier: MIT
// Frames from pipes and sockets, good and bad.
#include <doctest/doctest.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmath>
#include <cstring>
#include <thread>

#include "arrays/mel_file.hpp"
#include "core/atomic_file.hpp"
#include "live/frame_check.hpp"
#include "live/frame_source.hpp"
#include "safetensors/floats.hpp"
#include "temporary.hpp"

using namespace glowvox;
using live::Got;
using std::chrono::milliseconds;
using test::contains;
using test::error_of;

namespace {

constexpr int kBands = 4;

std::string bytes_of(const std::vector<float>& values) {
  std::string bytes(values.size() * sizeof(float), '\0');
  std::memcpy(&bytes[0], values.data(), bytes.size());
  return bytes;
}

std::vector<float> counted(std::size_t frames) {
  std::vector<float> values(frames * kBands);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = static_cast<float>(i);
  return values;
}

struct Pipe {
  Pipe() { REQUIRE(::pipe(ends) == 0); }
  ~Pipe() {
    ::close(ends[0]);
    finish();
  }
  void write(const std::string& bytes) {
    REQUIRE(::write(ends[1], bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
  }
  void finish() {
    if (ends[1] >= 0) ::close(ends[1]);
    ends[1] = -1;
  }
  int ends[2];
};

// Everything until the utterance's end.
std::vector<float> rest_of(live::FrameSource* source, int bands = kBands) {
  std::vector<float> all, frame(static_cast<std::size_t>(bands));
  for (;;) {
    const Got got = source->next(frame.data(), milliseconds(20));
    if (got == Got::kEnd) return all;
    if (got == Got::kFrame) all.insert(all.end(), frame.begin(), frame.end());
  }
}

int connect_to(const std::string& path) {
  const int client = ::socket(AF_UNIX, SOCK_STREAM, 0);
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
  REQUIRE(::connect(client, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
  return client;
}

}  // namespace

TEST_CASE("raw frames: cut anywhere, waited for, counted before they are taken") {
  Pipe pipe;
  live::RawFrames frames(pipe.ends[0], "pipe", kBands);
  float frame[kBands];
  CHECK(frames.next(frame, milliseconds(1)) == Got::kNothing);
  const std::string bytes = bytes_of(counted(3));
  pipe.write(bytes.substr(0, 21));
  CHECK(frames.waiting() == 1);
  CHECK(frames.next(frame, milliseconds(0)) == Got::kFrame);
  CHECK(frame[3] == 3.0F);
  CHECK(frames.next(frame, milliseconds(1)) == Got::kNothing);
  pipe.write(bytes.substr(21));
  CHECK(frames.waiting() == 2);
  pipe.finish();
  const std::vector<float> rest = rest_of(&frames);
  CHECK(rest == std::vector<float>{4, 5, 6, 7, 8, 9, 10, 11});
  CHECK(frames.complaint().empty());
}

TEST_CASE("raw frames: what is wrong with their end") {
  Pipe pipe;
  live::RawFrames frames(pipe.ends[0], "pipe", kBands);
  pipe.write(bytes_of(counted(2)) + "cut off");
  pipe.finish();
  CHECK(rest_of(&frames) == counted(2));
  CHECK(frames.complaint() ==
        "pipe: ends within frame 2: 7 of 16 bytes (a frame is 4 bands of float32)");
  Pipe npy;
  live::RawFrames refused(npy.ends[0], "pipe", kBands);
  npy.write("\x93NUMPY and the rest of an npy file");
  npy.finish();
  CHECK(rest_of(&refused).empty());
  CHECK(contains(refused.complaint(), "holds an npy file, expected raw float32 frames"));
}

TEST_CASE("files and FIFOs by path") {
  const test::TemporaryDirectory folder;
  MelSpec spec = mel_preset("tacotron2");
  spec.bands = kBands;
  write_file(folder.file("raw.f32"), bytes_of(counted(5)));
  CHECK(rest_of(live::open_frames(folder.file("raw.f32"), spec).get()) == counted(5));
  arrays::write_mel(folder.file("mel.npy"), {5, kBands, counted(5)});
  const auto npy = live::open_frames(folder.file("mel.npy"), spec);
  CHECK(npy->frames() == 5);
  CHECK(rest_of(npy.get()) == counted(5));
  safetensors::write_safetensors(folder.file("mel.safetensors"),
                                 {{}, {{"mel", safetensors::to_tensor({5, kBands}, counted(5))}}});
  CHECK(rest_of(live::open_frames(folder.file("mel.safetensors"), spec).get()) == counted(5));
  const std::string fifo = folder.file("fifo");
  REQUIRE(::mkfifo(fifo.c_str(), 0600) == 0);
  const auto source = live::open_frames(fifo, spec);  // before its writer
  float frame[kBands];
  CHECK(source->next(frame, milliseconds(1)) == Got::kNothing);
  std::thread writer([&fifo] {
    std::FILE* file = std::fopen(fifo.c_str(), "w");
    const std::string bytes = bytes_of(counted(5));
    std::fwrite(bytes.data(), 1, bytes.size(), file);
    std::fclose(file);
  });
  CHECK(rest_of(source.get()) == counted(5));
  writer.join();
  CHECK(contains(error_of([&] { live::open_frames(folder.file("none"), spec); }), "no such file"));
  CHECK(contains(error_of([&] { live::open_frames(folder.file("."), spec); }), "is a directory"));
  spec.bands = 7;
  CHECK(contains(error_of([&] { live::open_frames(folder.file("mel.npy"), spec); }), "7 bands"));
}

TEST_CASE("a socket: a connection is an utterance, one after the other") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("voice.sock");
  {
    const auto source = live::listen_for_frames(path, kBands, false);
    CHECK(contains(error_of([&] { live::listen_for_frames(path, kBands, false); }),
                   "another program listens there"));
    float frame[kBands];
    CHECK(source->next(frame, milliseconds(1)) == Got::kNothing);
    for (int utterance = 0; utterance < 2; ++utterance) {
      const int client = connect_to(path);
      const std::string bytes = bytes_of(counted(3)) + (utterance == 0 ? "" : "x");
      REQUIRE(::write(client, bytes.data(), bytes.size()) == static_cast<ssize_t>(bytes.size()));
      ::close(client);
      CHECK(rest_of(source.get()) == counted(3));
      CHECK(source->complaint().empty() == (utterance == 0));
      CHECK(source->begin_next());
      CHECK(source->complaint().empty());
    }
  }
  CHECK(folder.entries() == 0);
  CHECK(!live::listen_for_frames(path, kBands, true)->begin_next());
  write_file(path, "a file");
  CHECK(contains(error_of([&] { live::listen_for_frames(path, kBands, false); }), "is no socket"));
  CHECK(contains(
      error_of([&] { live::listen_for_frames(folder.file(std::string(200, 'x')), kBands, false); }),
      "choose a shorter one"));
}

TEST_CASE("frames that no sound can have") {
  for (const std::string& preset : mel_preset_names()) {
    CAPTURE(preset);
    const MelSpec spec = mel_preset(preset);
    const live::FrameCheck check(spec);
    // The loudest sounds there are: full scale, and as square as can be.
    std::vector<float> audio(static_cast<std::size_t>(4 * spec.n_fft), 1.0F);
    for (const int period : {1, 2, 20, 90}) {
      for (std::size_t i = 0; i < audio.size(); ++i)
        audio[i] = (i / static_cast<std::size_t>(period)) % 2 == 0 ? 1.0F : -1.0F;
      const Mel mel = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
      for (std::int64_t t = 0; t < mel.frames; ++t)
        CHECK(check.problem(&mel.values[static_cast<std::size_t>(t * mel.bands)]).empty());
    }
    std::vector<float> frame(static_cast<std::size_t>(spec.bands), check.silence());
    CHECK(check.problem(frame.data()).empty());
    frame[3] = std::nanf("");
    CHECK(check.problem(frame.data()) == "band 3 is not finite");
    if (spec.log == MelLog::kNone) continue;
    frame[3] = 30.0F;
    CHECK(contains(check.problem(frame.data()), "band 3 is 30, expected"));
    frame[3] = -80.0F;  // decibels
    CHECK(contains(check.problem(frame.data()), "band 3 is -80, expected"));
  }
}
