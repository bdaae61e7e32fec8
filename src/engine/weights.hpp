// SPDX-License-Identifier: MIT
// A model file's tensors, by name, as the engine wants them.
#pragma once

#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "engine/product.hpp"
#include "safetensors/safetensors.hpp"

namespace glowvox::engine {

// A place in the hierarchy of names: `weights / "step_0_coupling" / "net"`. Every tensor is checked
// for presence, shape and finite values; an Error names file and tensor. May be read from several
// threads.
class Weights {
 public:
  using Tensors = std::map<std::string, safetensors::TensorView>;
  // tensors: somebody else's, who keeps them.
  Weights(const Tensors& tensors, std::string where);
  // From here on what is narrow in the file stays so in memory (MatrixRows::stored), as it does in
  // any case where that is faster, and forget() gives back what was read of the file, somebody
  // else's who keeps it.
  void save_memory(const safetensors::MappedSafetensors& file) { small_ = &file; }
  void forget() const {
    if (small_ != nullptr) small_->forget();
  }
  bool saves_memory() const { return small_ != nullptr; }

  Weights operator/(const std::string& name) const;

  const std::string& where() const { return where_; }
  bool has(const std::string& name) const;
  std::vector<float> tensor(const std::string& name, const std::vector<std::int64_t>& shape) const;
  // A flow::Conv's weight, its normalisation g * v / |v| folded in. Its rows are read from the file
  // when they are asked for, and checked then.
  MatrixRows convolution(int out, int taps, int in) const;
  // A matrix's rows, likewise.
  MatrixRows matrix(const std::string& name, int out, int in) const;
  std::vector<float> bias(int out) const { return tensor("bias", {out}); }

  // Throws Error when the file holds tensors that nobody asked for.
  void check_all_used() const;

 private:
  // The tensor that is called so, of this shape; from now on it counts as used.
  const safetensors::TensorView& find(const std::string& full,
                                      const std::vector<std::int64_t>& shape) const;
  MatrixRows plain_rows(const std::string& full, const safetensors::TensorView& view,
                        MatrixRows matrix) const;
  const Tensors* tensors_;
  std::string where_, prefix_;
  const safetensors::MappedSafetensors* small_ = nullptr;
  struct Used {
    std::mutex mutex;
    std::set<std::string> names;
  };
  std::shared_ptr<Used> used_;
};

// v [size], the weights of an output channel, becomes g * v / |v| (weight normalisation, Salimans
// and Kingma 2016). Throws Error naming the tensor where |v| is 0.
void normalize_weight(float* v, std::size_t size, float g, const std::string& where,
                      const std::string& tensor, std::int64_t channel);

// "dilated", 3 -> "dilated_3".
inline std::string indexed(const char* name, int i) { return name + ("_" + std::to_string(i)); }

}  // namespace glowvox::engine
