// SPDX-License-Identifier: MIT
#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "config/comparison.hpp"
#include "core/cpu.hpp"
#include "flow/ops.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "safetensors/model_metadata.hpp"
#include "train/memory_meter.hpp"

namespace glowvox::train {

namespace {

constexpr int kCoresPerLoaderThread = 4, kCoresOfTheRest = 2;
constexpr int kInitialisationBatches = 8;
constexpr std::int64_t kRowsToNarrow = 24576;  // of the lift, at least
// Of measuring in what the products are faster, and by how much bfloat16 has to be.
constexpr std::int64_t kMostMeasured = 16;  // segments
constexpr int kMeasuredPasses = 3;
constexpr double kMeasuringSeconds = 6.0, kWorthRounding = 0.95;
constexpr double kSmallestDeviation = 1e-3;  // of a band, in the mel's own units

// A GPU leaves the cores to them, but for the thread that drives it and the system's own.
int loader_threads(const Setting& setting) {
  const int cores = available_cores() / setting.ranks->place().local_ranks;
  return setting.device.is_cuda() ? cores - kCoresOfTheRest : cores / kCoresPerLoaderThread;
}

// Whether the nets' products are in bfloat16, where that is decided without measuring.
std::optional<bool> bf16_without_measuring(const config::TrainConfig& config,
                                           const Setting& setting, const Notify& notify) {
  const bool slow = setting.device.is_cpu() && !has_fast_bfloat16();
  if (setting.products == Products::kBfloat16) {
    if (slow) notify("warning: this CPU has no bfloat16 products: --bf16 makes training slower");
    return true;
  }
  if (setting.products == Products::kFloat32 || !config.bf16) return false;
  if (slow) {
    notify("this CPU has no bfloat16 products (AVX-512 BF16): training in float");
    return false;
  }
  return setting.device.is_cpu() ? std::nullopt : std::optional(true);
}

std::shared_ptr<model::FlowVocoder> make_model(const config::ModelConfig& config,
                                               std::uint64_t seed, const torch::Device& device) {
  torch::manual_seed(seed);
  auto model = std::make_shared<model::FlowVocoder>(config);
  model->to(device);
  model->set_recompute(config.train.recompute);
  return model;
}

Share share_of(const config::TrainConfig& config, const RankPlace& place) {
  const int parts = place.ranks * config.accumulate;
  if (config.batch % parts != 0)
    throw Error("train.batch",
                fmt::format("expected a multiple of {} ({} ranks, {} passes each), got {}", parts,
                            place.ranks, config.accumulate, config.batch),
                "choose another --batch or --accumulate");
  const std::int64_t own = config.batch / place.ranks;
  return {place.rank * own, own / config.accumulate, config.accumulate};
}

// Whether segment `i` of a batch is one of those that something is computed of: a share of
// them, evenly strewn, the same whoever takes which.
bool is_chosen(std::int64_t i, double share) {
  return std::floor(static_cast<double>(i + 1) * share) >
         std::floor(static_cast<double>(i) * share);
}

std::vector<std::int64_t> segments_of(std::int64_t first, std::int64_t count, std::int64_t segments,
                                      double share) {
  const double least = 1.0 / static_cast<double>(segments);  // one of them at least
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    if (is_chosen(first + i, std::max(share, least))) chosen.push_back(i);
  return chosen;
}

}  // namespace

Trainer::Trainer(const config::ModelConfig& config, const DataOptions& data, std::uint64_t seed,
                 const Notify& notify, const Setting& setting)
    : config_(config),
      seed_(seed),
      setting_(setting),
      corpus_(data, config.mel, notify),
      model_(make_model(config, seed, setting.device)),
      share_(share_of(config.train, setting.ranks->place())),
      bf16_(bf16_without_measuring(config.train, setting, notify)),
      sampler_(corpus_, config, model_->margin(), seed, notify),
      optimizer_(*model_, config.train),
      guard_(config.train.outlier) {
  if (config.train.sample_loss.weight > 0.0) sample_loss_.emplace(config, seed);
  setting_.ranks->share_gradients(model_->parameters());
}

Batch Trainer::first_segments(std::int64_t batches) {
  std::vector<torch::Tensor> audio, mel;
  for (std::int64_t i = 1; i <= batches; ++i) {
    const Batch b = sampler_.batch(-i);
    audio.push_back(b.audio);
    mel.push_back(b.mel);
  }
  return {torch::cat(audio).to(setting_.device), torch::cat(mel).to(setting_.device), {}};
}

void Trainer::measure_mels(const torch::Tensor& mel) {
  const torch::Tensor frames = mel.flatten(0, 1).to(torch::kDouble);
  const auto values = [](const torch::Tensor& t) {
    const torch::Tensor f = t.to(torch::kFloat).cpu().contiguous();
    return std::vector<float>(f.data_ptr<float>(), f.data_ptr<float>() + f.numel());
  };
  model_->set_mel_statistics(
      {values(frames.mean(0)), values(frames.std(0).clamp_min(kSmallestDeviation))});
}

void Trainer::initialize() {
  const Batch first = first_segments(kInitialisationBatches);
  measure_mels(first.mel);
  model_->initialize(first.audio, first.mel, flow::Edges::kMargins);
  optimizer_.restart_averages();
}

void Trainer::init_from(const std::string& model_path, const Notify& notify) {
  const safetensors::Safetensors file = safetensors::read_safetensors(model_path);
  const config::ModelConfig theirs = safetensors::model_config(file.metadata, model_path);
  if (theirs.mel != config_.mel)
    throw Error(model_path, "was trained on mels [" + describe(theirs.mel) +
                                "], the configuration has [" + describe(config_.mel) + "]");
  if (config::is_narrower(config_, theirs)) {
    const std::int64_t rows = config_.train.batch * config_.train.segment_frames *
                              config_.mel.hop_samples / config_.lift.channels;
    const Batch seen = first_segments((kRowsToNarrow + rows - 1) / rows);
    notify(
        fmt::format("{}: {} channels of a net become {}, {} of the conditioner {}, by {} segments",
                    model_path, theirs.net.channels, config_.net.channels,
                    theirs.conditioner.channels, config_.conditioner.channels, seen.mel.size(0)));
    const auto wide = model::load_model(model_path);
    wide->to(setting_.device);
    model_->narrow(*wide, seen.audio, seen.mel, flow::Edges::kMargins);
  } else if (config::to_yaml(config::network_of(theirs)) !=
             config::to_yaml(config::network_of(config_))) {
    throw Error(model_path, "is another network than the configuration describes",
                "compare glowvox info of both");
  } else {
    model::load_weights(*model_, file, model_path);
  }
  model_->check_invertible();
  measure_mels(first_segments(kInitialisationBatches).mel);
  optimizer_.restart_averages();
}

double Trainer::rate_at(double fraction) const {
  const config::TrainConfig& t = config_.train;
  const double warmup =
      t.warmup_steps > 0 ? std::min(1.0, (progress_.step + 1.0) / t.warmup_steps) : 1.0;
  const double cosine = 0.5 * (1.0 + std::cos(M_PI * std::clamp(fraction, 0.0, 1.0)));
  return std::ldexp(t.rate, -static_cast<int>(progress_.setbacks)) * warmup *
         (t.final_rate + (1.0 - t.final_rate) * cosine);
}

// The mean over the batch's chosen segments, as far as this pass has them: passes and ranks are
// averaged, and their numbers of chosen segments may differ.
torch::Tensor Trainer::nats_of(const Batch& batch, std::int64_t first, std::int64_t segments) {
  const double share = config_.train.likelihood.share;
  const std::int64_t count = batch.audio.size(0);
  const auto own = segments_of(first, count, segments, share);
  const auto all = segments_of(0, segments, segments, share);
  const auto parts = static_cast<double>(segments / count);
  const double samples =
      static_cast<double>(config_.train.segment_frames) * config_.mel.hop_samples;
  if (own.empty()) return torch::zeros({}, batch.audio.options().requires_grad(true));
  const bool every = static_cast<std::int64_t>(own.size()) == count;
  const torch::Tensor index = every ? torch::Tensor() : index_of(own);
  const auto chosen = [&](const torch::Tensor& t) { return every ? t : t.index_select(0, index); };
  const torch::Tensor log_prob =
      model_->log_prob(chosen(batch.audio), chosen(batch.mel), flow::Edges::kMargins);
  return log_prob.sum() * (parts / (static_cast<double>(all.size()) * samples));
}

torch::Tensor Trainer::index_of(const std::vector<std::int64_t>& segments) {
  torch::Tensor& index = indices_[segments];
  if (!index.defined()) index = torch::tensor(segments, torch::kLong).to(setting_.device);
  return index;
}

// In a loader's thread. Noise is made there too: the same on every device, and waited for by none.
Batch Trainer::batch_of(std::int64_t draw, std::int64_t first, std::int64_t count) const {
  Batch batch = sampler_.batch(draw, first, count, setting_.device.is_cuda());
  add_noise(batch, static_cast<std::uint64_t>(draw * config_.train.batch + first));
  return batch;
}

void Trainer::add_noise(Batch& batch, std::uint64_t segment) const {
  if (sample_loss_)
    batch.noise = sample_loss_->noise(segment, batch.mel.size(0), batch.mel.size(1),
                                      setting_.device.is_cuda());
}

Trainer::Loss Trainer::loss_of(const Batch& given, std::int64_t first, std::int64_t segments) {
  const auto there = [&](const torch::Tensor& t) {
    return t.defined() ? t.to(setting_.device, torch::kFloat, true) : t;  // not waited for
  };
  const Batch batch{
      there(given.audio), there(given.mel), {there(given.noise[0]), there(given.noise[1])}};
  const config::TrainConfig& t = config_.train;
  Loss loss;
  {
    const torch::AutoGradMode recorded(t.likelihood.weight > 0.0);
    loss.nats_per_sample = nats_of(batch, first, segments);
  }
  loss.objective = -t.likelihood.weight * loss.nats_per_sample;
  if (!sample_loss_) return loss;
  torch::Tensor corrected;
  if (t.sample_loss.corrected > 0.0)
    corrected = index_of(segments_of(first, batch.mel.size(0), segments, t.sample_loss.corrected));
  const SampleDistances d =
      (*sample_loss_)(*model_, batch.audio, batch.mel, batch.noise, corrected);
  loss.objective = loss.objective + d.objective.mean();
  loss.fit = d.fit.mean();
  loss.spread = d.spread.mean();
  if (d.mel.defined()) loss.mel = d.mel.mean();
  return loss;
}

torch::Tensor Trainer::Loss::figures() const {
  std::vector<torch::Tensor> defined = {nats_per_sample};
  for (const torch::Tensor& t : {fit, spread, mel})
    if (t.defined()) defined.push_back(t);
  return torch::stack(defined).detach().to(torch::kDouble);
}

// All passes forward and back, whatever comes of them: only what is read in the end waits for the
// device, which has work until then.
Trainer::Figures Trainer::walk() {
  Ranks& ranks = *setting_.ranks;
  torch::Tensor sum;
  for (int pass = 0; pass < share_.passes; ++pass) {
    const Batch batch = loader_->next();
    const flow::Bfloat16Guard guard(bf16());
    const Loss loss = loss_of(batch, share_.first + pass * share_.per_pass, config_.train.batch);
    const torch::Tensor own = loss.figures() / (ranks.count() * share_.passes);
    sum = sum.defined() ? sum + own : own;
    ranks.backward(loss.objective / share_.passes, pass + 1 == share_.passes);
  }
  const torch::Tensor norm = optimizer_.gradient_norm().view({1});
  const torch::Tensor all = torch::cat({sum, norm}).cpu();
  const double* values = all.data_ptr<double>();
  // The gradients, and so their norm, are the same on every rank.
  return {ranks.sum({values, values + sum.numel()}), values[sum.numel()]};
}

StepResult Trainer::step(double fraction) {
  if (!loader_)
    loader_ = std::make_unique<BatchLoader>(
        [this](std::int64_t draw, std::int64_t first, std::int64_t count) {
          return batch_of(draw, first, count);
        },
        share_, progress_.draws, loader_threads(setting_));
  StepResult result;
  result.rate = rate_at(fraction);
  optimizer_.zero_grad();
  const Figures figures = walk();
  const std::vector<double>& losses = figures.losses;
  const bool finite =
      std::all_of(losses.begin(), losses.end(), [](double v) { return std::isfinite(v); });
  result.nats_per_sample = finite ? losses[0] : std::numeric_limits<double>::quiet_NaN();
  if (sample_loss_) {
    result.fit = losses[1];
    result.spread = losses[2];
    if (losses.size() > 3) result.mel = losses[3];
  }
  result.gradient_norm = figures.gradient_norm;
  result.verdict = guard_.judge(result.nats_per_sample, result.gradient_norm);
  if (result.skipped()) {
    ++progress_.skipped;
    ++progress_.skipped_in_a_row;
  } else {
    progress_.skipped_in_a_row = 0;
    const double clip = config_.train.clip_norm;
    optimizer_.step(progress_.step, result.rate,
                    clip > 0.0 ? std::min(1.0, clip / (result.gradient_norm + 1e-12)) : 1.0);
  }
  ++progress_.step;
  ++progress_.draws;
  return result;
}

Trainer::Cost Trainer::measure_pass(std::int64_t segments) {
  Batch batch = sampler_.batch(-1, 0, segments, setting_.device.is_cuda());
  add_noise(batch, 0);
  MemoryMeter& meter = MemoryMeter::install();
  const std::int64_t before = meter.restart_peak();
  const auto start = std::chrono::steady_clock::now();
  {
    const flow::Bfloat16Guard guard(bf16());
    loss_of(batch, 0, segments).objective.backward();
    if (setting_.device.is_cuda()) torch::cuda::synchronize();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const Cost cost{seconds, static_cast<double>(meter.peak_bytes() - before)};
  optimizer_.zero_grad();
  return cost;
}

void Trainer::choose_products(const Notify& notify) {
  if (bf16_) return;
  const std::int64_t segments = std::min(share_.per_pass, kMostMeasured);
  std::vector<double> seconds(2, HUGE_VAL);  // in float and in bfloat16
  double spent = 0.0;
  for (int i = 0; i <= kMeasuredPasses && (i < 2 || spent < kMeasuringSeconds); ++i)
    for (const bool tried : {false, true}) {
      bf16_ = tried;
      const double pass = measure_pass(segments).seconds;
      spent += pass;
      if (i > 0) seconds[tried] = std::min(seconds[tried], pass);  // the first sets libraries up
    }
  seconds = setting_.ranks->sum(seconds);
  bf16_ = seconds[1] < kWorthRounding * seconds[0];
  const double passes = setting_.ranks->count();
  notify(fmt::format(
      "products in {}: a pass of {} segments takes {:.3f} s in float, {:.3f} s in bfloat16",
      *bf16_ ? "bfloat16" : "float", segments, seconds[0] / passes, seconds[1] / passes));
}

std::optional<Validation> Trainer::validate_on(const Corpus& corpus,
                                               const std::atomic<bool>& stop) {
  std::optional<Validation> v;
  with_averages([&] {
    v = validate(*model_, corpus, *setting_.ranks, sample_loss_ ? &*sample_loss_ : nullptr, stop);
  });
  return v;
}

void Trainer::with_averages(const std::function<void()>& body) {
  optimizer_.swap_averages();
  try {
    body();
  } catch (...) {
    optimizer_.swap_averages();
    throw;
  }
  optimizer_.swap_averages();
}

void Trainer::save_model(const std::string& path, bool half) {
  with_averages([&] { model::save_model(path, *model_, half); });
}

double Trainer::seconds_per_batch() const {
  return static_cast<double>(config_.train.batch) * config_.train.segment_frames *
         config_.mel.hop_samples / config_.mel.sample_rate_hz;
}

double Trainer::parameter_bytes() const {
  return static_cast<double>(model_->parameter_count()) * sizeof(float);
}

}  // namespace glowvox::train
