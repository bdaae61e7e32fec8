// SPDX-License-Identifier: MIT
#include "onnx/builder.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <numeric>

namespace glowvox::onnx {

namespace {

// Smaller ones are not worth another node.
constexpr std::size_t kFewestHalves = 1024;

std::string in_small_letters(std::string text) {
  for (char& c : text) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return text;
}

// [out][taps][in], as ours are, to ONNX's [out][in][taps].
std::vector<float> taps_last(const engine::Matrix& W) {
  std::vector<float> weight;
  weight.reserve(W.weight.size());
  for (int n = 0; n < W.out; ++n)
    for (int i = 0; i < W.in; ++i)
      for (int k = 0; k < W.taps; ++k) weight.push_back(W.at(n, k, i));
  return weight;
}

}  // namespace

std::string Builder::unique(const std::string& name) {
  const std::string full = scope_.empty() ? name : scope_ + "/" + name;
  std::string candidate = full;
  for (int i = 2; !names_.insert(candidate).second; ++i) candidate = fmt::format("{}_{}", full, i);
  return candidate;
}

Value Builder::add(const std::string& type, std::vector<Value> inputs,
                   std::vector<Attribute> attributes, const std::string& name) {
  const Value output = unique(name.empty() ? in_small_letters(type) : name);
  graph_.nodes.push_back({type, std::move(inputs), {output}, std::move(attributes)});
  return output;
}

std::vector<Value> Builder::add(const std::string& type, std::vector<Value> inputs,
                                std::size_t outputs, std::vector<Attribute> attributes) {
  std::vector<Value> names;
  for (std::size_t i = 0; i < outputs; ++i) names.push_back(unique(in_small_letters(type)));
  graph_.nodes.push_back({type, std::move(inputs), names, std::move(attributes)});
  return names;
}

Value Builder::floats(const std::string& name, Shape shape, std::vector<float> values) {
  const Value value = unique(name);
  graph_.constants.push_back({value, std::move(shape), std::move(values)});
  return value;
}

Value Builder::ints(const std::vector<std::int64_t>& values) {
  const Value name = fmt::format("[{}]", fmt::join(values, ","));
  if (names_.insert(name).second)
    graph_.constants.push_back({name, {static_cast<std::int64_t>(values.size())}, values});
  return name;
}

Value Builder::weights(const std::string& name, Shape shape, std::vector<float> values) {
  if (stored_ == Stored::kFloat || values.size() < kFewestHalves)
    return floats(name, std::move(shape), std::move(values));
  const Value half = unique(name + "_half");
  graph_.constants.push_back({half, std::move(shape), std::move(values), true});
  constexpr std::int64_t kFloatType = 1;  // TensorProto.FLOAT
  return add("Cast", {half}, {{"to", kFloatType}}, name);
}

Value Builder::convolution(const std::string& name, const Value& x, const engine::Matrix& W,
                           const std::vector<float>& bias, const Rows& rows) {
  std::vector<Value> inputs = {x, weights(name + ".weight", {W.out, W.in, W.taps}, taps_last(W))};
  if (!bias.empty())
    inputs.push_back(floats(name + ".bias", {W.out}, {bias.begin(), bias.begin() + W.out}));
  return add("Conv", std::move(inputs),
             {{"kernel_shape", std::vector<std::int64_t>{W.taps}},
              {"dilations", std::vector<std::int64_t>{rows.dilation}},
              {"pads", std::vector<std::int64_t>{rows.before, rows.after}},
              {"group", rows.groups}},
             name);
}

Value Builder::of_channels(const std::string& name, std::vector<float> values) {
  const auto channels = static_cast<std::int64_t>(values.size());
  return floats(name, {1, channels, 1}, std::move(values));
}

Value Builder::concat(std::vector<Value> values, std::int64_t axis) {
  if (values.size() == 1) return values.front();
  return add("Concat", std::move(values), {{"axis", axis}});
}

std::vector<Value> Builder::split(const Value& x, const std::vector<std::int64_t>& sizes) {
  if (sizes.size() == 1) return {x};
  return add("Split", {x, ints(sizes)}, sizes.size(), {{"axis", std::int64_t{1}}});
}

Value Builder::slice(const Value& x, std::int64_t axis, std::int64_t first, std::int64_t last) {
  return add("Slice", {x, ints({first}), ints({last}), ints({axis})});
}

Value Builder::flip_channels(const Value& x) {
  return add("Slice", {x, ints({-1}), ints({INT64_MIN}), ints({1}), ints({-1})});
}

Value Builder::pick_channels(const Value& x, const std::vector<std::int64_t>& from,
                             std::int64_t channels) {
  std::vector<std::int64_t> run(from.size());
  std::iota(run.begin(), run.end(), from.front());
  if (run != from) return add("Gather", {x, ints(from)}, {{"axis", std::int64_t{1}}});
  if (static_cast<std::int64_t>(from.size()) == channels) return x;
  return slice(x, 1, from.front(), from.back() + 1);
}

Value Builder::reshape(const Value& x, const std::vector<std::int64_t>& shape) {
  return add("Reshape", {x, ints(shape)});
}

Value Builder::repeat_rows(const Value& x, std::int64_t times) {
  if (times == 1) return x;
  const Value apart = add("Unsqueeze", {x, ints({3})});
  const Value repeated = add("Expand", {apart, ints({1, 1, 1, times})});
  return reshape(repeated, {0, 0, -1});
}

}  // namespace glowvox::onnx
