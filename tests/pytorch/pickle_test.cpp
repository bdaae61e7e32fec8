// SPDX-License-Identifier: MIT
// Pickles are data: what they ask for is never done.
#include "pytorch/pickle.hpp"

#include <doctest/doctest.h>

#include <filesystem>

#include "core/atomic_file.hpp"
#include "golden.hpp"
#include "pytorch/state_dict.hpp"
#include "pytorch/torch_file.hpp"

using namespace glowvox;
using namespace glowvox::pytorch;
using test::contains;
using test::error_of;
using Kind = PickleValue::Kind;

namespace {

Pickle unpickle(const std::string& bytes) { return {bytes.data(), bytes.size(), "x.pt"}; }

std::string refusal(const std::string& bytes) {
  return error_of([&] { unpickle(bytes); });
}

std::string raw(const char* bytes, std::size_t size) { return {bytes, size}; }
#define RAW(literal) raw(literal, sizeof(literal) - 1)

}  // namespace

TEST_CASE("values of every protocol") {
  // Python's pickle.dumps((None, True, -3, 300, 70000, 2**40, 1.5, 'a', [1, 2], {'k': (1,)})).
  const std::string one =
      RAW("(NI01\nI-3\nI300\nI70000\nL1099511627776L\nF1.5\nVa\n(lI1\naI2\na(dVk\n(I1\ntst.");
  const std::string two = RAW(
      "\x80\x02(N\x88J\xfd\xff\xff\xffM\x2c\x01J\x70\x11\x01\x00\x8a\x06\x00\x00\x00\x00\x00\x01"
      "G\x3f\xf8\x00\x00\x00\x00\x00\x00X\x01\x00\x00\x00"
      "a](K\x01K\x02"
      "e}X\x01\x00\x00\x00kK\x01\x85st.");
  for (const std::string& bytes : {one, two}) {
    const Pickle pickle = unpickle(bytes);
    const auto& items = pickle.root().items;
    CHECK(pickle.size() == bytes.size());
    REQUIRE(items.size() == 10);
    CHECK(items[0]->is(Kind::kNone));
    CHECK(items[1]->integer == 1);
    CHECK(items[2]->integer == -3);
    CHECK(items[3]->integer == 300);
    CHECK(items[4]->integer == 70000);
    CHECK(items[5]->integer == std::int64_t{1} << 40);
    CHECK(items[6]->real == 1.5);
    CHECK(items[7]->text == "a");
    REQUIRE(items[8]->items.size() == 2);
    CHECK(items[8]->items[1]->integer == 2);
    REQUIRE(items[9]->find("k") != nullptr);
    CHECK(items[9]->find("k")->items.front()->integer == 1);
    CHECK(items[9]->find("other") == nullptr);
  }
}

TEST_CASE("classes become their attributes, the calls of checkpoints are named and not made") {
  // A module of PyTorch: NEWOBJ, then BUILD with its attributes.
  const std::string bytes =
      RAW("\x80\x02"
          "cglow\nWaveGlow\n)\x81}U\x07n_flowsK\x0csb.");
  const Pickle pickle = unpickle(bytes);
  CHECK(pickle.root().is(Kind::kObject));
  CHECK(pickle.root().text == "glow.WaveGlow");
  REQUIRE(pickle.root().find("n_flows") != nullptr);
  CHECK(pickle.root().find("n_flows")->integer == 12);
  const Pickle ordered =
      unpickle(RAW("\x80\x02"
                   "ccollections\nOrderedDict\n)RU\x01kK\x05s."));
  CHECK(ordered.root().text == "collections.OrderedDict");
  CHECK(ordered.root().find("k")->integer == 5);
  const Pickle pairs = unpickle(RAW("ccollections\nOrderedDict\n((l(lVk\naI6\naatR."));
  REQUIRE(pairs.root().find("k") != nullptr);
  CHECK(pairs.root().find("k")->integer == 6);
  // A class that is called: an enumeration. Python 2's name of a range.
  CHECK(unpickle(RAW("chparams\nMode\n(I1\ntR.")).root().text == "hparams.Mode");
  CHECK(unpickle(RAW("c__builtin__\nxrange\n(I1\ntR.")).root().text == "builtins.range");
  // As protocols 0 and 1 write an object of a class.
  const Pickle old =
      unpickle(RAW("ccopy_reg\n_reconstructor\n(cmodels\nNet\nc__builtin__\nobject\n"
                   "NtR(dVa\nI7\nsb."));
  CHECK(old.root().text == "models.Net");
  CHECK(old.root().find("a")->integer == 7);
  // What PyTorch before 1.3 left in every module.
  CHECK_NOTHROW(unpickle(RAW("ctorch.nn.backends.thnn\n_get_thnn_function_backend\n)R.")));
}

TEST_CASE("pickles that ask to run something are refused by name") {
  CHECK(contains(refusal(RAW("cos\nsystem\n(S'true'\ntR.")), "names 'os.system'"));
  CHECK(contains(refusal(RAW("cposix\nsystem\n(S'true'\ntR.")), "names 'posix.system'"));
  CHECK(contains(refusal(RAW("c__builtin__\neval\n(S'1'\ntR.")), "names 'builtins.eval'"));
  CHECK(contains(refusal(RAW("csubprocess\nPopen\n(S'true'\ntR.")), "names 'subprocess.Popen'"));
  CHECK(contains(refusal(RAW("(S'true'\nios\nsystem\n.")), "names 'os.system'"));
  CHECK(contains(refusal(RAW("(cos\nsystem\nS'true'\no.")), "names 'os.system'"));
  CHECK(contains(refusal(RAW("\x80\x04\x8c\x02os\x8c\x06system\x93\x8c\x04true\x85R.")),
                 "names 'os.system'"));
  // Not among the known dangers, not among the known calls either: however it is asked for.
  CHECK(contains(refusal(RAW("cbuild.tools\nrun\n(S'x'\ntR.")), "asks to call 'build.tools.run'"));
  CHECK(contains(refusal(RAW("(S'x'\nibuild.tools\nrun\n.")), "asks to call 'build.tools.run'"));
  CHECK(contains(refusal(RAW("(cbuild.tools\nrun\nS'x'\no.")), "asks to call 'build.tools.run'"));
  CHECK(contains(refusal(RAW("ctorch.storage\n_load_from_bytes\n(S'x'\ntR.")),
                 "asks to call 'torch.storage._load_from_bytes'"));
  CHECK(contains(refusal(RAW("cbuiltins\ngetattr\n(S'x'\ntR.")), "names 'builtins.getattr'"));
}

TEST_CASE("malformed pickles") {
  CHECK(contains(refusal(std::string(2000000, 'N')), "it holds more than 1000000 values"));
  for (const std::string& bytes : {RAW(""),
                                   RAW("."),
                                   RAW("N"),
                                   RAW("X\xff\xff\xff\xffz."),
                                   RAW("\x80\x09N."),
                                   RAW("h\x05."),
                                   RAW("(t"),
                                   RAW("t."),
                                   RAW("NNs."),
                                   RAW("(NNt(e."),
                                   RAW("Nb."),
                                   RAW("NR."),
                                   RAW("\x8a\xff"),
                                   RAW("]Na0."),
                                   RAW("}(Nu."),
                                   RAW("Ixyz\n."),
                                   RAW("I99999999999999999999\n."),
                                   RAW("\x82\x01."),
                                   RAW("NNR."),
                                   RAW("cos.\nx"),
                                   RAW("NN\x93."),

                                   RAW("Q."),
                                   RAW("\x8e\xff\xff\xff\xff\xff\xff\xff\xff.")}) {
    CAPTURE(bytes);
    CHECK(contains(refusal(bytes), "x.pt: its pickle is malformed at byte "));
  }
  // A list inside itself, and a million tuples inside each other.
  CHECK(unpickle(RAW("]q\x00h\x00"
                     "a."))
            .root()
            .items.size() == 1);
  CHECK(unpickle(")" + std::string(900000, '\x85') + ".").root().items.size() == 1);
}

TEST_CASE("files that a fuzzer found, or that ask to run something") {
  int seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator(test::data_file("hostile"))) {
    CAPTURE(entry.path().filename().string());
    const std::string message = error_of([&] { StateDict{entry.path().string()}; });
    CHECK(contains(message, entry.path().string() + ": "));
    CHECK(!contains(message, "no such file"));
    // The names that ask to run something say so.
    if (entry.path().filename().string().rfind("call_", 0) == 0)
      CHECK((contains(message, "its pickle names '") || contains(message, "asks to call '")));
    ++seen;
  }
  CHECK(seen > 10);
}
