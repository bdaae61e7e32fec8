// SPDX-License-Identifier: MIT
// Which precision a model's products are in where nobody says: the one that is measured to be the
// faster on this machine, and what was measured is kept for the next time.
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "config/model_config.hpp"
#include "engine/product.hpp"
#include "glowvox/vocoder.hpp"

namespace glowvox::engine {

// Of the same products in both precisions: `utterances` over a tile of a whole utterance on all
// threads, `frames` over the rows of one mel frame on one thread.
struct PrecisionTimes {
  PrecisionChoice::Times utterances, frames;
};

// The products whose precision is chosen, those of the couplings' nets in the order in which
// synthesis takes them, as far as they are timed: what their weights fill is more than a
// second-level cache, less than is worth waiting for.
struct TimedProducts {
  std::vector<MatrixRows> matrices;
  std::vector<int> dilations;  // of each
  int frame_rows = 1;          // lifted rows of a mel frame
  std::string shape;           // all of it in words, for the key of what is kept
};
// stored: how weights of float products lie in memory.
TimedProducts timed_products(const config::ModelConfig& config, Storage stored);

// Seconds since any moment.
using PrecisionClock = std::function<double()>;
double steady_seconds();

// Times them: a run to warm up, then runs in float32 and bfloat16 in turn, of which the shortest
// count. Works on every processor; where it has no bfloat16 instructions they are done without.
PrecisionTimes time_precisions(const TimedProducts& products, int threads,
                               const PrecisionClock& now);

// Times of earlier runs in a folder of the user, one file for each key. What cannot be read is
// measured anew, and what cannot be written is not kept: nothing here fails. Files come by
// renaming, so that several processes may read and write at once.
class PrecisionCache {
 public:
  // folder: made when something is written; empty: keeps nothing.
  explicit PrecisionCache(std::string folder) : folder_(std::move(folder)) {}

  std::optional<PrecisionTimes> read(const std::string& key) const;
  bool write(const std::string& key, const PrecisionTimes& times) const;  // whether it was
  std::string path_of(const std::string& key) const;

 private:
  std::string folder_;
};

// GLOWVOX_CACHE, where "off" or nothing means that nothing is kept; else glowvox in the user's
// cache folder (XDG_CACHE_HOME or ~/.cache; on Windows LOCALAPPDATA). Empty where there is none.
std::string precision_cache_folder();

// Everything that times depend on: processor, instructions, threads, the library's version and the
// products.
std::string precision_key(const TimedProducts& products, int threads);

// bfloat16 where it saves at least a tenth of the time: where the two are about as fast, float32 is
// the better one.
bool bfloat16_pays(const PrecisionChoice::Times& times);

// What decides, beside the times.
struct PrecisionQuestion {
  Precision asked = Precision::kAuto;
  bool possible = false;  // whether the processor multiplies bfloat16
  bool allowed = true;    // whether the model's configuration lets its products be so

  bool stated() const { return asked != Precision::kAuto && asked != Precision::kAutoStream; }
  bool open() const { return !stated() && possible && allowed; }
};
// measure is called where the question is open and the cache does not know.
PrecisionChoice choose_precision(const PrecisionQuestion& question, const std::string& key,
                                 const PrecisionCache& cache,
                                 const std::function<PrecisionTimes()>& measure);

// The same for this process and this machine. Throws Error where bfloat16 is asked for and the
// processor has none.
PrecisionChoice choose_precision(Precision asked, const config::ModelConfig& config,
                                 Storage stored);

}  // namespace glowvox::engine
