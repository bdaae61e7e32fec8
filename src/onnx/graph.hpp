// SPDX-License-Identifier: MIT
// An ONNX graph in memory, free of protobuf.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

namespace glowvox::onnx {

constexpr int kOpset = 17;     // of the operators; the domain is the standard one
constexpr int kIrVersion = 8;  // of the file's format: ONNX 1.12

using Value = std::string;  // by its name
using Shape = std::vector<std::int64_t>;

struct Attribute {
  std::string name;
  std::variant<std::int64_t, float, std::vector<std::int64_t>> value;
};

struct Node {
  std::string type;
  std::vector<Value> inputs, outputs;
  std::vector<Attribute> attributes;
};

// A value that the graph holds: floats, in the file half precision where said, or whole numbers.
struct Constant {
  Value name;
  Shape shape;
  std::variant<std::vector<float>, std::vector<std::int64_t>> values;
  bool half = false;
};

// What a caller gives or gets: float32. A dimension without a number has a name.
struct Port {
  Value name;
  std::vector<std::variant<std::int64_t, std::string>> shape;
};

struct Graph {
  std::string name, description;
  std::vector<Port> inputs, outputs;
  std::vector<Constant> constants;
  std::vector<Node> nodes;  // each behind those that it takes its inputs from
  std::map<std::string, std::string> metadata;
};

// Writes it atomically. Throws Error naming the path where the file would be larger than the 2 GB
// that the format can hold, and in a program that was built without the format.
void write_graph(const std::string& path, Graph graph);

}  // namespace glowvox::onnx
