// SPDX-License-Identifier: MIT
// What a streaming graph remembers from one call to the next.
#pragma once

#include "onnx/builder.hpp"

namespace glowvox::onnx {

// One tensor, [batch, size], all zeros before the first call. It is made of pieces of
// [batch, channels, rows], each flattened, in the order in which they are taken.
class StreamState {
 public:
  explicit StreamState(Builder* builder) : builder_(*builder) {}

  // x with the last `rows` rows of earlier calls in front of it.
  Value extend(const Value& x, std::int64_t channels, std::int64_t rows);

  // A piece as the last call kept it. Each is kept again, in the same order.
  Value take(const std::string& name, std::int64_t channels, std::int64_t rows);
  void keep(const Value& piece);

  // Adds the input "state", the output "next_state" and what lies between them and the pieces.
  // Returns the state's size.
  std::int64_t finish();

 private:
  struct Piece {
    Value taken, kept;
    std::int64_t channels, rows;
  };
  Builder& builder_;
  std::vector<Piece> pieces_;
  std::size_t kept_ = 0;
};

}  // namespace glowvox::onnx
