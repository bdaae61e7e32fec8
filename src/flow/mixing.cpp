// SPDX-License-Identifier: MIT
#include "flow/mixing.hpp"

#include <cmath>

#include "core/condition_number.hpp"

namespace glowvox::flow {

namespace {

// W^-1 in double whatever the weights are, and without waiting to hear whether there is one.
struct InverseFunction : torch::autograd::Function<InverseFunction> {
  static Tensor forward(torch::autograd::AutogradContext* ctx, const Tensor& W) {
    const Tensor X =
        std::get<0>(at::linalg_inv_ex(W.to(torch::kDouble), false)).to(W.scalar_type());
    ctx->save_for_backward({X});
    return X;
  }
  // dX = -X dW X
  static torch::autograd::variable_list backward(torch::autograd::AutogradContext* ctx,
                                                 torch::autograd::variable_list grads) {
    const Tensor X = ctx->get_saved_variables()[0];
    return {-at::mm(X.t(), at::mm(grads[0], X.t()))};
  }
};

// Determinant 1.
Tensor first_matrix(int64_t channels, config::MixingStart start) {
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  if (start == config::MixingStart::kIdentity) return torch::eye(channels, options);
  Tensor Q = std::get<0>(at::linalg_qr(torch::randn({channels, channels}, options)));
  if (torch::det(Q).item<double>() < 0) Q.select(1, 0).neg_();
  return Q;
}

}  // namespace

double condition_number(const Tensor& W) {
  const Tensor values = W.detach().to(torch::kDouble);
  if (!torch::isfinite(values).all().item<bool>()) return std::nan("");
  const Tensor s = at::linalg_svdvals(values);
  return s.max().item<double>() / s.min().item<double>();
}

Tensor DenseMixing::inverse(const Tensor& z, const Condition& /*condition*/) {
  return at::linear(z, InverseFunction::apply(mixing_matrix()));
}

void DenseMixing::check_invertible() const {
  check_condition(condition_number(mixing_matrix()), layer_name());
}

Conv1x1::Conv1x1(const std::string& name, int64_t channels, config::MixingStart start)
    : DenseMixing(name) {
  weight_ = register_parameter("weight", first_matrix(channels, start).to(torch::kFloat));
}

Output Conv1x1::forward(const Tensor& x, const Condition& /*condition*/) {
  const Tensor log_det = std::get<1>(at::linalg_slogdet(weight_));
  return {at::linear(x, weight_), log_det.expand({x.size(0), x.size(1)})};
}

Lu::Lu(const std::string& name, int64_t channels, config::MixingStart start) : DenseMixing(name) {
  const auto [P, L, U] = at::linalg_lu(first_matrix(channels, start));
  const Tensor diagonal = U.diagonal();
  order_ = register_buffer("order", P.argmax(1).to(torch::kFloat));
  sign_ = register_buffer("sign", diagonal.sign().to(torch::kFloat));
  triangles_ = register_parameter("triangles", (L.tril(-1) + U.triu(1)).to(torch::kFloat));
  log_s_ = register_parameter("log_s", diagonal.abs().log().to(torch::kFloat));
}

Tensor Lu::mixing_matrix() const {
  const Tensor L = triangles_.tril(-1) + torch::eye(log_s_.size(0), triangles_.options());
  const Tensor U = triangles_.triu(1) + torch::diag(sign_ * log_s_.exp());
  return at::matmul(L, U).index_select(0, order_.to(torch::kLong));
}

Output Lu::forward(const Tensor& x, const Condition& /*condition*/) {
  Output out{at::linear(x, mixing_matrix()), log_s_.sum().expand({x.size(0), x.size(1)})};
  // Where rows keep their places L and U are maps that take channels one after the other, and the
  // diagonal is what each has of the determinant.
  if (wants_channels() && torch::equal(order_, torch::arange(x.size(2), order_.options())))
    out.channel_log_det = log_s_.expand_as(x);
  return out;
}

Tensor Permutation::permute(const Tensor& x) const {
  return kind_ == config::MixingKind::kReverse ? x.flip({2}) : x.roll(x.size(2) / 2, 2);
}

Output Permutation::forward(const Tensor& x, const Condition& /*condition*/) {
  return {permute(x), torch::zeros({x.size(0), x.size(1)}, x.options())};
}

// Both are their own inverse (the number of channels is even).
Tensor Permutation::inverse(const Tensor& z, const Condition& /*condition*/) { return permute(z); }

std::shared_ptr<Layer> make_mixing(const std::string& name, config::MixingKind kind,
                                   config::MixingStart start, int64_t channels) {
  switch (kind) {
    case config::MixingKind::kConv1x1:
      return std::make_shared<Conv1x1>(name, channels, start);
    case config::MixingKind::kLu:
      return std::make_shared<Lu>(name, channels, start);
    case config::MixingKind::kReverse:
    case config::MixingKind::kSwap:
      return std::make_shared<Permutation>(name, kind);
    case config::MixingKind::kNone:
      break;
  }
  return nullptr;
}

}  // namespace glowvox::flow
