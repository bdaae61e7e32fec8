// SPDX-License-Identifier: MIT
#include "train/gradient_buckets.hpp"

#include <torch/csrc/autograd/function.h>
#include <torch/csrc/autograd/utils/lambda_post_hook.h>
#include <torch/csrc/autograd/variable.h>

#include <mutex>
#include <utility>

namespace glowvox::train {

using torch::autograd::variable_list;

namespace {
constexpr std::int64_t kBucketBytes = 4 << 20;
}

// Which smart pointer it is differs between LibTorch's versions.
using NodePointer =
    decltype(torch::autograd::impl::grad_accumulator(std::declval<const torch::Tensor&>()));

struct GradientBuckets::State {
  struct Bucket {
    std::vector<torch::Tensor> parameters;
    std::size_t missing = 0;  // gradients that have not come yet
    torch::Tensor sum;        // flat; while it travels
    Wait wait;
  };
  std::mutex mutex;  // a GPU's gradients come on a thread of its own
  std::vector<Bucket> buckets;
  std::vector<std::pair<NodePointer, std::uintptr_t>> hooks;
  std::size_t next = 0;  // the first bucket that has not left
  bool active = false;
  double ranks = 1.0;
  Send send;

  void leave(Bucket& bucket) {
    const torch::NoGradGuard no_grad;
    std::vector<torch::Tensor> flat;
    for (const torch::Tensor& p : bucket.parameters)
      flat.push_back(p.grad().defined() ? p.grad().flatten()
                                        : torch::zeros({p.numel()}, p.options()));
    bucket.sum = torch::cat(flat);
    bucket.wait = send(bucket.sum);
  }

  void came(std::size_t bucket) {
    const std::lock_guard<std::mutex> lock(mutex);
    if (!active) return;
    --buckets[bucket].missing;
    while (next < buckets.size() && buckets[next].missing == 0) leave(buckets[next++]);
  }
};

GradientBuckets::GradientBuckets(const std::vector<torch::Tensor>& parameters, int ranks, Send send)
    : state_(std::make_shared<State>()) {
  State& s = *state_;
  s.ranks = ranks;
  s.send = std::move(send);
  std::int64_t bytes = kBucketBytes;
  for (auto p = parameters.rbegin(); p != parameters.rend(); ++p) {
    if (bytes >= kBucketBytes) {
      s.buckets.emplace_back();
      bytes = 0;
    }
    s.buckets.back().parameters.push_back(*p);
    bytes += p->numel() * p->element_size();
    // The node that adds to p.grad(); alive as long as somebody holds it.
    const auto node = torch::autograd::impl::grad_accumulator(*p);
    const std::size_t bucket = s.buckets.size() - 1;
    const std::weak_ptr<State> state = state_;
    const auto key = node->add_post_hook(std::make_unique<torch::autograd::utils::LambdaPostHook>(
        [state, bucket](const variable_list& outputs, const variable_list& /*inputs*/) {
          if (const auto alive = state.lock()) alive->came(bucket);
          return outputs;
        }));
    s.hooks.emplace_back(node, key);
  }
}

GradientBuckets::~GradientBuckets() {
  for (const auto& [node, key] : state_->hooks) node->del_post_hook(key);
}

void GradientBuckets::begin() {
  const std::lock_guard<std::mutex> lock(state_->mutex);
  for (State::Bucket& b : state_->buckets) b.missing = b.parameters.size();
  state_->next = 0;
  state_->active = true;
}

void GradientBuckets::finish() {
  const torch::NoGradGuard no_grad;
  const std::lock_guard<std::mutex> lock(state_->mutex);
  State& s = *state_;
  s.active = false;
  while (s.next < s.buckets.size()) s.leave(s.buckets[s.next++]);
  for (State::Bucket& b : s.buckets) {
    b.wait();
    b.sum.div_(s.ranks);
    std::int64_t offset = 0;
    for (torch::Tensor& p : b.parameters) {
      p.mutable_grad() = b.sum.narrow(0, offset, p.numel()).view(p.sizes());
      offset += p.numel();
    }
    b.sum = torch::Tensor();
    b.wait = nullptr;
  }
}

}  // namespace glowvox::train
