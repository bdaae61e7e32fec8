// SPDX-License-Identifier: MIT
// The instructions of a pickle, by family.
#include "pytorch/unpickler.hpp"

#include <fmt/format.h>

#include <cstdlib>
#include <cstring>

namespace glowvox::pytorch {

namespace {

constexpr std::uint64_t kMostLongBytes = 64;

// Python's string literal, as protocol 0 writes str: quotes taken off; escapes are kept as written
// but for the backslash and the quotes.
std::string unquoted(const std::string& text) {
  if (text.size() < 2 || text.front() != text.back()) return text;
  std::string plain;
  for (std::size_t i = 1; i + 1 < text.size(); ++i) {
    if (text[i] == '\\' && i + 2 < text.size() && std::strchr("\\'\"", text[i + 1]) != nullptr) ++i;
    plain += text[i];
  }
  return plain;
}

}  // namespace

bool Unpickler::constant(unsigned char op) {
  switch (op) {
    case 'N':  // NONE
      push(make(Kind::kNone));
      return true;
    case 0x88:    // NEWTRUE
    case 0x89: {  // NEWFALSE
      PickleValue& value = make(Kind::kBool);
      value.integer = op == 0x88 ? 1 : 0;
      push(value);
      return true;
    }
    case 'J':  // BININT
      push_integer(static_cast<std::int32_t>(static_cast<std::uint32_t>(number(4))));
      return true;
    case 'K':  // BININT1
      push_integer(static_cast<std::int64_t>(number(1)));
      return true;
    case 'M':  // BININT2
      push_integer(static_cast<std::int64_t>(number(2)));
      return true;
    case 'I':  // INT
    case 'L':  // LONG
      push_integer(decimal());
      return true;
    case 0x8a:    // LONG1
    case 0x8b: {  // LONG4
      const std::uint64_t count = number(op == 0x8a ? 1 : 4);
      if (count > 4 * kMostLongBytes) fail(fmt::format("an integer of {} bytes", count));
      push_long(bytes(count));
      return true;
    }
    case 'F': {  // FLOAT
      PickleValue& value = make(Kind::kReal);
      value.real = std::strtod(line().c_str(), nullptr);
      push(value);
      return true;
    }
    case 'G': {  // BINFLOAT, big-endian
      const std::string eight = bytes(8);
      std::uint64_t bits = 0;
      for (const char c : eight) bits = (bits << 8) | static_cast<unsigned char>(c);
      PickleValue& value = make(Kind::kReal);
      std::memcpy(&value.real, &bits, sizeof bits);
      push(value);
      return true;
    }
    default:
      return false;
  }
}

bool Unpickler::text_or_bytes(unsigned char op) {
  switch (op) {
    case 'S':  // STRING
      push_text(Kind::kText, unquoted(line()));
      return true;
    case 'V':  // UNICODE
      push_text(Kind::kText, line());
      return true;
    case 'U':   // SHORT_BINSTRING
    case 0x8c:  // SHORT_BINUNICODE
      push_text(Kind::kText, bytes(number(1)));
      return true;
    case 'T':  // BINSTRING
    case 'X':  // BINUNICODE
      push_text(Kind::kText, bytes(number(4)));
      return true;
    case 0x8d:  // BINUNICODE8
      push_text(Kind::kText, bytes(number(8)));
      return true;
    case 'C':  // SHORT_BINBYTES
      push_text(Kind::kBytes, bytes(number(1)));
      return true;
    case 'B':  // BINBYTES
      push_text(Kind::kBytes, bytes(number(4)));
      return true;
    case 0x8e:  // BINBYTES8
    case 0x96:  // BYTEARRAY8
      push_text(Kind::kBytes, bytes(number(8)));
      return true;
    default:
      return false;
  }
}

bool Unpickler::container(unsigned char op) {
  switch (op) {
    case '(':  // MARK
      marks_.push_back(stack_.size());
      return true;
    case ')':  // EMPTY_TUPLE
      push(make(Kind::kTuple));
      return true;
    case 't':  // TUPLE
      push_items(Kind::kTuple, pop_to_mark());
      return true;
    case 0x85:  // TUPLE1
    case 0x86:  // TUPLE2
    case 0x87:  // TUPLE3
      push_fixed_tuple(op - 0x84);
      return true;
    case ']':   // EMPTY_LIST
    case 0x8f:  // EMPTY_SET
      push(make(Kind::kList));
      return true;
    case 'l':   // LIST
    case 0x91:  // FROZENSET
      push_items(Kind::kList, pop_to_mark());
      return true;
    case '}':  // EMPTY_DICT
      push(make(Kind::kDict));
      return true;
    case 'd': {  // DICT
      const Items pairs = pop_to_mark();
      PickleValue& value = make(Kind::kDict);
      add_entries(value, pairs);
      push(value);
      return true;
    }
    default:
      return false;
  }
}

bool Unpickler::filling(unsigned char op) {
  switch (op) {
    case 'a': {  // APPEND
      PickleValue& item = pop();
      add_items(top(), {&item});
      return true;
    }
    case 'e':     // APPENDS
    case 0x90: {  // ADDITEMS
      const Items items = pop_to_mark();
      add_items(top(), items);
      return true;
    }
    case 's': {  // SETITEM
      PickleValue& value = pop();
      PickleValue& key = pop();
      add_entries(top(), {&key, &value});
      return true;
    }
    case 'u': {  // SETITEMS
      const Items pairs = pop_to_mark();
      add_entries(top(), pairs);
      return true;
    }
    case 'b': {  // BUILD
      const PickleValue& state = pop();
      PickleValue& object = top();
      if (!object.is(Kind::kObject)) fail("attributes for what is no object");
      object.state = &state;
      return true;
    }
    default:
      return false;
  }
}

bool Unpickler::memo(unsigned char op) {
  switch (op) {
    case '0':  // POP
      if (!marks_.empty() && marks_.back() == stack_.size())
        marks_.pop_back();
      else
        pop();
      return true;
    case '1':  // POP_MARK
      pop_to_mark();
      return true;
    case '2':  // DUP
      push(top());
      return true;
    case 'p':  // PUT
      remember(static_cast<std::uint64_t>(decimal()));
      return true;
    case 'q':  // BINPUT
      remember(number(1));
      return true;
    case 'r':  // LONG_BINPUT
      remember(number(4));
      return true;
    case 0x94:  // MEMOIZE
      remember(memo_.size());
      return true;
    case 'g':  // GET
      recall(static_cast<std::uint64_t>(decimal()));
      return true;
    case 'h':  // BINGET
      recall(number(1));
      return true;
    case 'j':  // LONG_BINGET
      recall(number(4));
      return true;
    default:
      return false;
  }
}

bool Unpickler::object(unsigned char op) {
  switch (op) {
    case 'c': {  // GLOBAL
      const std::string module = line();
      push_global(module, line());
      return true;
    }
    case 0x93: {  // STACK_GLOBAL
      const PickleValue& name = pop();
      const PickleValue& module = pop();
      if (!name.is(Kind::kText) || !module.is(Kind::kText)) fail("a name that is no text");
      push_global(module.text, name.text);
      return true;
    }
    case 'R': {  // REDUCE
      const PickleValue& arguments = pop();
      const PickleValue& callee = pop();
      push_call(callee, arguments);
      return true;
    }
    case 0x92:  // NEWOBJ_EX
      pop();    // the arguments by name
      [[fallthrough]];
    case 0x81: {  // NEWOBJ
      const PickleValue& arguments = pop();
      push_object(pop(), arguments);
      return true;
    }
    case 'i': {  // INST: a call
      const std::string module = line();
      push_global(module, line());
      const PickleValue& type = pop();
      push_items(Kind::kTuple, pop_to_mark());
      push_call(type, pop());
      return true;
    }
    case 'o': {  // OBJ: a call
      Items items = pop_to_mark();
      if (items.empty()) fail("an object without a class");
      const PickleValue& type = *items.front();
      items.erase(items.begin());
      push_items(Kind::kTuple, items);
      push_call(type, pop());
      return true;
    }
    case 'P':    // PERSID
    case 'Q': {  // BINPERSID
      if (op == 'P') push_text(Kind::kText, line());
      PickleValue& identification = pop();
      PickleValue& value = make(Kind::kPersistent);
      value.items.push_back(&identification);
      push(value);
      return true;
    }
    default:
      return false;
  }
}

}  // namespace glowvox::pytorch
