// SPDX-License-Identifier: MIT
#include <onnx.pb.h>

#include <Eigen/Core>

#include "core/atomic_file.hpp"
#include "glowvox/error.hpp"
#include "glowvox/version.h"
#include "onnx/graph.hpp"

namespace glowvox::onnx {

namespace {

constexpr std::size_t kMostBytes = 0x7fffffff;  // of a protobuf

template <typename T>
void set_raw(const std::vector<T>& values, ::onnx::TensorProto* to) {
  to->set_raw_data(values.data(), values.size() * sizeof(T));
}

std::vector<Eigen::half> halves_of(const std::vector<float>& values) {
  return {values.begin(), values.end()};
}

void write(const Constant& constant, ::onnx::TensorProto* to) {
  to->set_name(constant.name);
  for (const std::int64_t size : constant.shape) to->add_dims(size);
  if (const auto* ints = std::get_if<std::vector<std::int64_t>>(&constant.values)) {
    to->set_data_type(::onnx::TensorProto::INT64);
    return set_raw(*ints, to);
  }
  const auto& floats = std::get<std::vector<float>>(constant.values);
  to->set_data_type(constant.half ? ::onnx::TensorProto::FLOAT16 : ::onnx::TensorProto::FLOAT);
  if (constant.half)
    set_raw(halves_of(floats), to);
  else
    set_raw(floats, to);
}

struct AttributeWriter {
  ::onnx::AttributeProto* to;
  void operator()(std::int64_t value) const {
    to->set_type(::onnx::AttributeProto::INT);
    to->set_i(value);
  }
  void operator()(float value) const {
    to->set_type(::onnx::AttributeProto::FLOAT);
    to->set_f(value);
  }
  void operator()(const std::vector<std::int64_t>& values) const {
    to->set_type(::onnx::AttributeProto::INTS);
    for (const std::int64_t value : values) to->add_ints(value);
  }
};

void write(const Node& node, ::onnx::NodeProto* to) {
  to->set_name(node.outputs.front());
  to->set_op_type(node.type);
  for (const Value& input : node.inputs) to->add_input(input);
  for (const Value& output : node.outputs) to->add_output(output);
  for (const Attribute& attribute : node.attributes) {
    ::onnx::AttributeProto* written = to->add_attribute();
    written->set_name(attribute.name);
    std::visit(AttributeWriter{written}, attribute.value);
  }
}

void write(const Port& port, ::onnx::ValueInfoProto* to) {
  to->set_name(port.name);
  ::onnx::TypeProto::Tensor* type = to->mutable_type()->mutable_tensor_type();
  type->set_elem_type(::onnx::TensorProto::FLOAT);
  for (const auto& size : port.shape) {
    ::onnx::TensorShapeProto::Dimension* dimension = type->mutable_shape()->add_dim();
    if (const auto* name = std::get_if<std::string>(&size))
      dimension->set_dim_param(*name);
    else
      dimension->set_dim_value(std::get<std::int64_t>(size));
  }
}

}  // namespace

void write_graph(const std::string& path, Graph graph) {
  ::onnx::ModelProto model;
  model.set_ir_version(kIrVersion);
  model.set_producer_name("glowvox");
  model.set_producer_version(GLOWVOX_VERSION);
  ::onnx::OperatorSetIdProto* operators = model.add_opset_import();
  operators->set_domain("");
  operators->set_version(kOpset);
  for (const auto& [key, value] : graph.metadata) {
    ::onnx::StringStringEntryProto* entry = model.add_metadata_props();
    entry->set_key(key);
    entry->set_value(value);
  }
  ::onnx::GraphProto* to = model.mutable_graph();
  to->set_name(graph.name);
  to->set_doc_string(graph.description);
  for (const Port& port : graph.inputs) write(port, to->add_input());
  for (const Port& port : graph.outputs) write(port, to->add_output());
  for (const Node& node : graph.nodes) write(node, to->add_node());
  for (Constant& constant : graph.constants) {
    write(constant, to->add_initializer());
    constant.values = std::vector<float>();  // a large model need not be there twice
  }
  std::string bytes;
  if (model.ByteSizeLong() > kMostBytes || !model.SerializeToString(&bytes))
    throw Error(path, "the graph is larger than the 2 GB that an ONNX file holds", "use --half");
  AtomicFile file(path);
  file.write(bytes.data(), bytes.size());
  file.commit();
}

}  // namespace glowvox::onnx
