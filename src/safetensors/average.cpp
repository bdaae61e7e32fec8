// SPDX-License-Identifier: MIT
#include "safetensors/average.hpp"

#include <fmt/format.h>

#include <Eigen/Core>
#include <cmath>

#include "config/comparison.hpp"
#include "core/text.hpp"
#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox::safetensors {

namespace {

constexpr const char *kWeight = "weight.", *kAverage = "average.";  // a checkpoint's prefixes

// A permutation or a sign: equal, or there is no mean.
bool is_discrete(const std::string& name) {
  return ends_with(name, ".order") || ends_with(name, ".sign");
}

// A model's tensors under their own names, and its configuration.
class Source {
 public:
  explicit Source(const std::string& path) : path_(path), file_(path) {
    const auto checkpoint = file_.metadata().find("model_config");
    if (checkpoint == file_.metadata().end()) {
      config_ = model_config(file_.metadata(), path);
      tensors_ = file_.tensors();
      return;
    }
    config_ = config::parse_config(checkpoint->second, path);
    for (const char* prefix : {kWeight, kAverage})
      for (const auto& [name, tensor] : file_.tensors())
        if (begins_with(name, prefix)) tensors_[name.substr(std::string(prefix).size())] = tensor;
  }

  const config::ModelConfig& config() const { return config_; }
  const std::map<std::string, TensorView>& tensors() const { return tensors_; }

  // The tensor of this name, which has to have this shape.
  std::vector<float> floats(const std::string& name, const std::vector<std::int64_t>& shape) const {
    const auto found = tensors_.find(name);
    if (found == tensors_.end()) throw Error(path_, "tensor '" + name + "' is missing");
    if (found->second.shape != shape) throw Error(path_, "tensor '" + name + "' is misshapen");
    const TensorView& t = found->second;
    auto values = to_floats(t.dtype, t.data, t.bytes, path_ + ": tensor '" + name + "'");
    for (const float v : values)
      if (!std::isfinite(v))
        throw Error(path_, "tensor '" + name + "' holds values that are not finite");
    return values;
  }

  void check_like(const Source& first) const {
    const std::string here = config::to_yaml(config::network_of(config_));
    const std::string there = config::to_yaml(config::network_of(first.config_));
    if (here != there)
      throw Error(path_, fmt::format("is another network than {}: {}", first.path_,
                                     config::first_difference(there, here)));
    if (tensors_.size() != first.tensors_.size())
      throw Error(path_, fmt::format("has {} tensors, {} has {}", tensors_.size(), first.path_,
                                     first.tensors_.size()));
  }
  const std::string& path() const { return path_; }

 private:
  std::string path_;
  MappedSafetensors file_;
  config::ModelConfig config_;
  std::map<std::string, TensorView> tensors_;
};

Tensor to_half(Tensor tensor, const std::vector<float>& values) {
  tensor.dtype = "F16";
  tensor.bytes.resize(values.size() * sizeof(Eigen::half));
  for (std::size_t i = 0; i < values.size(); ++i) {
    const auto half = static_cast<Eigen::half>(values[i]);
    if (!Eigen::numext::isfinite(half)) throw Error("--half", "a weight is too large for it");
    std::memcpy(&tensor.bytes[i * sizeof half], &half, sizeof half);
  }
  return tensor;
}

}  // namespace

Safetensors average(const std::vector<WeightedPath>& models, Stored stored) {
  std::vector<Source> sources;
  double all = 0.0;
  for (const WeightedPath& m : models) {
    sources.emplace_back(m.path);
    sources.back().check_like(sources.front());
    all += m.weight;
  }
  Safetensors file;
  file.metadata = model_metadata(sources.front().config());
  for (const auto& [name, tensor] : sources.front().tensors()) {
    const std::vector<float> first = sources.front().floats(name, tensor.shape);
    std::vector<double> sum(first.size());
    for (std::size_t k = 0; k < sources.size(); ++k) {
      const std::vector<float> values = sources[k].floats(name, tensor.shape);
      if (is_discrete(name) && values != first)
        throw Error(sources[k].path(),
                    fmt::format("'{}' differs from {}'s", name, sources.front().path()),
                    "average models whose training went on from the same weights");
      for (std::size_t i = 0; i < sum.size(); ++i)
        sum[i] += models[k].weight / all * static_cast<double>(values[i]);
    }
    const std::vector<float> mean(sum.begin(), sum.end());
    Tensor made = to_tensor(tensor.shape, mean);
    file.tensors[name] = stored == Stored::kHalf ? to_half(std::move(made), mean) : made;
  }
  return file;
}

}  // namespace glowvox::safetensors
