// SPDX-License-Identifier: MIT
#include "model/recomputed_chain.hpp"

#include "flow/ops.hpp"

namespace glowvox::model {

using Layers = std::vector<std::shared_ptr<flow::Layer>>;

enum class Direction { kForward, kInverse };

// What a step's backward pass needs; none of it grows with the number of steps but `apart`, which
// is part of the latent.
struct StepMemory : torch::CustomClassHolder {
  Direction direction = Direction::kForward;
  Layers layers;
  Tensor mel;
  // Between this step and the one walked before: the channels that left, or, in the inverse
  // direction, that joined. Undefined: none.
  Tensor apart;
  std::shared_ptr<Tensor> output;
  bool bf16 = false;
};

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// {z, log-dets of frames} of x, or {x} of z.
variable_list walk(Direction direction, const Layers& layers, Tensor input,
                   const flow::Condition& condition) {
  if (direction == Direction::kInverse) {
    for (auto layer = layers.rbegin(); layer != layers.rend(); ++layer)
      input = (*layer)->inverse(input, condition);
    return {input};
  }
  Tensor frames = torch::zeros({input.size(0), input.size(1)}, input.options());
  for (const auto& layer : layers) {
    const flow::Output out = layer->forward(input, condition);
    input = out.z;
    frames = frames + out.frame_log_det;
  }
  return {input, frames};
}

// The output of the step before, given the input of this one.
Tensor output_before(const StepMemory& memory, const Tensor& input) {
  if (!memory.apart.defined()) return input;
  if (memory.direction == Direction::kForward) return torch::cat({memory.apart, input}, 2);
  const std::int64_t joined = memory.apart.size(2);
  return input.narrow(2, joined, input.size(2) - joined);
}

variable_list parameters_of(const Layers& layers) {
  variable_list all;
  for (const auto& layer : layers)
    for (const Tensor& p : layer->parameters()) all.push_back(p);
  return all;
}

constexpr const char* kMemory = "memory";

// The gradients of a step walked again: of its input, the features and its parameters, given those
// of its outputs.
variable_list gradients_again(const StepMemory& memory, const Tensor& input, const Tensor& features,
                              const variable_list& cotangents) {
  const torch::AutoGradMode with_gradients(true);
  const Tensor leaf = input.detach().requires_grad_(true);
  const Tensor given = features.detach().requires_grad_(true);
  const variable_list all = walk(memory.direction, memory.layers, leaf, {memory.mel, given});
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
  static variable_list forward(AutogradContext* ctx, const Tensor& input, const Tensor& features,
                               at::TensorList /*parameters*/,
                               const c10::intrusive_ptr<StepMemory>& memory) {
    ctx->save_for_backward({features});
    ctx->saved_data[kMemory] = c10::IValue::make_capsule(memory);
    variable_list all = walk(memory->direction, memory->layers, input, {memory->mel, features});
    *memory->output = all[0].detach();  // itself it will lead back to this memory
    return all;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto memory =
        c10::static_intrusive_pointer_cast<StepMemory>(ctx->saved_data[kMemory].toCapsule());
    const Tensor features = ctx->get_saved_variables()[0];
    const flow::Bfloat16Guard bf16(memory->bf16);
    const Direction back =
        memory->direction == Direction::kForward ? Direction::kInverse : Direction::kForward;
    Tensor input;
    {
      const torch::NoGradGuard no_grad;
      input = walk(back, memory->layers, *memory->output, {memory->mel, features})[0];
      *memory->output = output_before(*memory, input);
    }
    return gradients_again(*memory, input, features, grads);
  }
};

}  // namespace

RecomputedChain::RecomputedChain(const flow::Condition& condition)
    : condition_(condition), output_(std::make_shared<Tensor>()) {}

std::vector<Tensor> RecomputedChain::run(Direction direction, const Layers& step,
                                         const Tensor& input, const Tensor& apart) const {
  auto memory = c10::make_intrusive<StepMemory>();
  memory->direction = direction;
  memory->layers = step;
  memory->mel = condition_.mel;
  memory->apart = apart.defined() ? apart.detach() : apart;
  memory->output = output_;
  memory->bf16 = flow::Bfloat16Guard::active();
  const variable_list parameters = parameters_of(step);
  return StepFunction::apply(input, condition_.features, at::TensorList(parameters), memory);
}

flow::Output RecomputedChain::forward(const Layers& step, const Tensor& x, const Tensor& early) {
  const auto out = run(Direction::kForward, step, x, early);
  return {out[0], out[1]};
}

Tensor RecomputedChain::inverse(const Layers& step, const Tensor& z, const Tensor& joined) {
  return run(Direction::kInverse, step, z, joined)[0];
}

}  // namespace glowvox::model
