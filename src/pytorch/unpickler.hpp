// SPDX-License-Identifier: MIT
// The machine that reads a pickle.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "pytorch/pickle.hpp"

namespace glowvox::pytorch {

// One pass over the instructions (Python's pickletools documents them). Values live in the Pickle;
// stack, marks and memo refer to them. Every instruction makes at most a few values, and their
// number is bounded.
class Unpickler {
 public:
  Unpickler(const char* data, std::size_t size, const std::string& where, Pickle* pickle)
      : data_(data), size_(size), where_(where), pickle_(pickle) {}
  void run();

 private:
  using Kind = PickleValue::Kind;
  using Items = std::vector<PickleValue*>;

  [[noreturn]] void fail(const std::string& problem) const;
  // Input.
  std::uint64_t number(int bytes);  // little-endian, unsigned
  std::string bytes(std::uint64_t count);
  std::string line();
  std::int64_t decimal();
  // Stack.
  PickleValue& make(Kind kind);
  void push(PickleValue& value) { stack_.push_back(&value); }
  PickleValue& pop();
  PickleValue& top();
  Items pop_to_mark();
  // Instructions, by family; false: not one of these.
  bool constant(unsigned char op);
  bool text_or_bytes(unsigned char op);
  bool container(unsigned char op);
  bool filling(unsigned char op);
  bool memo(unsigned char op);
  bool object(unsigned char op);

  void push_text(Kind kind, std::string text);
  void push_integer(std::int64_t value);
  void push_long(std::string little_endian);
  void push_items(Kind kind, const Items& items);
  void push_fixed_tuple(int count);
  void add_entries(PickleValue& to, const Items& pairs) const;
  void add_items(PickleValue& to, const Items& items) const;
  void push_global(const std::string& module, const std::string& name);
  void push_call(const PickleValue& callee, const PickleValue& arguments);
  void push_object(const PickleValue& type, const PickleValue& arguments);
  void add_pairs(PickleValue& to, const PickleValue& pairs);
  void remember(std::uint64_t index);
  void recall(std::uint64_t index);

  const char* data_;
  std::size_t size_;
  const std::string& where_;
  Pickle* pickle_;
  std::size_t at_ = 0;
  std::size_t copied_ = 0;  // pairs, which bounds memory by the input's size
  std::vector<PickleValue*> stack_;
  std::vector<std::size_t> marks_;
  std::unordered_map<std::uint64_t, PickleValue*> memo_;
};

}  // namespace glowvox::pytorch
