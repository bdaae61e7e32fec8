// SPDX-License-Identifier: MIT
// Mels in the files that people have.
#include "arrays/array_file.hpp"

#include <doctest/doctest.h>

#include <cmath>

#include "arrays/mel_file.hpp"
#include "core/atomic_file.hpp"
#include "core/zip_archive.hpp"
#include "golden.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/floats.hpp"

using namespace glowvox;
using namespace glowvox::arrays;
using namespace glowvox::pytorch;
using namespace glowvox::safetensors;
using test::contains;
using test::error_of;

namespace {

constexpr int kBands = 3, kFrames = 5;

// Frame-major: value 10 * frame + band.
std::vector<float> frame_major() {
  std::vector<float> values;
  for (int t = 0; t < kFrames; ++t)
    for (int b = 0; b < kBands; ++b) values.push_back(static_cast<float>(10 * t + b));
  return values;
}

std::vector<float> band_major() {
  std::vector<float> values;
  for (int b = 0; b < kBands; ++b)
    for (int t = 0; t < kFrames; ++t) values.push_back(static_cast<float>(10 * t + b));
  return values;
}

std::string npy_bytes(const test::TemporaryDirectory& folder, const Array& array) {
  write_npy(folder.file("part.npy"), array);
  return read_file(folder.file("part.npy"));
}

std::string raw_bytes(const std::vector<float>& values) {
  return to_tensor({static_cast<std::int64_t>(values.size())}, values).bytes;
}

}  // namespace

TEST_CASE("a mel from every kind of file and in every layout") {
  const test::TemporaryDirectory folder;
  const auto read = [&](const std::string& name, const MelReadOptions& options = {}) {
    const Mel mel = read_mel(folder.file(name), kBands, options);
    CHECK(mel.frames == kFrames);
    return mel.values;
  };
  for (const std::vector<std::int64_t>& shape : {std::vector<std::int64_t>{kBands, kFrames},
                                                 {1, kBands, kFrames},
                                                 {kFrames, kBands},
                                                 {1, 1, kFrames, kBands}}) {
    const bool bands_first = shape[shape.size() - 2] == kBands;
    const std::vector<float> values = bands_first ? band_major() : frame_major();
    write_npy(folder.file("x.npy"), {shape, values});
    CHECK(read("x.npy") == frame_major());
    const std::string npy = npy_bytes(folder, {shape, values});
    write_file(folder.file("x.npz"), make_zip({{"mel.npy", npy}, {"other.npy", "no npy"}}, "x"));
    CHECK(read("x.npz") == frame_major());
    CHECK(read("x.npz", {MelLayout::kAuto, "mel"}) == frame_major());
    write_state_dict(folder.file("x.pt"), {{"mel", to_tensor(shape, values)}});
    CHECK(read("x.pt") == frame_major());
    write_safetensors(folder.file("x.safetensors"), {{}, {{"mel", to_tensor(shape, values)}}});
    CHECK(read("x.safetensors") == frame_major());
  }
  write_file(folder.file("x.f32"), raw_bytes(frame_major()));
  CHECK(read("x.f32") == frame_major());
  write_file(folder.file("X.F32"), raw_bytes(frame_major()));
  CHECK(read("X.F32") == frame_major());
  write_file(folder.file("x.raw"), raw_bytes(band_major()));
  CHECK(read("x.raw", {MelLayout::kBandsFrames, ""}) == frame_major());
  write_mel(folder.file("written.f32"), {kFrames, kBands, frame_major()});
  CHECK(read_file(folder.file("written.f32")) == raw_bytes(frame_major()));
}

TEST_CASE("several utterances in a file, in either layout") {
  const test::TemporaryDirectory folder;
  std::vector<float> second = frame_major();
  for (float& value : second) value += 1000.0F;
  const auto both = [&](bool bands_first) {
    std::vector<float> values = bands_first ? band_major() : frame_major();
    for (const float value : std::vector<float>(values)) values.push_back(value + 1000.0F);
    return values;
  };
  const auto check = [&](const std::string& name) {
    CAPTURE(name);
    const MelReader reader(folder.file(name), kBands, {MelLayout::kAuto, "", true});
    CHECK(reader.utterances() == 2);
    CHECK(reader.frames() == kFrames);
    CHECK(reader.read(0, kFrames).values == frame_major());
    CHECK(reader.read(0, kFrames, 1).values == second);
    CHECK(reader.read(3, 2, 1).values == std::vector<float>(second.begin() + 9, second.end()));
    CHECK(reader.read(2, 0, 1).values.empty());
    CHECK(contains(error_of([&] { MelReader(folder.file(name), kBands); }),
                   "holds 2 utterances, expected one; glowvox synth makes sound of all of them"));
  };
  for (const bool bands_first : {true, false}) {
    const std::vector<std::int64_t> shape = bands_first
                                                ? std::vector<std::int64_t>{2, kBands, kFrames}
                                                : std::vector<std::int64_t>{2, kFrames, kBands};
    write_npy(folder.file("x.npy"), {shape, both(bands_first)});
    check("x.npy");
    const std::string npy = npy_bytes(folder, {shape, both(bands_first)});
    write_file(folder.file("x.npz"), make_zip({{"mel.npy", npy}}, "x"));
    check("x.npz");
    write_state_dict(folder.file("x.pt"), {{"mel", to_tensor(shape, both(bands_first))}});
    check("x.pt");
    write_safetensors(folder.file("x.safetensors"),
                      {{}, {{"mel", to_tensor(shape, both(bands_first))}}});
    check("x.safetensors");
  }
  // As np.save writes an array in Fortran's order: the utterances of one value side by side.
  std::vector<float> fortran;
  for (int t = 0; t < kFrames; ++t)
    for (int b = 0; b < kBands; ++b)
      for (const float more : {0.0F, 1000.0F})
        fortran.push_back(static_cast<float>(10 * t + b) + more);
  write_npy(folder.file("x.npy"), {{2, kBands, kFrames}, fortran});
  std::string bytes = read_file(folder.file("x.npy"));
  bytes.replace(bytes.find("False"), 5, "True ");
  write_file(folder.file("x.npy"), bytes);
  check("x.npy");
  write_npy(folder.file("x.npy"), {{0, kBands, kFrames}, {}});
  CHECK(contains(error_of([&] { MelReader(folder.file("x.npy"), kBands); }), "holds no utterance"));
}

TEST_CASE("which array and which axis, where a file does not tell") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("x.pt");
  const auto refusal = [&](const MelReadOptions& options = {}) {
    return error_of([&] { read_mel(path, kBands, options); });
  };
  write_state_dict(path, {{"a", to_tensor({kBands, kFrames}, band_major())},
                          {"b", to_tensor({kFrames, kBands}, frame_major())}});
  CHECK(contains(refusal(), "holds 2 arrays, expected one: a, b; choose one with --mel-array"));
  CHECK(contains(refusal({MelLayout::kAuto, "c"}), "has no array 'c'; it has a, b"));
  CHECK(read_mel(path, kBands, {MelLayout::kAuto, "b"}).values == frame_major());
  const std::string square = folder.file("square.npy");
  write_npy(square, {{2, 2}, {0, 1, 10, 11}});
  CHECK(contains(error_of([&] { read_mel(square, 2); }),
                 "shape [2, 2] may be [bands, frames] or [frames, bands]; say which with "
                 "--mel-layout"));
  CHECK(read_mel(square, 2, {MelLayout::kFramesBands, ""}).values ==
        std::vector<float>{0, 1, 10, 11});
  CHECK(read_mel(square, 2, {MelLayout::kBandsFrames, ""}).values ==
        std::vector<float>{0, 10, 1, 11});
  write_npy(square, {{kBands, kFrames}, band_major()});
  CHECK(contains(error_of([&] {
                   read_mel(square, kBands, {MelLayout::kFramesBands, ""});
                 }),
                 "is not what --mel-layout says"));
  // The bands where nobody says how many.
  write_npy(square, {{80, 33}, std::vector<float>(80 * 33)});
  CHECK(MelReader(square, 0).bands() == 80);
  write_npy(square, {{80, 312}, std::vector<float>(80 * 312)});
  CHECK(MelReader(square, 0).bands() == 80);
  write_npy(square, {{80, 100}, std::vector<float>(80 * 100)});
  CHECK(contains(error_of([&] { MelReader(square, 0); }), "does not tell bands from frames"));
}

TEST_CASE("files that hold no mel") {
  const test::TemporaryDirectory folder;
  const auto refusal = [&](const std::string& name, const std::string& bytes) {
    write_file(folder.file(name), bytes);
    return error_of([&] { read_mel(folder.file(name), kBands); });
  };
  CHECK(contains(refusal("x.txt", "no array"), "not an npy, npz, PyTorch or safetensors file"));
  CHECK(contains(refusal("x.f32", std::string(13, 'x')),
                 "13 bytes are no whole number of frames of 3 float32 values: 1 bytes are left"));
  CHECK(contains(refusal("x.f32", ""), "holds no values"));
  CHECK(contains(refusal("x.npz", make_zip({{"a.txt", "a"}}, "x")), "neither arrays (npz) nor"));
  CHECK(
      contains(refusal("x.npz", make_zip({{"a.npy", "a"}}, "x")), "x.npz: array 'a': not an npy"));
  const std::string npz =
      make_zip({{"a.npy", npy_bytes(folder, {{kBands, kFrames}, band_major()})}}, "x");
  std::string damaged = npz;
  damaged[damaged.find("NUMPY") + 140] ^= 1;
  CHECK(contains(refusal("x.npz", damaged), "entry 'a.npy' is damaged"));
  CHECK(contains(refusal("x.npz", npz.substr(0, npz.size() - 9)), "not a zip archive"));
  std::vector<float> values = frame_major();
  values[7] = std::nanf("");
  CHECK(contains(refusal("x.f32", raw_bytes(values)), "mel is not finite in band 1 of frame 2"));
  write_state_dict(folder.file("x.pt"),
                   {{"n", {"I64", {kBands, 1}, std::string(8 * kBands, 'x')}}});
  CHECK(contains(error_of([&] { read_mel(folder.file("x.pt"), kBands); }),
                 "array 'n': has type I64, expected F16, BF16, F32 or F64; save "
                 "mel.to(torch.float32)"));
  CHECK(contains(error_of([&] { read_mel(test::data_file("hostile/call_1.pt"), kBands); }),
                 "names 'os.system'"));
}
