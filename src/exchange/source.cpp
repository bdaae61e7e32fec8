// SPDX-License-Identifier: MIT
#include "exchange/source.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>

#include "core/text.hpp"
#include "glowvox/error.hpp"

namespace glowvox::exchange {

Source::Source(const pytorch::StateDict& file, const std::string& known) : file_(file) {
  for (const auto& item : file.entries()) {
    const std::string& name = item.first;
    if (name.size() < known.size()) continue;
    const std::size_t before = name.size() - known.size();
    const bool whole = before == 0 || name[before - 1] == '.';
    if (!whole || name.compare(before, known.size(), known) != 0) continue;
    prefix_ = name.substr(0, before);
    return;
  }
  throw Error(file.path(),
              "is no WaveGlow or SqueezeWave: tensor '" + known + "' is missing (its first is '" +
                  file.entries().begin()->first + "')",
              "import takes checkpoints of these two programs");
}

const pytorch::StateDict::Entry& Source::entry(const std::string& name) const {
  const auto found = file_.entries().find(prefix_ + name);
  if (found == file_.entries().end())
    throw Error(file_.path(), "tensor '" + prefix_ + name + "' is missing");
  return found->second;
}

std::int64_t Source::size(const std::string& name, std::size_t axis) const {
  const auto& shape = entry(name).shape;
  if (axis >= shape.size())
    throw Error(file_.path(),
                fmt::format("tensor '{}': expected more than {} dimensions, got shape "
                            "[{}]",
                            prefix_ + name, axis, fmt::join(shape, ", ")));
  return shape[axis];
}

std::vector<float> Source::take(const std::string& name, const std::vector<std::int64_t>& shape) {
  const auto& found = entry(name);
  const std::string full = prefix_ + name;
  if (found.shape != shape)
    throw Error(file_.path(), fmt::format("tensor '{}': expected shape [{}], got [{}]", full,
                                          fmt::join(shape, ", "), fmt::join(found.shape, ", ")));
  taken_.insert(full);
  std::vector<float> values = file_.floats(full);
  for (const float value : values)
    if (!std::isfinite(value))
      throw Error(file_.path(), "tensor '" + full + "' holds values that are not finite");
  return values;
}

void Source::check_all_taken() const {
  for (const auto& [name, found] : file_.entries())
    if (begins_with(name, prefix_) && taken_.count(name) == 0)
      throw Error(file_.path(), fmt::format("tensor '{}' of shape [{}] has no place in this model",
                                            name, fmt::join(found.shape, ", ")));
}

std::int64_t Source::outside() const {
  std::int64_t count = 0;
  for (const auto& item : file_.entries()) count += begins_with(item.first, prefix_) ? 0 : 1;
  return count;
}

}  // namespace glowvox::exchange
