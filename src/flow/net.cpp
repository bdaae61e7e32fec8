// SPDX-License-Identifier: MIT
#include "flow/net.hpp"

#include <string>

#include "config/receptive_field.hpp"
#include "flow/ops.hpp"
#include "flow/wavenet_function.hpp"
#include "glowvox/error.hpp"

namespace glowvox::flow {

namespace {

constexpr double kRandomEndScale = 0.1;

std::string indexed(const char* name, int i) { return name + ("_" + std::to_string(i)); }

std::shared_ptr<Conv> pointwise(int64_t in, int64_t out, bool weight_norm) {
  ConvOptions options;
  options.in = in;
  options.out = out;
  options.weight_norm = weight_norm;
  return std::make_shared<Conv>(options);
}

std::shared_ptr<Conv> zero_end(int64_t in, int64_t out) {
  ConvOptions options;
  options.in = in;
  options.out = out;
  options.zero = true;
  return std::make_shared<Conv>(options);
}

double sum_macs(const std::vector<std::shared_ptr<Conv>>& convs) {
  double macs = 0.0;
  for (const auto& c : convs) macs += c->macs_per_frame();
  return macs;
}

}  // namespace

Net::Net(int64_t in, int64_t out, int64_t features, const config::NetConfig& config)
    : channels_(config.channels) {
  const int64_t H = channels_;
  start_ = register_module("start", pointwise(in, H, config.weight_norm));
  cond_ = register_module("cond", pointwise(features, 2 * H * config.layers, config.weight_norm));
  end_ = register_module("end", zero_end(H, out));
}

Tensor Net::forward(const Tensor& x, const Tensor& features) {
  return end_->forward(layers(start_->forward(x), features, cond_->blocks(2 * channels_)));
}

double Net::macs_per_frame() const {
  return start_->macs_per_frame() + cond_->macs_per_frame() + end_->macs_per_frame() +
         layers_macs_per_frame();
}

void Net::narrow(Net& /*wide*/, const Tensor& /*x*/, const Tensor& /*wide_features*/,
                 const Tensor& /*features*/) {
  throw Error("net.kind", "expected wavenet, the only kind that is made narrower");
}

void Net::randomize() { end_->randomize(kRandomEndScale); }

Wavenet::Wavenet(int64_t in, int64_t out, int64_t features, const config::NetConfig& config)
    : Net(in, out, features, config) {
  const int64_t H = channels_;
  for (int i = 0; i < config.layers; ++i) {
    ConvOptions options;
    options.in = H;
    options.out = 2 * H;
    options.kernel = config.kernel;
    options.dilation = config::dilation_of(config, i);
    options.causal = config.causal;
    options.weight_norm = config.weight_norm;
    dilated_.push_back(register_module(indexed("dilated", i), std::make_shared<Conv>(options)));
    const bool last = i + 1 == config.layers;
    res_skip_.push_back(register_module(indexed("res_skip", i),
                                        pointwise(H, last ? H : 2 * H, config.weight_norm)));
  }
}

Tensor Wavenet::forward(const Tensor& x, const Tensor& features) {
  if (!takes_wavenet(x, features)) return Net::forward(x, features);
  WavenetWeights w{start_->effective_weight(),
                   start_->bias(),
                   cond_->effective_weight(),
                   cond_->bias(),
                   end_->effective_weight(),
                   end_->bias(),
                   {}};
  for (size_t i = 0; i < dilated_.size(); ++i)
    w.layers.push_back({dilated_[i]->effective_weight(), dilated_[i]->bias(),
                        res_skip_[i]->effective_weight(), res_skip_[i]->bias(),
                        dilated_[i]->dilation(), dilated_[i]->left()});
  return wavenet(x, features, w);
}

Tensor Wavenet::layers(Tensor h, const Tensor& features,
                       const std::vector<Conv::Block>& conditions) {
  Tensor skip;
  for (size_t i = 0; i < dilated_.size(); ++i) {
    const Tensor act = gate(dilated_[i]->forward(h), cond_->forward(features, conditions[i]));
    add_outputs(i, act, h, skip);
  }
  return skip;
}

void Wavenet::add_outputs(size_t layer, const Tensor& act, Tensor& h, Tensor& skip) const {
  const auto outputs = res_skip_[layer]->blocks(channels_);  // {residual, skip}, the last: {skip}
  const Tensor s = res_skip_[layer]->forward(act, outputs.back());
  skip = skip.defined() ? skip + s : s;
  if (outputs.size() > 1) h = h + res_skip_[layer]->forward(act, outputs.front());
}

double Wavenet::layers_macs_per_frame() const { return sum_macs(dilated_) + sum_macs(res_skip_); }

Separable::Separable(int64_t in, int64_t out, int64_t features, const config::NetConfig& config)
    : Net(in, out, features, config) {
  const int64_t H = channels_;
  for (int i = 0; i < config.layers; ++i) {
    scale_.push_back(register_parameter(indexed("scale", i), torch::ones({H})));
    shift_.push_back(register_parameter(indexed("shift", i), torch::zeros({H})));
    depthwise_.push_back(
        register_module(indexed("depthwise", i),
                        std::make_shared<DepthwiseConv>(
                            H, config.kernel, config::dilation_of(config, i), config.causal)));
    pointwise_.push_back(register_module(indexed("pointwise", i), pointwise(H, 2 * H, false)));
    residual_.push_back(
        register_module(indexed("residual", i), pointwise(H, H, config.weight_norm)));
  }
}

Tensor Separable::layers(Tensor h, const Tensor& features,
                         const std::vector<Conv::Block>& conditions) {
  for (size_t i = 0; i < depthwise_.size(); ++i) {
    const Tensor filtered = depthwise_[i]->forward(h * scale_[i] + shift_[i]);
    const Tensor condition = cond_->forward(features, conditions[i]);
    h = h + residual_[i]->forward(gate(pointwise_[i]->forward(filtered), condition));
  }
  return h;
}

double Separable::layers_macs_per_frame() const {
  double macs = sum_macs(pointwise_) + sum_macs(residual_);
  for (const auto& c : depthwise_) macs += c->macs_per_frame();
  return macs;
}

std::shared_ptr<Net> make_net(int64_t in, int64_t out, int64_t features,
                              const config::NetConfig& config) {
  if (config.kind == config::NetKind::kSeparable)
    return std::make_shared<Separable>(in, out, features, config);
  return std::make_shared<Wavenet>(in, out, features, config);
}

}  // namespace glowvox::flow
