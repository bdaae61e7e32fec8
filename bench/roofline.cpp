// SPDX-License-Identifier: MIT
#include "roofline.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <functional>
#include <memory>

#include "audio/sound_file.hpp"
#include "core/cpu.hpp"
#include "core/thread_team.hpp"
#include "engine/engine_options.hpp"
#include "engine/finishing.hpp"
#include "engine/instruction_set.hpp"
#include "engine/kernels.hpp"
#include "engine/mel_correction.hpp"
#include "engine/noise.hpp"
#include "engine/prepared.hpp"
#include "engine/stage.hpp"
#include "engine/step_stages.hpp"
#include "glowvox/error.hpp"
#include "glowvox/vocoder.hpp"
#include "safetensors/model_metadata.hpp"

namespace glowvox::bench {

namespace {

using namespace engine;

constexpr int kLeastRuns = 5;
constexpr double kFloatBytes = sizeof(float);

// Two bfloat16 of 0.1 read as a float, which is 0.1 as well: input for either kind of product.
float tenth() {
  const std::uint32_t bits = 0x3dcd3dcd;
  float value = 0.0F;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

// Of one kind of work for the whole utterance. An exponential or a logarithm is one operation.
struct Work {
  const char* name;
  const char* key;
  double operations = 0.0, bytes = 0.0;
  bool product = false;  // matrix products, which the peak is about
  double seconds = 0.0;
};

// A thread's own rows.
struct Tile {
  // reach: rows beyond a tile's that taps read.
  explicit Tile(int columns, int reach = 0)
      : in(static_cast<std::size_t>(kTileRows + reach) * columns, tenth()),
        out(static_cast<std::size_t>(kTileRows) * columns),
        other(out) {}
  std::vector<float> in, out, other;
};

int reach_of(const PreparedModel& model) {
  int reach = 0;
  for (const PreparedStep& step : model.steps)
    for (const PreparedLayer& layer : step.net.layers)
      reach = std::max(reach, (layer.taps - 1) * layer.dilation);
  return reach;
}

// Repeats parts of a model's synthesis on tiles of rows, as synthesis does them.
class Replay {
 public:
  Replay(const PreparedModel& model, std::int64_t rows, int threads, bool quick)
      : model_(model), rows_(rows), quick_(quick), team_(threads) {
    const int columns = 2 * std::max(widest_columns(model), model.config.mel.n_fft);
    for (int i = 0; i < threads; ++i) tiles_.emplace_back(columns, reach_of(model));
  }

  std::int64_t tiles() const { return (rows_ + kTileRows - 1) / kTileRows; }

  // Median seconds of `work(tile, first row, rows)` over all rows.
  double seconds(const std::function<void(Tile&, std::int64_t, int)>& work) {
    const std::vector<int> pieces = {static_cast<int>(tiles())};
    return median_seconds(
        [&] {
          team_.run(pieces, [&](int, int piece, int thread) {
            const std::int64_t first = std::int64_t{piece} * kTileRows;
            work(tiles_[static_cast<std::size_t>(thread)], first,
                 static_cast<int>(std::min<std::int64_t>(kTileRows, rows_ - first)));
          });
        },
        quick_ ? 1 : kLeastRuns, 0.0);
  }

  // A product of the model: what it does for all rows is added to `work`.
  void count(const Product& product, int in, int taps, double out, Work* work) const {
    const auto rows = static_cast<double>(rows_);
    work->operations += 2.0 * rows * in * taps * out;
    work->bytes += static_cast<double>(tiles()) * static_cast<double>(product.packed_bytes()) +
                   rows * kFloatBytes * (in + out);
  }

  Work nets() {
    Work work{"products of the nets", "nets", 0.0, 0.0, true};
    const config::ModelConfig& c = model_.config;
    const int H = c.net.channels, features = model_.conditioner.features;
    const bool wavenet = c.net.kind == config::NetKind::kWavenet;
    std::vector<const Product*> all;
    const auto add = [&](const Product& product, int in, int taps, double out) {
      if (product.out() == 0) return;
      all.push_back(&product);
      count(product, in, taps, out, &work);
    };
    for (const PreparedStep& step : model_.steps) {
      const int half = step.layout.half();
      add(step.net.start.product, half, 1, H);
      for (const PreparedLayer& layer : step.net.layers) {
        add(layer.cond, features, 1, 2.0 * H);
        add(layer.filter, H, wavenet ? layer.taps : 1, 2.0 * H);
        add(layer.residual.product, H, 1, H);
        add(layer.skip, H, 1, step.net.end_folded ? 2.0 * half : H);
      }
      add(step.net.end.product, H, 1, 2.0 * half);
    }
    work.seconds = seconds([&](Tile& tile, std::int64_t, int rows) {
      for (const Product* product : all) product->run(tile.in.data(), tile.out.data(), rows);
    });
    return work;
  }

  Work gates() {
    Work work{"gates", "gates"};
    const auto rows = static_cast<double>(rows_);
    double layers = 0.0;
    for (const PreparedStep& step : model_.steps)
      layers += static_cast<double>(step.net.layers.size());
    const double values = rows * layers * model_.config.net.channels;
    work.operations = 5.0 * values;  // bias twice, tanh, sigmoid, their product
    work.bytes = 3.0 * kFloatBytes * values;
    work.seconds = seconds([&](Tile& tile, std::int64_t, int count) {
      for (const PreparedStep& step : model_.steps) {
        const int H = step.net.hidden;
        for (const PreparedLayer& layer : step.net.layers)
          gate({tile.in.data(), count, 2 * H}, layer.gate_bias.data(), H,
               Target(RowsView{tile.out.data(), count, H}));
      }
    });
    return work;
  }

  Work couplings() {
    Work work{"couplings", "couplings"};
    for (const PreparedStep& step : model_.steps) {
      const double values = static_cast<double>(rows_) * step.layout.half();
      work.operations += 5.0 * values;
      work.bytes += 4.0 * kFloatBytes * values;
    }
    work.seconds = seconds([&](Tile& tile, std::int64_t, int count) {
      for (const PreparedStep& step : model_.steps) {
        const int width = step.layout.width();
        std::fill_n(tile.out.begin(), static_cast<std::size_t>(count) * width, 0.5F);
        invert_coupling(step.rule, {tile.in.data(), count, step.rule.affine ? 2 * width : width},
                        step.net.end.bias.data(), width, {tile.out.data(), count, width});
      }
    });
    return work;
  }

  Work mixing() {
    Work work{"mixing", "mixing", 0.0, 0.0, true};
    for (const PreparedStep& step : model_.steps)
      if (step.link.dense)
        count(step.link.mixing.product, step.link.from.channels, 1, step.link.from.channels, &work);
    work.seconds = seconds([&](Tile& tile, std::int64_t, int rows) {
      for (const PreparedStep& step : model_.steps)
        if (!step.link.identity)
          run_map(step.link, {tile.in.data(), rows, step.link.from.columns()},
                  {tile.out.data(), rows, step.link.to.columns()});
    });
    return work;
  }

  Work latents() {
    Work work{"noise", "noise"};
    const double values = static_cast<double>(rows_) * model_.config.lift.channels;
    work.operations = 3.0 * values;  // of a pair: logarithm, root, sine and cosine, two products
    work.bytes = kFloatBytes * values;
    const auto channels = static_cast<std::ptrdiff_t>(model_.latent_channels.size());
    work.seconds = seconds([&](Tile& tile, std::int64_t first, int rows) {
      noise(1, model_.latent_channels, first, static_cast<float>(kSigma),
            {tile.out.data(), rows, channels});
    });
    return work;
  }

  // What makes samples of channels, with the scale and shift before it.
  Work transform() {
    Work work{"transform, scale and shift", "transform", 0.0, 0.0, true};
    const PreparedOutput& output = model_.output;
    const int C = output.layout.channels, columns = output.layout.columns();
    if (output.scale_shift) {
      count(output.from_mel, model_.conditioner.bands, 1, 2.0 * C, &work);
      count(output.from_features, model_.conditioner.features, 1, 2.0 * C, &work);
    }
    if (output.transform.out() > 0) count(output.transform, C, 1, C, &work);
    work.seconds = seconds([&](Tile& tile, std::int64_t, int rows) {
      if (output.scale_shift) {
        output.from_features.run(tile.in.data(), tile.out.data(), rows);
        output.from_mel.run(tile.in.data(), tile.out.data(), rows, Write::kAdd);
        std::fill_n(tile.other.begin(), static_cast<std::size_t>(rows) * columns, 0.5F);
        apply_scale_shift({tile.out.data(), rows, 2 * columns}, output.bias.data(), columns,
                          {tile.other.data(), rows, columns});
      }
      if (output.transform.out() > 0) output.transform.run(tile.in.data(), tile.out.data(), rows);
    });
    return work;
  }

 private:
  const PreparedModel& model_;
  const std::int64_t rows_;
  const bool quick_;
  ThreadTeam team_;
  std::vector<Tile> tiles_;
};

// Operations a second of the best product on all threads, each with operands that its core's cache
// holds.
double peak(DType dtype, int threads, bool quick) {
  constexpr int kShapes[][2] = {{64, 64}, {96, 192}, {128, 128}, {192, 192}, {256, 256}};
  constexpr int kRepeats = 50;
  ThreadTeam team(threads);
  double best = 0.0;
  std::vector<Kernel> kernels = {Kernel::kOwn, Kernel::kLibxsmm};
  if (engine::instruction_set() == engine::InstructionSet::kAmx) kernels.push_back(Kernel::kTiles);
  for (const auto& [out, in] : kShapes)
    for (const Kernel kernel : kernels) {
      Matrix matrix(out, 1, in);
      std::fill(matrix.weight.begin(), matrix.weight.end(), 0.01F);
      std::vector<Product> products;
      std::vector<Tile> tiles;
      for (int i = 0; i < threads; ++i) {
        products.emplace_back(matrix, dtype, Layout{padded(in), 0, padded(out)}, kernel);
        tiles.emplace_back(padded(std::max(in, out)));
      }
      const double seconds = median_seconds(
          [&] {
            team.run({threads}, [&](int, int piece, int) {
              const auto at = static_cast<std::size_t>(piece);
              for (int i = 0; i < kRepeats; ++i)
                products[at].run(tiles[at].in.data(), tiles[at].out.data(), kTileRows);
            });
          },
          quick ? 1 : 21, 0.0);
      best = std::max(best, 2.0 * kTileRows * in * out * kRepeats * threads / seconds);
    }
  return best;
}

// The correction by itself, on a sound that is there.
Work corrections(const Vocoder& vocoder, const Mel& mel, int threads, bool quick) {
  Work work{"corrections", "corrections"};
  const MelSpec& spec = vocoder.mel();
  Finishing::Options options;
  options.corrections = vocoder.corrections();
  options.threads = threads;
  options.most_frames = vocoder.block_frames(mel.frames, threads);
  options.frames_ahead =
      (vocoder.look_ahead_samples() + vocoder.overlap_samples()) / spec.hop_samples + 1;
  const double n = spec.n_fft;
  const double frames = static_cast<double>(mel.frames) *
                        engine::MelCorrection::changed(options.corrections) *
                        dsp::CorrectionRule::kRounds;
  work.operations = frames * 2.0 * 2.5 * n * std::log2(n);  // of two transforms of real numbers
  work.bytes = frames * kFloatBytes * 6.0 * n;  // windowed, transformed, changed, back, added up
  if (options.corrections == 0) return work;
  const std::vector<float> sound = vocoder.synthesize(mel, {kSigma, 1, threads, std::nullopt, 0});
  work.seconds = median_seconds(
      [&] {
        Finishing finishing(spec, options);
        for (std::int64_t done = 0; done < mel.frames; done += options.most_frames) {
          const std::int64_t count = std::min(options.most_frames, mel.frames - done);
          finishing.push_mel(mel.values.data() + done * mel.bands, count);
          const auto from = sound.begin() + done * spec.hop_samples;
          finishing.push({{from, from + count * spec.hop_samples}, {}, {}});
        }
        finishing.finish({});
      },
      quick ? 1 : kLeastRuns, 0.0);
  return work;
}

}  // namespace

BenchRow roofline(const BenchOptions& o) {
  const int threads = o.threads > 0 ? o.threads : available_cores();
  const ScratchFolder folder;
  const Vocoder vocoder = Vocoder::load(o.model);
  const bool bfloat16 = vocoder.precision() == Precision::kBfloat16;
  const MelSpec& spec = vocoder.mel();
  const Mel mel = random_mel(spec, o.quick ? 1.0 : 10.0);
  const double length = seconds_of(mel, spec);
  std::vector<float> sound;
  const auto make = [&] { sound = vocoder.synthesize(mel, {kSigma, 1, threads}); };
  const auto write = [&] {
    audio::write_audio(folder.file("out.wav"), sound, spec.sample_rate_hz);
  };

  const safetensors::MappedSafetensors file(o.model);
  const Weights weights(file.tensors(), o.model);
  const PreparedModel model = prepare(weights, safetensors::model_config(file.metadata(), o.model),
                                      bfloat16 ? DType::kBfloat16 : DType::kFloat32);
  Replay replay(model, mel.frames * vocoder.rows_per_frame(), threads, o.quick);
  const double total = median_seconds(
      [&] {
        make();
        write();
      },
      o.quick ? 1 : kLeastRuns, 0.0);
  std::vector<Work> all = {replay.nets(),
                           replay.gates(),
                           replay.couplings(),
                           replay.mixing(),
                           replay.latents(),
                           replay.transform(),
                           corrections(vocoder, mel, threads, o.quick)};
  const auto samples = static_cast<double>(sound.size());
  all.push_back({"writing the file", "writing", 2.0 * samples, 6.0 * samples, false,
                 median_seconds(write, o.quick ? 1 : kLeastRuns, 0.0)});
  double parts = 0.0, products = 0.0;
  for (const Work& work : all) {
    parts += work.seconds;
    if (work.product) products += work.operations;
  }
  all.push_back({"the rest", "rest", 0.0, 0.0, false, total - parts});
  const double fastest = peak(model.dtype, threads, o.quick);
  if (!(fastest > 0.0 && products > 0.0)) throw Error("bench", "no product was counted");

  BenchRow row;
  row.name = "roofline";
  row.unit = "rtf";
  row.value = total / length;
  row.peer = "its products alone at their best";
  row.peer_value = products / fastest / length;
  row.check = fmt::format("{} samples", sound.size());
  row.notes.push_back(fmt::format("{:.1f} times real time, {:.0f}% of the products' limit",
                                  length / total, 100.0 * products / fastest / total));
  row.notes.push_back(fmt::format("{}, {}, {} threads, {}: the best product {:.0f} GFLOP/s",
                                  processor_name(), name_of(instruction_set()), threads,
                                  name_of(vocoder.precision()), 1e-9 * fastest));
  row.table.push_back(fmt::format("{:<28} {:>8} {:>6} {:>8} {:>8} {:>8} {:>8}", "", "ms", "share",
                                  "Gop", "MB", "Gop/s", "of peak"));
  row.parts = nlohmann::ordered_json::array();
  for (const Work& work : all) {
    const bool counted = work.operations > 0.0 && work.seconds > 0.0;
    const double speed = counted ? work.operations / work.seconds : 0.0;
    const std::string counts =
        counted ? fmt::format(" {:>8.3f} {:>8.1f} {:>8.2f}", 1e-9 * work.operations,
                              1e-6 * work.bytes, 1e-9 * speed)
                : "";
    row.table.push_back(fmt::format(
        "{:<28} {:>8.2f} {:>5.0f}%{}{}", work.name, 1e3 * work.seconds,
        100.0 * work.seconds / total, counts,
        work.product && counted ? fmt::format(" {:>7.0f}%", 100.0 * speed / fastest) : ""));
    nlohmann::ordered_json part = {
        {"name", work.key}, {"ms", 1e3 * work.seconds}, {"share", work.seconds / total}};
    if (counted) {
      part["operations"] = work.operations;
      part["bytes"] = work.bytes;
    }
    if (counted && work.product) part["share_of_peak"] = speed / fastest;
    row.parts.push_back(part);
  }
  return row;
}

}  // namespace glowvox::bench
