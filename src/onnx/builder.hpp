// SPDX-License-Identifier: MIT
// Operators one after the other. Activations are [batch, channels, rows].
#pragma once

#include <set>

#include "engine/product.hpp"
#include "onnx/graph.hpp"

namespace glowvox::onnx {

// Whether large weights are written in half precision; the graph computes in float32 all the same.
enum class Stored { kFloat, kHalf };

// How a convolution along rows meets what it is given.
struct Rows {
  std::int64_t dilation = 1, before = 0, after = 0;  // zeros in front and behind
  std::int64_t groups = 1;
};

class Builder {
 public:
  Builder(Graph* graph, Stored stored) : graph_(*graph), stored_(stored) {}

  // Names from here on begin with it: "step_3/layer_1".
  void set_scope(std::string scope) { scope_ = std::move(scope); }
  const std::string& scope() const { return scope_; }

  // Of a value that somebody else makes.
  Value name(const std::string& name) { return unique(name); }

  // A node of one output, whose name is its type in small letters where none is given.
  Value add(const std::string& type, std::vector<Value> inputs,
            std::vector<Attribute> attributes = {}, const std::string& name = "");
  // The same of several outputs.
  std::vector<Value> add(const std::string& type, std::vector<Value> inputs, std::size_t outputs,
                         std::vector<Attribute> attributes = {});

  Value floats(const std::string& name, Shape shape, std::vector<float> values);
  Value ints(const std::vector<std::int64_t>& values);  // one-dimensional; equal ones are shared

  // y = W x + bias, of the rows that W's taps see.
  Value convolution(const std::string& name, const Value& x, const engine::Matrix& W,
                    const std::vector<float>& bias, const Rows& rows = {});
  // Numbers for every channel, [1, channels, 1].
  Value of_channels(const std::string& name, std::vector<float> values);
  Value concat(std::vector<Value> values, std::int64_t axis);
  std::vector<Value> split(const Value& x, const std::vector<std::int64_t>& sizes);  // of channels
  // [first, last) along an axis; negative numbers count from the end, kEnd is the end itself.
  static constexpr std::int64_t kEnd = INT64_MAX;
  Value slice(const Value& x, std::int64_t axis, std::int64_t first, std::int64_t last);
  Value flip_channels(const Value& x);
  // Channel c becomes what `from[c]` was.
  Value pick_channels(const Value& x, const std::vector<std::int64_t>& from, std::int64_t channels);
  // 0: as it is there; -1: what is left.
  Value reshape(const Value& x, const std::vector<std::int64_t>& shape);
  // Every row so many times.
  Value repeat_rows(const Value& x, std::int64_t times);

  Graph& graph() { return graph_; }

 private:
  std::string unique(const std::string& name);
  Value weights(const std::string& name, Shape shape, std::vector<float> values);

  Graph& graph_;
  const Stored stored_;
  std::string scope_;
  std::set<std::string> names_;
};

}  // namespace glowvox::onnx
