// SPDX-License-Identifier: MIT
// What a streaming graph remembers from one call to the next.
#pragma once

#include <map>

#include "onnx/builder.hpp"

namespace glowvox::onnx {

// One tensor, [batch, size], all zeros before the first call. In it lie what convolutions have to
// remember, of all that have equally many channels together, [batch, channels, rows] flattened, and
// then the pieces that are taken by themselves, in their order.
class StreamState {
 public:
  explicit StreamState(Builder* builder) : builder_(*builder) {}

  // x with the last `rows` rows of earlier calls in front of it.
  Value extend(const Value& x, std::int64_t channels, std::int64_t rows);

  // A piece [batch, channels, 1] as the last call kept it. Each is kept again, in the same order.
  Value take(const std::string& name, std::int64_t channels);
  void keep(const Value& piece);

  // Adds the input "state", the output "next_state" and what lies between them and the pieces.
  // Returns the state's size.
  std::int64_t finish();

 private:
  // Rows of equally many channels, before and after a call.
  struct Rows {
    std::vector<Value> taken, kept;
    std::vector<std::int64_t> counts;  // of rows
    std::int64_t channels = 0;

    std::int64_t rows() const;
  };
  Builder& builder_;
  std::map<std::int64_t, Rows> past_;  // by their channels
  std::vector<Rows> pieces_;
  std::size_t kept_ = 0;
};

}  // namespace glowvox::onnx
