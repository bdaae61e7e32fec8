#include "model/recomputed_chain.hpp"

#include "flow/ops.hpp"

namespace glowvox::model {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;
using Layers = std::vector<std::shared_ptr<flow::Layer>>;

// What a step's backward pass needs; none of it grows with the number of steps but `early`, which
// is part of the latent.
struct Memory : torch::CustomClassHolder {
  Layers layers;
  Tensor mel, early;
  std::shared_ptr<Tensor> output;
  bool bf16 = false;
};

std::pair<Tensor, Tensor> walk(const Layers& layers, Tensor x, const flow::Condition& condition) {
  Tensor frames = torch::zeros({x.size(0), x.size(1)}, x.options());
  for (const auto& layer : layers) {
    const flow::Output out = layer->forward(x, condition);
    x = out.z;
    frames = frames + out.frame_log_det;
  }
  return {x, frames};
}

variable_list parameters_of(const Layers& layers) {
  variable_list all;
  for (const auto& layer : layers)
    for (const Tensor& p : layer->parameters()) all.push_back(p);
  return all;
}

constexpr const char* kMemory = "memory";

struct StepFunction : torch::autograd::Function<StepFunction> {
  // parameters: named here so that autograd gives them their gradients.
  static variable_list forward(AutogradContext* ctx, const Tensor& x, const Tensor& features,
                               at::TensorList /*parameters*/,
                               const c10::intrusive_ptr<Memory>& memory) {
    ctx->save_for_backward({features});
    ctx->saved_data[kMemory] = c10::IValue::make_capsule(memory);
    const auto [z, frames] = walk(memory->layers, x, {memory->mel, features});
    *memory->output = z.detach();  // z itself will lead back to this memory
    return {z, frames};
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto memory =
        c10::static_intrusive_pointer_cast<Memory>(ctx->saved_data[kMemory].toCapsule());
    const Tensor features = ctx->get_saved_variables()[0].detach().requires_grad_(true);
    const flow::Condition condition{memory->mel, features};
    const flow::Bf16Guard bf16(memory->bf16);
    Tensor x;
    {
      const torch::NoGradGuard no_grad;
      x = *memory->output;
      for (auto layer = memory->layers.rbegin(); layer != memory->layers.rend(); ++layer)
        x = (*layer)->inverse(x, condition);
      *memory->output = memory->early.defined() ? torch::cat({memory->early, x}, 2) : x;
    }
    const torch::AutoGradMode with_gradients(true);
    x = x.detach().requires_grad_(true);
    const auto [z, frames] = walk(memory->layers, x, condition);
    variable_list inputs = {x, features};
    for (const Tensor& p : parameters_of(memory->layers)) inputs.push_back(p);
    variable_list outputs = {z}, cotangents = {grads[0]};
    if (frames.requires_grad()) {  // not so where all log-dets are 0
      outputs.push_back(frames);
      cotangents.push_back(grads[1]);
    }
    variable_list result = torch::autograd::grad(outputs, inputs, cotangents, false, false, true);
    result.push_back(Tensor());  // the memory
    return result;
  }
};

}  // namespace

RecomputedChain::RecomputedChain(const flow::Condition& condition)
    : condition_(condition), output_(std::make_shared<Tensor>()) {}

flow::Output RecomputedChain::forward(const Layers& step, const Tensor& x, const Tensor& early) {
  auto memory = c10::make_intrusive<Memory>();
  memory->layers = step;
  memory->mel = condition_.mel;
  memory->early = early.defined() ? early.detach() : early;
  memory->output = output_;
  memory->bf16 = flow::Bf16Guard::active();
  const variable_list parameters = parameters_of(step);
  const auto out = StepFunction::apply(x, condition_.features, at::TensorList(parameters), memory);
  return {out[0], out[1]};
}

}  // namespace glowvox::model
