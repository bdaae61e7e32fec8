// SPDX-License-Identifier: MIT
#include "pytorch/pickle.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "glowvox/error.hpp"
#include "pytorch/unpickler.hpp"

namespace glowvox::pytorch {

namespace {

constexpr std::uint64_t kLatestProtocol = 5;
constexpr std::size_t kMostValues = 1'000'000;  // some 200 bytes each

// Python 2's names of the same things.
std::string modern(const std::string& module, const std::string& name) {
  if (module == "__builtin__") return name == "xrange" ? "builtins.range" : "builtins." + name;
  if (module == "copy_reg") return "copyreg." + name;
  if (module == "cPickle") return "pickle." + name;
  return module + "." + name;
}

}  // namespace

const PickleValue* PickleValue::find(const std::string& key) const {
  for (const auto& [k, v] : entries)
    if (k->is(Kind::kText) && k->text == key) return v;
  return is(Kind::kObject) && state != nullptr && state->is(Kind::kDict) ? state->find(key)
                                                                         : nullptr;
}

std::string PickleValue::named() const {
  if (is(Kind::kGlobal)) return text;
  const PickleValue* id = is(Kind::kPersistent) ? items.front() : nullptr;
  const bool module = id != nullptr && id->is(Kind::kTuple) && id->items.size() > 1 &&
                      id->items[0]->text == "module" && id->items[1]->is(Kind::kGlobal);
  return module ? id->items[1]->text : "";
}

Pickle::Pickle(const char* data, std::size_t size, const std::string& where) {
  Unpickler(data, size, where, this).run();
}

void Unpickler::fail(const std::string& problem) const {
  throw Error(where_, fmt::format("its pickle is malformed at byte {}: {}", at_, problem));
}

std::uint64_t Unpickler::number(int count) {
  if (size_ - at_ < static_cast<std::size_t>(count)) fail("it is cut short");
  std::uint64_t value = 0;
  for (int i = count; i-- > 0;)
    value = (value << 8) | static_cast<unsigned char>(data_[at_ + static_cast<std::size_t>(i)]);
  at_ += static_cast<std::size_t>(count);
  return value;
}

std::string Unpickler::bytes(std::uint64_t count) {
  if (count > size_ - at_) fail(fmt::format("{} bytes were to follow, {} do", count, size_ - at_));
  std::string result(data_ + at_, count);
  at_ += count;
  return result;
}

std::string Unpickler::line() {
  const void* end = std::memchr(data_ + at_, '\n', size_ - at_);
  if (end == nullptr) fail("a line does not end");
  const auto length = static_cast<std::size_t>(static_cast<const char*>(end) - (data_ + at_));
  std::string text(data_ + at_, length);
  at_ += length + 1;
  return text;
}

std::int64_t Unpickler::decimal() {
  std::string text = line();
  if (!text.empty() && text.back() == 'L') text.pop_back();
  char* end = nullptr;
  errno = 0;
  const long long value = std::strtoll(text.c_str(), &end, 10);
  if (text.empty() || *end != '\0' || errno != 0) fail("'" + text + "' is no number of 64 bits");
  return value;
}

PickleValue& Unpickler::make(Kind kind) {
  if (pickle_->values_.size() >= kMostValues)
    fail(fmt::format("it holds more than {} values", kMostValues));
  pickle_->values_.emplace_back();
  pickle_->values_.back().kind = kind;
  return pickle_->values_.back();
}

PickleValue& Unpickler::pop() {
  PickleValue& value = top();
  stack_.pop_back();
  return value;
}

PickleValue& Unpickler::top() {
  const std::size_t floor = marks_.empty() ? 0 : marks_.back();
  if (stack_.size() <= floor) fail("the stack is empty");
  return *stack_.back();
}

Unpickler::Items Unpickler::pop_to_mark() {
  if (marks_.empty()) fail("there is no mark");
  const auto begin = stack_.begin() + static_cast<std::ptrdiff_t>(marks_.back());
  Items items(begin, stack_.end());
  stack_.erase(begin, stack_.end());
  marks_.pop_back();
  return items;
}

void Unpickler::push_text(Kind kind, std::string text) {
  PickleValue& value = make(kind);
  value.text = std::move(text);
  push(value);
}

void Unpickler::push_integer(std::int64_t integer) {
  PickleValue& value = make(Kind::kInteger);
  value.integer = integer;
  push(value);
}

void Unpickler::push_long(std::string little_endian) {
  if (little_endian.size() > 8) {
    PickleValue& value = make(Kind::kInteger);
    value.text = std::move(little_endian);
    push(value);
    return;
  }
  const bool negative =
      !little_endian.empty() && (static_cast<unsigned char>(little_endian.back()) & 0x80) != 0;
  std::uint64_t bits = negative ? ~std::uint64_t{0} : 0;
  for (std::size_t i = little_endian.size(); i-- > 0;)
    bits = (bits << 8) | static_cast<unsigned char>(little_endian[i]);
  push_integer(static_cast<std::int64_t>(bits));
}

void Unpickler::push_items(Kind kind, const Items& items) {
  PickleValue& value = make(kind);
  value.items.assign(items.begin(), items.end());
  push(value);
}

void Unpickler::push_fixed_tuple(int count) {
  Items items(static_cast<std::size_t>(count));
  for (int i = count; i-- > 0;) items[static_cast<std::size_t>(i)] = &pop();
  push_items(Kind::kTuple, items);
}

void Unpickler::add_entries(PickleValue& to, const Items& pairs) const {
  if (!to.is(Kind::kDict) && !to.is(Kind::kObject)) fail("entries for what is no dictionary");
  if (pairs.size() % 2 != 0) fail("a key without a value");
  for (std::size_t i = 0; i < pairs.size(); i += 2) to.entries.emplace_back(pairs[i], pairs[i + 1]);
}

void Unpickler::add_items(PickleValue& to, const Items& items) const {
  if (!to.is(Kind::kList) && !to.is(Kind::kObject)) fail("items for what is no list");
  to.items.insert(to.items.end(), items.begin(), items.end());
}

void Unpickler::push_global(const std::string& module, const std::string& name) {
  std::string global = modern(module, name);
  if (!may_be_named(global))
    throw Error(where_, "its pickle names '" + global + "', which no checkpoint needs",
                "it may be an attack; nothing was run");
  push_text(Kind::kGlobal, std::move(global));
}

void Unpickler::push_call(const PickleValue& callee, const PickleValue& arguments) {
  if (!callee.is(Kind::kGlobal)) fail("a call of what is no function");
  if (!may_be_called(callee.text))
    throw Error(where_,
                "its pickle asks to call '" + callee.text +
                    "', which is not among what builds tensors and plain containers",
                "nothing was run; save a state dict of plain tensors instead");
  if (callee.text != "copyreg._reconstructor") {
    push_object(callee, arguments);
    return;
  }
  if (!arguments.is(Kind::kTuple) || arguments.items.empty())
    fail("_reconstructor without a class");
  push_object(*arguments.items.front(), arguments);
}

void Unpickler::push_object(const PickleValue& type, const PickleValue& arguments) {
  const std::string name = type.named();
  if (name.empty()) fail("an object of what is no class");
  if (!arguments.is(Kind::kTuple)) fail("an object without a tuple of arguments");
  PickleValue& value = make(Kind::kObject);
  value.text = name;
  value.arguments = &arguments;
  if (name == "collections.OrderedDict" && arguments.items.size() == 1)
    add_pairs(value, *arguments.items.front());
  push(value);
}

// OrderedDict([[key, value], ...]), as Python 2 writes one.
void Unpickler::add_pairs(PickleValue& to, const PickleValue& pairs) {
  copied_ += pairs.items.size();
  if (copied_ > size_) fail("the same pairs again and again");
  for (const PickleValue* pair : pairs.items) {
    if (pair->items.size() != 2) fail("a key without a value");
    to.entries.emplace_back(pair->items[0], pair->items[1]);
  }
}

void Unpickler::remember(std::uint64_t index) { memo_[index] = &top(); }

void Unpickler::recall(std::uint64_t index) {
  const auto found = memo_.find(index);
  if (found == memo_.end()) fail(fmt::format("the memo has no {}", index));
  push(*found->second);
}

void Unpickler::run() {
  constexpr unsigned char kStop = '.', kProtocol = 0x80, kFrame = 0x95;
  for (;;) {
    const auto op = static_cast<unsigned char>(number(1));
    if (op == kStop) break;
    if (op == kProtocol) {
      const std::uint64_t protocol = number(1);
      if (protocol > kLatestProtocol)
        fail(fmt::format("protocol {}, expected 0 to {}", protocol, kLatestProtocol));
    } else if (op == kFrame) {
      number(8);
    } else if (!constant(op) && !text_or_bytes(op) && !container(op) && !filling(op) && !memo(op) &&
               !object(op)) {
      fail(fmt::format("instruction {:#04x} is not one that checkpoints use", op));
    }
  }
  pickle_->root_ = &pop();
  pickle_->size_ = at_;
}

}  // namespace glowvox::pytorch
