// SPDX-License-Identifier: MIT
#include "model/recomputed_chain.hpp"

#include "flow/ops.hpp"

namespace glowvox::model {

using Layers = std::vector<std::shared_ptr<flow::Layer>>;

// What a step's backward pass needs; none of it grows with the number of steps but `early`, which
// is part of the latent.
struct StepMemory : torch::CustomClassHolder {
  Layers layers;
  Tensor mel, early;
  std::shared_ptr<Tensor> output;
  bool bf16 = false;
};

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::pair<Tensor, Tensor> walk(const Layers& layers, Tensor x, const flow::Condition& condition) {
  Tensor frames = torch::zeros({x.size(0), x.size(1)}, x.options());
  for (const auto& layer : layers) {
    const flow::Output out = layer->forward(x, condition);
    x = out.z;
    frames = frames + out.frame_log_det;
  }
  return {x, frames};
}

Tensor walk_back(const Layers& layers, Tensor z, const flow::Condition& condition) {
  for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
    z = (*layer)->inverse(z, condition);
  return z;
}

variable_list parameters_of(const Layers& layers) {
  variable_list all;
  for (const auto& layer : layers)
    for (const Tensor& p : layer->parameters()) all.push_back(p);
  return all;
}

constexpr const char* kMemory = "memory";

c10::intrusive_ptr<StepMemory> memory_of(AutogradContext* ctx) {
  return c10::static_intrusive_pointer_cast<StepMemory>(ctx->saved_data[kMemory].toCapsule());
}

// The gradients of a step walked again: of its input, the features and its parameters, given those
// of its outputs, as `walked` returns them.
template <typename Walk>
variable_list gradients_again(const StepMemory& memory, const Tensor& input, const Tensor& features,
                              const variable_list& cotangents, const Walk& walked) {
  const torch::AutoGradMode with_gradients(true);
  const Tensor leaf = input.detach().requires_grad_(true);
  const Tensor given = features.detach().requires_grad_(true);
  const variable_list all = walked(leaf, flow::Condition{memory.mel, given});
  variable_list inputs = {leaf, given}, outputs, kept;
  for (const Tensor& p : parameters_of(memory.layers)) inputs.push_back(p);
  for (std::size_t i = 0; i < all.size(); ++i)
    if (all[i].requires_grad()) {  // not so where all log-dets are 0
      outputs.push_back(all[i]);
      kept.push_back(cotangents[i]);
    }
  variable_list result = torch::autograd::grad(outputs, inputs, kept, false, false, true);
  result.push_back(Tensor());  // the memory
  return result;
}

struct StepFunction : torch::autograd::Function<StepFunction> {
  // parameters: named here so that autograd gives them their gradients.
  static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& features,
                               at::TensorList /*parameters*/,
                               const c10::intrusive_ptr<StepMemory>& memory) {
    ctx->save_for_backward({features});
    ctx->saved_data[kMemory] = c10::IValue::make_capsule(memory);
    const auto [z, frames] = walk(memory->layers, x, {memory->mel, features});
    *memory->output = z.detach();  // z itself will lead back to this memory
    return {z, frames};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto memory = memory_of(ctx);
    const Tensor features = ctx->get_saved_variables()[0];
    const flow::Bf16Guard bf16(memory->bf16);
    Tensor x;
    {
      const torch::NoGradGuard no_grad;
      x = walk_back(memory->layers, *memory->output, {memory->mel, features});
      *memory->output = memory->early.defined() ? torch::cat({memory->early, x}, 2) : x;
    }
    return gradients_again(*memory, x, features, grads,
                           [&](const Tensor& input, const flow::Condition& condition) {
                             const auto [z, frames] = walk(memory->layers, input, condition);
                             return variable_list{z, frames};
                           });
  }
};

// The same in the other direction.
struct InverseStepFunction : torch::autograd::Function<InverseStepFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& z, const Tensor& features,
                        at::TensorList /*parameters*/,
                        const c10::intrusive_ptr<StepMemory>& memory) {
    ctx->save_for_backward({features});
    ctx->saved_data[kMemory] = c10::IValue::make_capsule(memory);
    const Tensor x = walk_back(memory->layers, z, {memory->mel, features});
    *memory->output = x.detach();
    return x;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto memory = memory_of(ctx);
    const Tensor features = ctx->get_saved_variables()[0];
    const flow::Bf16Guard bf16(memory->bf16);
    Tensor z;
    {
      const torch::NoGradGuard no_grad;
      z = walk(memory->layers, *memory->output, {memory->mel, features}).first;
      // What joined after the step before is no part of its output.
      const std::int64_t joined = memory->early.defined() ? memory->early.size(2) : 0;
      *memory->output = z.narrow(2, joined, z.size(2) - joined);
    }
    return gradients_again(*memory, z, features, grads,
                           [&](const Tensor& input, const flow::Condition& condition) {
                             return variable_list{walk_back(memory->layers, input, condition)};
                           });
  }
};

}  // namespace

RecomputedChain::RecomputedChain(const flow::Condition& condition)
    : condition_(condition), output_(std::make_shared<Tensor>()) {}

c10::intrusive_ptr<StepMemory> RecomputedChain::remember(const Layers& step,
                                                         const Tensor& early) const {
  auto memory = c10::make_intrusive<StepMemory>();
  memory->layers = step;
  memory->mel = condition_.mel;
  memory->early = early.defined() ? early.detach() : early;
  memory->output = output_;
  memory->bf16 = flow::Bf16Guard::active();
  return memory;
}

flow::Output RecomputedChain::forward(const Layers& step, const Tensor& x, const Tensor& early) {
  const variable_list parameters = parameters_of(step);
  const auto out = StepFunction::apply(x, condition_.features, at::TensorList(parameters),
                                       remember(step, early));
  return {out[0], out[1]};
}

Tensor RecomputedChain::inverse(const Layers& step, const Tensor& z, const Tensor& joined) {
  const variable_list parameters = parameters_of(step);
  return InverseStepFunction::apply(z, condition_.features, at::TensorList(parameters),
                                    remember(step, joined));
}

}  // namespace glowvox::model
