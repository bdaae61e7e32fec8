// SPDX-License-Identifier: MIT
#include "exchange/waveglow_import.hpp"

#include <fmt/format.h>

#include <cmath>

#include "core/atomic_file.hpp"
#include "engine/weights.hpp"
#include "exchange/swap_axes.hpp"
#include "exchange/waveglow_variant.hpp"
#include "glowvox/error.hpp"
#include "safetensors/floats.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox::exchange {

using config::ModelConfig;

namespace {

// A tensor that every checkpoint of theirs has.
constexpr const char* kKnown = "convinv.0.conv.weight";

class Import {
 public:
  Import(Source& source, const ModelConfig& config) : source_(source), config_(config) {}

  safetensors::Safetensors run(const WaveglowLayout& layout) {
    if (layout.upsample) {
      const std::int64_t bands = config_.mel.bands;
      copy("conditioner.weight", "upsample.weight", {bands, bands, config_.conditioner.kernel});
      copy("conditioner.bias", "upsample.bias", {bands});
    }
    for (const MatrixPair& m : layout.matrices)
      put(m.ours, {m.channels, m.channels}, source_.take(m.theirs, {m.channels, m.channels, 1}));
    for (const ConvPair& conv : layout.convs) take(conv);
    for (const DepthwisePair& d : layout.depthwise) {
      put(d.ours + ".weight", {d.taps, d.channels},
          swap_last(source_.take(d.theirs + ".weight", {d.channels, 1, d.taps}), 1, d.channels,
                    d.taps));
      copy(d.ours + ".bias", d.theirs + ".bias", {d.channels});
    }
    for (const NormPair& norm : layout.norms) take(norm);
    safetensors::Safetensors file;
    while (!tensors_.empty()) {
      const auto entry = tensors_.extract(tensors_.begin());
      file.tensors[entry.key()] =
          safetensors::to_tensor(entry.mapped().shape, entry.mapped().values);
    }
    return file;
  }

 private:
  struct Rows {
    std::vector<std::int64_t> shape;
    std::vector<float> values;
  };

  void put(const std::string& name, std::vector<std::int64_t> shape, std::vector<float> values) {
    tensors_[name] = {std::move(shape), std::move(values)};
  }

  void copy(const std::string& ours, const std::string& theirs, std::vector<std::int64_t> shape) {
    std::vector<float> values = source_.take(theirs, shape);
    put(ours, std::move(shape), std::move(values));
  }

  // Rows [row, ...) of a tensor whose first axis has `rows`.
  void put_rows(const std::string& name, std::vector<std::int64_t> shape, const ConvPair& conv,
                const std::vector<float>& values) {
    Rows& to = tensors_[name];
    const std::size_t row = values.size() / static_cast<std::size_t>(conv.out);
    shape.front() = conv.rows;
    to.shape = std::move(shape);
    to.values.resize(row * static_cast<std::size_t>(conv.rows));
    std::copy(values.begin(), values.end(),
              to.values.begin() + static_cast<std::ptrdiff_t>(row) * conv.row);
  }

  void take(const ConvPair& conv) {
    std::vector<float> weight =
        source_.take(weight_name(source_, conv.theirs), {conv.out, conv.in, conv.taps});
    weight = swap_last(weight, conv.out, conv.in, conv.taps);
    const bool keep = conv.follows_config && config_.net.weight_norm;
    if (is_normalized(source_, conv.theirs)) {
      const bool old = source_.has(conv.theirs + ".weight_g");
      const std::vector<float> g =
          source_.take(conv.theirs + (old ? ".weight_g" : ".parametrizations.weight.original0"),
                       {conv.out, 1, 1});
      if (keep)
        put_rows(conv.ours + ".weight_g", {conv.out}, conv, g);
      else
        normalize(weight, g, conv);
    }
    put_rows(conv.ours + (keep ? ".weight_v" : ".weight"), {conv.out, conv.taps, conv.in}, conv,
             weight);
    put_rows(conv.ours + ".bias", {conv.out}, conv,
             source_.take(conv.theirs + ".bias", {conv.out}));
  }

  void normalize(std::vector<float>& v, const std::vector<float>& g, const ConvPair& conv) const {
    const std::size_t size = v.size() / g.size();
    for (std::size_t n = 0; n < g.size(); ++n)
      engine::normalize_weight(&v[n * size], size, g[n], source_.file().path(),
                               source_.prefix() + conv.theirs, static_cast<std::int64_t>(n));
  }

  // Kept as an affine map in front of the depthwise convolution, whose padding with zeros comes
  // after it: folded into the convolution it would be wrong at both ends.
  void take(const NormPair& norm) {
    const std::vector<std::int64_t> shape{norm.channels};
    if (norm.theirs.empty()) {
      const auto channels = static_cast<std::size_t>(norm.channels);
      put(norm.scale, shape, std::vector<float>(channels, 1.0F));
      put(norm.shift, shape, std::vector<float>(channels, 0.0F));
      return;
    }
    std::vector<float> scale = source_.take(norm.theirs + ".weight", shape);
    std::vector<float> shift = source_.take(norm.theirs + ".bias", shape);
    const std::vector<float> mean = source_.take(norm.theirs + ".running_mean", shape);
    const std::vector<float> variance = source_.take(norm.theirs + ".running_var", shape);
    source_.skip(norm.theirs + ".num_batches_tracked");
    for (std::size_t c = 0; c < scale.size(); ++c) {
      const double squared = variance[c] + kBatchNormEpsilon;
      if (!(squared > 0.0))
        throw Error(source_.file().path(), "tensor '" + source_.prefix() + norm.theirs +
                                               ".running_var' holds a negative variance");
      const double factor = scale[c] / std::sqrt(squared);
      scale[c] = static_cast<float>(factor);
      shift[c] = static_cast<float>(shift[c] - mean[c] * factor);
    }
    put(norm.scale, shape, std::move(scale));
    put(norm.shift, shape, std::move(shift));
  }

  Source& source_;
  const ModelConfig& config_;
  std::map<std::string, Rows> tensors_;
};

Variant read_variant(const Source& source, const ImportOptions& options) {
  const std::string text = options.config.empty() ? "" : read_file(options.config);
  if (!options.config.empty() && !is_training_config(text)) {
    Variant given{config::parse_config(text, options.config), {}};
    check_is_waveglow(given.config, options.config);
    if (!options.mel.empty())
      throw Error("--mel", "expected it in the configuration, " + options.config);
    return given;
  }
  const TrainingConfig training =
      text.empty() ? TrainingConfig{} : parse_training_config(text, options.config);
  Variant found = variant_of(source, options.mel, training);
  check_agreement(training, found.config, options.config);
  return found;
}

}  // namespace

ImportedModel import_waveglow(const pytorch::StateDict& checkpoint, const ImportOptions& options) {
  Source source(checkpoint, kKnown);
  Variant variant = read_variant(source, options);
  ModelConfig& config = variant.config;
  if (options.old_split) config.coupling.alternate = true;
  if (options.denoise) config.synthesis.denoise = *options.denoise;
  const TheirForm form = form_of(source, config);
  const WaveglowLayout layout = waveglow_layout(config, form);
  config.net.weight_norm = true;
  for (const ConvPair& conv : layout.convs)
    if (conv.follows_config && !is_normalized(source, conv.theirs)) config.net.weight_norm = false;
  config::validate(config, checkpoint.path());

  ImportedModel model;
  model.file = Import(source, config).run(layout);
  source.check_all_taken();
  model.file.metadata = safetensors::model_metadata(config);
  model.config = config;
  model.remarks = std::move(variant.remarks);
  if (!form.batch_norms && config.net.kind == config::NetKind::kSeparable)
    model.remarks.push_back("its batch normalisations were folded by another program");
  if (source.outside() > 0)
    model.remarks.push_back(
        fmt::format("{} tensors outside '{}' left out", source.outside(), source.prefix()));
  return model;
}

}  // namespace glowvox::exchange
