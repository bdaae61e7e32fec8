// SPDX-License-Identifier: MIT
// Where this program was built without ONNX's format.
#include "glowvox/error.hpp"
#include "onnx/graph.hpp"

namespace glowvox::onnx {

void write_graph(const std::string& path, Graph /*graph*/) {
  throw Error(path, "this build writes no ONNX files",
              "install libonnx-dev, protobuf-compiler and libprotobuf-dev and configure with "
              "-DGLOWVOX_ONNX=ON");
}

}  // namespace glowvox::onnx
