// SPDX-License-Identifier: MIT
// A checkpoint's tensors as an import takes them.
#pragma once

#include <cstdint>
#include <set>
#include <string>
#include <vector>

#include "pytorch/state_dict.hpp"

namespace glowvox::exchange {

// The names under one prefix ("module.", "generator."), which every name here is without. Remembers
// what was taken, so that what is left can be refused.
class Source {
 public:
  // The prefix is what stands before `known`, a name that the model must have. Throws Error when no
  // name ends in it.
  Source(const pytorch::StateDict& file, const std::string& known);

  const pytorch::StateDict& file() const { return file_; }
  const std::string& prefix() const { return prefix_; }
  bool has(const std::string& name) const { return file_.entries().count(prefix_ + name) > 0; }
  // Size of an axis of a tensor; throws Error when there is no such tensor or axis.
  std::int64_t size(const std::string& name, std::size_t axis) const;
  // Throws Error naming the tensor when it is missing, has another shape or holds values that are
  // not finite.
  std::vector<float> take(const std::string& name, const std::vector<std::int64_t>& shape);
  // A tensor that the import has no use for.
  void skip(const std::string& name) { taken_.insert(prefix_ + name); }
  // Throws Error naming the first tensor under the prefix that nobody took.
  void check_all_taken() const;
  // How many tensors lie outside the prefix.
  std::int64_t outside() const;

 private:
  const pytorch::StateDict::Entry& entry(const std::string& name) const;

  const pytorch::StateDict& file_;
  std::string prefix_;
  std::set<std::string> taken_;
};

}  // namespace glowvox::exchange
