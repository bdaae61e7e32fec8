// SPDX-License-Identifier: MIT
#include "flow/ops.hpp"

#include <ATen/Parallel.h>

#include <algorithm>

namespace glowvox::flow {

namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

// Whether the loops of this file can reach the tensor's memory; ATen's operators can always.
bool own_loops(const Tensor& t) { return t.device().is_cpu() && !PortableGuard::active(); }

// While one lives, a GPU's products of floats run on its tensor cores (TF32). The nets' alone: the
// lift, the mixing and the scales have to be exact for the likelihood to mean anything.
class Tf32Guard {
 public:
  explicit Tf32Guard(const Tensor& operand) : enabled_(operand.is_cuda()) { set(true); }
  ~Tf32Guard() { set(false); }
  Tf32Guard(const Tf32Guard&) = delete;
  Tf32Guard& operator=(const Tf32Guard&) = delete;

 private:
  void set(bool on) const {
    if (enabled_) at::globalContext().setAllowTF32CuBLAS(on);
  }
  bool enabled_;
};

// Rows [first, first + count) of the output read valid frames for this tap.
struct Tap {
  int64_t first, count, offset;
};

Tap tap_range(int64_t frames, int64_t offset) {
  const int64_t first = std::clamp<int64_t>(-offset, 0, frames);
  const int64_t last = std::clamp<int64_t>(frames - offset, first, frames);
  return {first, last - first, offset};
}

// [T, B, Cin] -> [T * B, K * Cin], zeros where a tap falls outside.
Tensor unfold(const Tensor& x, int64_t taps, int64_t dilation, int64_t left) {
  const int64_t T = x.size(0), B = x.size(1), C = x.size(2);
  if (taps == 1 && left == 0) return x.reshape({T * B, C});
  Tensor out = torch::empty({T, B, taps, C}, x.options().requires_grad(false));
  for (int64_t k = 0; k < taps; ++k) {
    const Tap tap = tap_range(T, k * dilation - left);
    const Tensor column = out.select(2, k);
    if (tap.first > 0) column.narrow(0, 0, tap.first).zero_();
    if (tap.count > 0)
      column.narrow(0, tap.first, tap.count).copy_(x.narrow(0, tap.first + tap.offset, tap.count));
    const int64_t end = tap.first + tap.count;
    if (end < T) column.narrow(0, end, T - end).zero_();
  }
  return out.view({T * B, taps * C});
}

constexpr int64_t kGrainRows = 16;

// The transpose of unfold: [T * B, K * Cin] of type U summed back onto out [T, B, Cin] of type F.
template <typename F, typename U>
void fold_into(const Tensor& u, const Tensor& out, int64_t taps, int64_t dilation, int64_t left) {
  const int64_t T = out.size(0), B = out.size(1), C = out.size(2);
  const U* in = u.data_ptr<U>();
  F* o = out.data_ptr<F>();
  at::parallel_for(0, T * B, kGrainRows, [&](int64_t begin, int64_t end) {
    for (int64_t row = begin; row < end; ++row) {
      F* to = o + row * C;
      std::fill_n(to, C, F(0));
      for (int64_t k = 0; k < taps; ++k) {
        const int64_t t = row / B - (k * dilation - left);
        if (t < 0 || t >= T) continue;
        const U* from = in + ((t * B + row % B) * taps + k) * C;
        for (int64_t c = 0; c < C; ++c) to[c] += static_cast<F>(from[c]);
      }
    }
  });
}

// On any device.
Tensor fold_anywhere(const Tensor& u, at::IntArrayRef sizes, at::ScalarType dtype, int64_t taps,
                     int64_t dilation, int64_t left) {
  const Tensor out = torch::zeros(sizes, u.options().dtype(dtype));
  const Tensor columns = u.view({sizes[0], sizes[1], taps, sizes[2]});
  for (int64_t k = 0; k < taps; ++k) {
    const Tap tap = tap_range(sizes[0], k * dilation - left);
    if (tap.count > 0)
      out.narrow(0, tap.first + tap.offset, tap.count)
          .add_(columns.select(2, k).narrow(0, tap.first, tap.count));
  }
  return out;
}

Tensor fold(const Tensor& u, at::IntArrayRef sizes, at::ScalarType dtype, int64_t taps,
            int64_t dilation, int64_t left) {
  if (taps == 1 && left == 0) return u.view(sizes).to(dtype);
  if (!own_loops(u)) return fold_anywhere(u, sizes, dtype, taps, dilation, left);
  const Tensor out = torch::empty(sizes, u.options().dtype(dtype));
  if (u.scalar_type() == at::kBFloat16)
    fold_into<float, at::BFloat16>(u, out, taps, dilation, left);
  else
    AT_DISPATCH_FLOATING_TYPES(out.scalar_type(), "fold", [&] {
      fold_into<scalar_t, scalar_t>(u, out, taps, dilation, left);
    });
  return out;
}

struct ConvFunction : torch::autograd::Function<ConvFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& x, const Tensor& weight,
                        const Tensor& bias, int64_t dilation, int64_t left) {
    const Tf32Guard tf32(x);
    const int64_t out_channels = weight.size(0), taps = weight.size(1), C = weight.size(2);
    const auto dtype =
        Bfloat16Guard::active() && x.scalar_type() == at::kFloat ? at::kBFloat16 : x.scalar_type();
    const Tensor w = weight.reshape({out_channels, taps * C}).to(dtype);
    const Tensor operand = x.to(dtype);
    const Tensor u = unfold(operand, taps, dilation, left);
    Tensor y;
    if (dtype == x.scalar_type()) {
      y = at::linear(u, w, bias);
    } else {
      y = at::linear(u, w).to(x.scalar_type());
      y.add_(bias);
    }
    ctx->save_for_backward({operand, w});
    ctx->saved_data["taps"] = taps;
    ctx->saved_data["dilation"] = dilation;
    ctx->saved_data["left"] = left;
    ctx->saved_data["input_grad"] = x.requires_grad();
    return y.view({x.size(0), x.size(1), out_channels});
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const auto saved = ctx->get_saved_variables();
    const Tensor &operand = saved[0], &w = saved[1];
    const Tf32Guard tf32(w);
    const int64_t taps = ctx->saved_data["taps"].toInt();
    const int64_t dilation = ctx->saved_data["dilation"].toInt();
    const int64_t left = ctx->saved_data["left"].toInt();
    const auto dtype = grads[0].scalar_type();
    const Tensor gy = grads[0].reshape({-1, w.size(0)});
    const Tensor g = gy.to(w.scalar_type());
    const Tensor u = unfold(operand, taps, dilation, left);
    const Tensor gw = at::mm(g.t(), u).to(dtype).view({w.size(0), taps, operand.size(2)});
    Tensor gx;
    if (ctx->saved_data["input_grad"].toBool())
      gx = fold(at::mm(g, w), operand.sizes(), dtype, taps, dilation, left);
    return {gx, gw, gy.sum(0), Tensor(), Tensor()};
  }
};

// s: [R, 2H] holding sigmoid(2 u_1), sigmoid(u_2); tanh(u) = 2 sigmoid(2u) - 1.
template <typename F>
void gate_products(const Tensor& s, const Tensor& out) {
  const int64_t H = out.size(-1), rows = out.numel() / H;
  const F* in = s.data_ptr<F>();
  F* o = out.data_ptr<F>();
  at::parallel_for(0, rows, kGrainRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const F *a = in + r * 2 * H, *b = a + H;
      for (int64_t i = 0; i < H; ++i) o[r * H + i] = (2 * a[i] - 1) * b[i];
    }
  });
}

template <typename F>
void gate_gradients(const Tensor& s, const Tensor& grad, const Tensor& out) {
  const int64_t H = grad.size(-1), rows = grad.numel() / H;
  const F *in = s.data_ptr<F>(), *gr = grad.data_ptr<F>();
  F* o = out.data_ptr<F>();
  at::parallel_for(0, rows, kGrainRows, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      const F *a = in + r * 2 * H, *b = a + H, *g = gr + r * H;
      F *ga = o + r * 2 * H, *gb = ga + H;
      for (int64_t i = 0; i < H; ++i) {
        const F tanh_value = 2 * a[i] - 1;
        ga[i] = g[i] * b[i] * (1 - tanh_value * tanh_value);
        gb[i] = g[i] * tanh_value * b[i] * (1 - b[i]);
      }
    }
  });
}

struct GateFunction : torch::autograd::Function<GateFunction> {
  static Tensor forward(AutogradContext* ctx, const Tensor& a, const Tensor& c) {
    const Tensor s = at::add(a, c).contiguous();
    s.narrow(-1, 0, s.size(-1) / 2).mul_(2);
    s.sigmoid_();
    auto shape = s.sizes().vec();
    shape.back() /= 2;
    ctx->save_for_backward({s});
    if (!own_loops(s)) {
      const auto halves = s.chunk(2, -1);
      return (2 * halves[0] - 1) * halves[1];
    }
    const Tensor out = torch::empty(shape, s.options());
    AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "gate", [&] { gate_products<scalar_t>(s, out); });
    return out;
  }

  static variable_list backward(AutogradContext* ctx, variable_list grads) {
    const Tensor s = ctx->get_saved_variables()[0];
    const Tensor g = grads[0].contiguous();
    if (!own_loops(s)) {
      const auto halves = s.chunk(2, -1);
      const Tensor tanh_value = 2 * halves[0] - 1;
      const Tensor both = torch::cat({g * halves[1] * (1 - tanh_value * tanh_value),
                                      g * tanh_value * halves[1] * (1 - halves[1])},
                                     -1);
      return {both, both};
    }
    const Tensor out = torch::empty_like(s);
    AT_DISPATCH_FLOATING_TYPES(s.scalar_type(), "gate_backward",
                               [&] { gate_gradients<scalar_t>(s, g, out); });
    return {out, out};
  }
};

}  // namespace

Tensor conv(const Tensor& x, const Tensor& weight, const Tensor& bias, int64_t dilation,
            int64_t left) {
  return ConvFunction::apply(x, weight, bias, dilation, left);
}

Tensor gate(const Tensor& a, const Tensor& c) { return GateFunction::apply(a, c); }

}  // namespace glowvox::flow
