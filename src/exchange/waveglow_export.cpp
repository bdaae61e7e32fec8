// SPDX-License-Identifier: MIT
#include "exchange/waveglow_export.hpp"

#include "exchange/swap_axes.hpp"
#include "exchange/waveglow_layout.hpp"
#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"

namespace glowvox::exchange {

namespace {

class Export {
 public:
  Export(const safetensors::MappedSafetensors& model, const std::string& where)
      : model_(model), where_(where) {}

  std::map<std::string, safetensors::Tensor> run(const WaveglowLayout& layout) {
    if (layout.upsample)
      for (const char* part : {"weight", "bias"})
        put(std::string("upsample.") + part, shape_of(std::string("conditioner.") + part),
            read(std::string("conditioner.") + part));
    for (const MatrixPair& m : layout.matrices)
      put(m.theirs, {m.channels, m.channels, 1}, read(m.ours));
    for (const ConvPair& conv : layout.convs) add(conv);
    for (const DepthwisePair& d : layout.depthwise) {
      put(d.theirs + ".weight", {d.channels, 1, d.taps},
          swap_last(read(d.ours + ".weight"), 1, d.taps, d.channels));
      put(d.theirs + ".bias", {d.channels}, read(d.ours + ".bias"));
    }
    for (const NormPair& norm : layout.norms) add(norm);
    return std::move(tensors_);
  }

 private:
  bool has(const std::string& name) const { return model_.tensors().count(name) > 0; }

  const safetensors::TensorView& view(const std::string& name) const {
    const auto found = model_.tensors().find(name);
    if (found == model_.tensors().end()) throw Error(where_, "tensor '" + name + "' is missing");
    return found->second;
  }

  std::vector<std::int64_t> shape_of(const std::string& name) const { return view(name).shape; }

  std::vector<float> read(const std::string& name) const {
    const safetensors::TensorView& v = view(name);
    return safetensors::to_floats(v.dtype, v.data, v.bytes, where_ + ": tensor '" + name + "'");
  }

  // The rows of ours that theirs fills.
  std::vector<float> rows(const std::string& name, const ConvPair& conv) const {
    const std::vector<float> all = read(name);
    const auto row = static_cast<std::ptrdiff_t>(all.size()) / conv.rows;
    const auto begin = all.begin() + row * conv.row;
    return {begin, begin + row * conv.out};
  }

  void put(const std::string& name, std::vector<std::int64_t> shape,
           const std::vector<float>& values) {
    std::int64_t count = 1;
    for (const std::int64_t size : shape) count *= size;
    if (count != static_cast<std::int64_t>(values.size()))
      throw Error(where_, "the tensor that '" + name +
                              "' is made from has another size than its "
                              "configuration says");
    tensors_[name] = safetensors::to_tensor(std::move(shape), values);
  }

  void add(const ConvPair& conv) {
    const bool normalized = has(conv.ours + ".weight_v");
    const std::string part = normalized ? ".weight_v" : ".weight";
    put(conv.theirs + part, {conv.out, conv.in, conv.taps},
        swap_last(rows(conv.ours + part, conv), conv.out, conv.taps, conv.in));
    if (normalized)
      put(conv.theirs + ".weight_g", {conv.out, 1, 1}, rows(conv.ours + ".weight_g", conv));
    put(conv.theirs + ".bias", {conv.out}, rows(conv.ours + ".bias", conv));
  }

  // An affine map is a batch normalisation of mean 0 and variance 1.
  void add(const NormPair& norm) {
    const auto channels = static_cast<std::size_t>(norm.channels);
    const std::vector<std::int64_t> shape{norm.channels};
    put(norm.theirs + ".weight", shape, read(norm.scale));
    put(norm.theirs + ".bias", shape, read(norm.shift));
    put(norm.theirs + ".running_mean", shape, std::vector<float>(channels, 0.0F));
    put(norm.theirs + ".running_var", shape,
        std::vector<float>(channels, static_cast<float>(1.0 - kBatchNormEpsilon)));
    tensors_[norm.theirs + ".num_batches_tracked"] = {"I64", {}, std::string(8, '\0')};
  }

  const safetensors::MappedSafetensors& model_;
  const std::string& where_;
  std::map<std::string, safetensors::Tensor> tensors_;
};

}  // namespace

std::map<std::string, safetensors::Tensor> export_waveglow(
    const config::ModelConfig& config, const safetensors::MappedSafetensors& model,
    const std::string& where) {
  check_is_waveglow(config, where);
  TheirForm form;
  form.cond_per_layer = config.coupling.alternate;
  form.batch_norms = config.net.kind == config::NetKind::kSeparable;
  return Export(model, where).run(waveglow_layout(config, form));
}

}  // namespace glowvox::exchange
