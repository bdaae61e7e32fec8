#include <algorithm>
#include <cmath>

#include "glowvox/error.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

namespace {

double to_natural_log(double value, MelLog log) {
  return log == MelLog::kLog10 ? value * std::log(10.0) : value;
}

}  // namespace

Mel convert_mel(const Mel& mel, const MelSpec& from, const MelSpec& to) {
  MelSpec same = from;
  same.log = to.log;
  same.floor = to.floor;
  const bool logarithms = from.log != MelLog::kNone && to.log != MelLog::kNone;
  const bool exact = from == to || (same == to && logarithms && from.floor <= to.floor);
  if (!exact)
    throw Error("mel",
                "was made as [" + describe(from) + "], the model expects [" + describe(to) + "]",
                "compute it again with the model's specification");
  if (from == to) return mel;
  Mel out = mel;
  const double unit = to_natural_log(1.0, to.log);
  const double lowest = std::log(to.floor);
  for (float& value : out.values)
    value = static_cast<float>(std::max(lowest, to_natural_log(value, from.log)) / unit);
  return out;
}

}  // namespace glowvox
