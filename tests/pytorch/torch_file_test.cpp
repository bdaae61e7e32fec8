// SPDX-License-Identifier: MIT
// Against what PyTorch itself wrote (data/torch/make.py).
#include "pytorch/torch_file.hpp"

#include <doctest/doctest.h>

#include "core/atomic_file.hpp"
#include "golden.hpp"
#include "pytorch/state_dict.hpp"
#include "pytorch/torch_writer.hpp"
#include "safetensors/floats.hpp"

using namespace glowvox;
using namespace glowvox::pytorch;
using namespace glowvox::safetensors;
using test::contains;
using test::error_of;

namespace {

std::string torch_data(const std::string& name) { return test::data_file("torch/" + name); }

// arange(24).reshape(4, 6) / 2 at a row and column.
float at(int row, int column) { return 0.5F * static_cast<float>(6 * row + column); }

std::vector<float> whole() {
  std::vector<float> values;
  for (int i = 0; i < 24; ++i) values.push_back(at(i / 6, i % 6));
  return values;
}

void check_tensors(const StateDict& file) {
  CHECK(file.floats("whole") == whole());
  CHECK(file.floats("half") == whole());
  CHECK(file.floats("bfloat16") == whole());
  CHECK(file.floats("double") == whole());
  const std::vector<float> transposed = file.floats("transposed");
  REQUIRE(file.entries().at("transposed").shape == std::vector<std::int64_t>{6, 4});
  for (int r = 0; r < 6; ++r)
    for (int c = 0; c < 4; ++c) CHECK(transposed[static_cast<std::size_t>(4 * r + c)] == at(c, r));
  CHECK(file.floats("part") ==
        std::vector<float>{at(1, 0), at(1, 2), at(1, 4), at(2, 0), at(2, 2), at(2, 4)});
  CHECK(file.floats("row") ==
        std::vector<float>{at(2, 0), at(2, 1), at(2, 2), at(2, 3), at(2, 4), at(2, 5)});
  CHECK(file.floats("expanded").size() == 18);
  CHECK(file.floats("expanded")[13] == at(0, 1));
  CHECK(file.floats("scalar") == std::vector<float>{2.5F});
  CHECK(file.entries().at("scalar").shape.empty());
  CHECK(file.floats("empty").empty());
  CHECK(file.floats("parameter").size() == 12);
  CHECK(file.entries().at("integers").dtype == "I64");
  CHECK(contains(error_of([&] { file.floats("integers"); }), "has type I64"));
}

}  // namespace

TEST_CASE("types, strides and shared storages, in every format of torch.save") {
  for (const char* name : {"tensors.pt", "tensors_legacy.pt", "tensors_protocol4.pt"}) {
    CAPTURE(name);
    check_tensors(StateDict(torch_data(name)));
  }
  CHECK(StateDict(torch_data("tensors.pt")).container() == "zip archive, state dict");
  CHECK(StateDict(torch_data("tensors_legacy.pt")).container() == "legacy format, state dict");
}

TEST_CASE("what surrounds the weights in a checkpoint does not matter") {
  check_tensors(StateDict(torch_data("surrounded.pt")));
}

TEST_CASE("a pickled module's tensors have the names of its state dict") {
  const StateDict module(test::data_file("waveglow/tiny_pickled_module.pt"));
  const StateDict plain(test::data_file("waveglow/tiny_state_dict.pt"));
  REQUIRE(module.entries().size() == plain.entries().size());
  for (const auto& item : plain.entries()) {
    CAPTURE(item.first);
    CHECK(module.floats(item.first) == plain.floats(item.first));
  }
  CHECK(module.stride_of("upsample") == 256);
  CHECK(plain.stride_of("upsample") == 0);
}

TEST_CASE("a written state dict is read back, and the same tensors give the same bytes") {
  const test::TemporaryDirectory folder;
  std::map<std::string, Tensor> tensors;
  tensors["a.weight"] = to_tensor({2, 3}, {1, 2, 3, 4, 5, 6});
  tensors["count"] = {"I64", {}, std::string(8, '\0')};
  tensors["empty"] = to_tensor({0, 3}, {});
  write_state_dict(folder.file("x.pt"), tensors);
  write_state_dict(folder.file("y.pt"), tensors);
  CHECK(read_file(folder.file("x.pt")) == read_file(folder.file("y.pt")));
  const StateDict back(folder.file("x.pt"));
  CHECK(back.floats("a.weight") == std::vector<float>{1, 2, 3, 4, 5, 6});
  CHECK(back.entries().at("a.weight").shape == std::vector<std::int64_t>{2, 3});
  CHECK(back.entries().at("count").dtype == "I64");
  CHECK(back.entries().at("empty").shape == std::vector<std::int64_t>{0, 3});
  tensors["odd"] = {"U8", {1}, "x"};
  CHECK(contains(error_of([&] { write_state_dict(folder.file("z.pt"), tensors); }), "type U8"));
  CHECK(!std::filesystem::exists(folder.file("z.pt")));
}

TEST_CASE("damaged files are refused, wherever they are cut or changed") {
  const test::TemporaryDirectory folder;
  const std::string path = folder.file("x.pt");
  for (const char* name : {"torch/tensors.pt", "torch/tensors_legacy.pt"}) {
    const std::string whole = read_file(test::data_file(name));
    const auto open = [&](const std::string& bytes) {
      write_file(path, bytes);
      return error_of([&] {
        const StateDict file(path);
        for (const auto& item : file.entries()) file.floats(item.first);
      });
    };
    // Every tensor is read, and one is of integers.
    CHECK(contains(open(whole), "'integers': has type I64"));
    for (std::size_t size = 0; size < whole.size(); size += 1 + size / 16) {
      CAPTURE(size);
      const std::string message = open(whole.substr(0, size));
      CHECK(message != "");
      CHECK(!contains(message, "'integers': has type I64"));
    }
    // A bit of a value may be any; a bit of what describes it gives an error or another value, and
    // never a crash.
    for (std::size_t at = 0; at < whole.size(); at += 7) {
      std::string changed = whole;
      changed[at] = static_cast<char>(changed[at] ^ 0x10);
      open(changed);
    }
  }
  write_file(path, "PK");
  CHECK(contains(error_of([&] { StateDict{path}; }), "neither a PyTorch file nor"));
  CHECK(contains(error_of([&] { StateDict{folder.file("none")}; }), "no such file"));
}
