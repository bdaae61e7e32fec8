// SPDX-License-Identifier: MIT
// Python pickles, as data: nothing that they ask for is ever called.
#pragma once

#include <cstdint>
#include <deque>
#include <string>
#include <utility>
#include <vector>

namespace glowvox::pytorch {

struct PickleValue {
  enum class Kind {
    kNone,
    kBool,     // integer
    kInteger,  // integer; text holds the bytes (little-endian two's complement) of larger ones
    kReal,     // real
    kText,     // text
    kBytes,    // text
    kTuple,    // items
    kList,     // items; sets too
    kDict,     // entries
    kGlobal,   // text: "module.name"
    kObject,   // text: its class, or the function that would make it; arguments: a tuple, or null;
               // items, entries: of a list's or dict's subclass; state: its attributes
    kPersistent  // items[0]: the identification that the pickle refers to something outside with
  };
  Kind kind = Kind::kNone;
  std::int64_t integer = 0;
  double real = 0.0;
  std::string text;
  std::vector<const PickleValue*> items;
  std::vector<std::pair<const PickleValue*, const PickleValue*>> entries;
  const PickleValue* arguments = nullptr;
  const PickleValue* state = nullptr;

  bool is(Kind other) const { return kind == other; }
  // The class or function that a value names, "module.name"; empty where it names none. In the
  // format of PyTorch before 1.6 a module's class comes with its source, as ('module', class, ...).
  std::string named() const;
  // The value of a text key among the entries or attributes; null when there is none.
  const PickleValue* find(const std::string& key) const;
};

// What one pickle holds; owns every value.
class Pickle {
 public:
  // Reads one pickle (protocols 0 to 5) from the start of data; size() bytes belonged to it.
  //
  // A pickle is a program: it may ask to call any function of any module. Here the few calls that
  // checkpoints need (tensors, ordered dictionaries, sets, plain values of NumPy, paths) become
  // values of kind kObject that name what they would have called, so do classes (names that begin
  // with a capital), with their attributes, and every other call is refused by name. Throws Error
  // naming `where` for those and for anything malformed; deep nesting and cycles are harmless.
  Pickle(const char* data, std::size_t size, const std::string& where);

  const PickleValue& root() const { return *root_; }
  const std::deque<PickleValue>& values() const { return values_; }
  std::size_t size() const { return size_; }

 private:
  friend class Unpickler;
  std::deque<PickleValue> values_;
  const PickleValue* root_ = nullptr;
  std::size_t size_ = 0;
};

// Whether a pickle may name this as something to call, and whether it may name it at all ("os
// system" may not be: only an attack has a use for it).
bool may_be_called(const std::string& global);
bool may_be_named(const std::string& global);

}  // namespace glowvox::pytorch
