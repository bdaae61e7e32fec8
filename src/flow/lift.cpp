// SPDX-License-Identifier: MIT
#include "flow/lift.hpp"

#include <cmath>

namespace glowvox::flow {

namespace {

// Quarter `part` of the window for every frame, [frames, C/2]; at a signal's two ends there is
// nothing to overlap with, so the outermost inner quarters (b of the first, c of the last) are 1.
Tensor windows(const Tensor& window, int64_t frames, int part, Edges edges) {
  Tensor w = window[part].expand({frames, -1});
  if (edges == Edges::kMargins || (part != 1 && part != 2)) return w;
  w = w.clone();
  w[part == 1 ? 0 : frames - 1].fill_(1.0);
  return w;
}

}  // namespace

// The MDCT of frame t is the DCT-IV of [-c_r - d, a - b_r], where a, b, c, d are the windowed
// quarters of its 2C samples and _r is reversal (see dsp::Mdct, which this equals).
Lift::Lift(const config::LiftConfig& config) : channels_(config.channels) {
  if (config.kind == config::LiftKind::kSqueeze) return;
  const int64_t C = channels_;
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  const Tensor n = torch::arange(2 * C, options) + 0.5;
  window_ = torch::sin(n * (M_PI / (2.0 * C))).view({4, C / 2});
  const Tensor k = torch::arange(C, options) + 0.5;
  dct4_ = torch::cos(torch::outer(k, k) * (M_PI / C)) * std::sqrt(2.0 / C);
}

Lift::Tables Lift::tables(const Tensor& like) const {
  const std::lock_guard<std::mutex> lock(mutex_);
  const Tensor& kept = recent_.dct4;
  if (!kept.defined() || kept.device() != like.device() || kept.scalar_type() != like.scalar_type())
    recent_ = {window_.to(like.device(), like.scalar_type()),
               dct4_.to(like.device(), like.scalar_type())};
  return recent_;
}

Tensor Lift::forward(const Tensor& audio, Edges edges) const {
  const int64_t B = audio.size(0), C = channels_;
  if (!spectral()) return audio.view({B, -1, C}).transpose(0, 1).contiguous();
  const Tables own = tables(audio);
  const int64_t half = C / 2;
  const Tensor padded = edges == Edges::kMargins ? audio : at::constant_pad_nd(audio, {half, half});
  const int64_t T = padded.size(1) / C - 1;
  const Tensor halves = padded.reshape({B, 2 * T + 2, half});
  const auto quarter = [&](int part) {
    return halves.slice(1, part, part + 2 * T, 2) * windows(own.window, T, part, edges);
  };
  const Tensor folded = torch::cat(
      {-quarter(2).flip({2}) - quarter(3), quarter(0) - quarter(1).flip({2})}, 2);  // [B, T, C]
  return at::matmul(folded, own.dct4).transpose(0, 1).contiguous();
}

std::vector<Tensor> Lift::unfolded(const Tensor& x, const Tables& own) const {
  return at::matmul(x.transpose(0, 1), own.dct4).chunk(2, 2);
}

Tensor Lift::ahead(const Tensor& x) const {
  if (!spectral()) return x.transpose(0, 1).narrow(2, 0, 0);
  const Tables own = tables(x);
  const Tensor u = unfolded(x, own)[0];
  return -torch::cat({u.flip({2}) * own.window[2], u * own.window[3]}, 2);
}

Tensor Lift::inverse(const Tensor& x) const {
  const int64_t T = x.size(0), B = x.size(1), C = channels_;
  if (!spectral()) return x.transpose(0, 1).reshape({B, T * C});
  const Tables own = tables(x);
  const std::vector<Tensor> halves = unfolded(x, own);
  const Tensor &u = halves[0], &v = halves[1];
  const Tensor a = v * windows(own.window, T, 0, Edges::kEnds);
  const Tensor b = -v.flip({2}) * windows(own.window, T, 1, Edges::kEnds);
  const Tensor c = -u.flip({2}) * windows(own.window, T, 2, Edges::kEnds);
  const Tensor d = -u * windows(own.window, T, 3, Edges::kEnds);
  // Overlap: a block's first half is its b and the previous frame's d, its second half is its c and
  // the next frame's a.
  const Tensor first = b + at::constant_pad_nd(d, {0, 0, 1, -1});
  const Tensor second = c + at::constant_pad_nd(a, {0, 0, -1, 1});
  return torch::stack({first, second}, 2).reshape({B, T * C});
}

}  // namespace glowvox::flow
