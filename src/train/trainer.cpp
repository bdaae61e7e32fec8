// SPDX-License-Identifier: MIT
#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "core/cpu.hpp"
#include "flow/ops.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "safetensors/model_metadata.hpp"
#include "train/memory_meter.hpp"

namespace glowvox::train {

namespace {

constexpr int kCoresPerLoaderThread = 4;
constexpr int kInitialisationBatches = 8;
constexpr double kSmallestDeviation = 1e-3;  // of a band, in the mel's own units

std::shared_ptr<model::FlowVocoder> make_model(const config::ModelConfig& config,
                                               std::uint64_t seed, const torch::Device& device) {
  torch::manual_seed(seed);
  auto model = std::make_shared<model::FlowVocoder>(config);
  model->to(device);
  model->set_recompute(config.train.recompute);
  return model;
}

// What has to be equal for weights to mean the same: all but name, purpose, base, training and the
// habits of synthesis.
config::ModelConfig network_of(config::ModelConfig config) {
  config.name = config.purpose = "";
  config.base = {};
  config.train = {};
  config.synthesis = {};
  config.mel_statistics = {};
  config.mixing_start = config::MixingStart::kRotation;
  return config;
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

// Whether segment `i` of a batch is one of those that the likelihood is computed of: a share of
// them, evenly strewn, the same whoever takes which.
bool has_likelihood(std::int64_t i, double share) {
  return std::floor(static_cast<double>(i + 1) * share) >
         std::floor(static_cast<double>(i) * share);
}

std::vector<std::int64_t> likelihood_segments(std::int64_t first, std::int64_t count,
                                              std::int64_t segments, double share) {
  const double least = 1.0 / static_cast<double>(segments);  // one of them at least
  std::vector<std::int64_t> chosen;
  for (std::int64_t i = 0; i < count; ++i)
    if (has_likelihood(first + i, std::max(share, least))) chosen.push_back(i);
  return chosen;
}

}  // namespace

Trainer::Trainer(const config::ModelConfig& config, const DataOptions& data, std::uint64_t seed,
                 const Notify& notify, const Setting& setting)
    : config_(config),
      seed_(seed),
      setting_(setting),
      corpus_(data, config.mel.sample_rate_hz, notify),
      model_(make_model(config, seed, setting.device)),
      share_(share_of(config.train, setting.ranks->place())),
      sampler_(corpus_, config, model_->margin(), seed, notify),
      optimizer_(*model_, config.train),
      guard_(config.train.outlier) {
  if (config_.train.bf16 && setting.device.is_cpu() && !has_fast_bf16()) {
    config_.train.bf16 = false;
    notify("this CPU has no bfloat16 products (AVX-512 BF16): training in float");
  }
  if (config.train.sample_loss.weight > 0.0) sample_loss_.emplace(config, seed);
  setting_.ranks->share_gradients(model_->parameters());
}

std::vector<Batch> Trainer::first_batches() {
  std::vector<Batch> batches;
  for (int i = 1; i <= kInitialisationBatches; ++i) batches.push_back(sampler_.batch(-i));
  return batches;
}

void Trainer::measure_mels(const torch::Tensor& mel) {
  const torch::Tensor frames = mel.flatten(0, 1).to(torch::kDouble);
  const auto values = [](const torch::Tensor& t) {
    const torch::Tensor f = t.to(torch::kFloat).contiguous();
    return std::vector<float>(f.data_ptr<float>(), f.data_ptr<float>() + f.numel());
  };
  model_->set_mel_statistics(
      {values(frames.mean(0)), values(frames.std(0).clamp_min(kSmallestDeviation))});
}

void Trainer::initialize() {
  std::vector<torch::Tensor> audio, mel;
  for (const Batch& b : first_batches()) {
    audio.push_back(b.audio);
    mel.push_back(b.mel);
  }
  measure_mels(torch::cat(mel));
  model_->initialize(torch::cat(audio).to(setting_.device), torch::cat(mel).to(setting_.device),
                     true);
  optimizer_.restart_averages();
}

void Trainer::init_from(const std::string& model_path) {
  const safetensors::Safetensors file = safetensors::read_safetensors(model_path);
  const config::ModelConfig theirs = safetensors::model_config(file.metadata, model_path);
  if (theirs.mel != config_.mel)
    throw Error(model_path, "was trained on mels [" + describe(theirs.mel) +
                                "], the configuration has [" + describe(config_.mel) + "]");
  if (config::to_yaml(network_of(theirs)) != config::to_yaml(network_of(config_)))
    throw Error(model_path, "is another network than the configuration describes",
                "compare glowvox info of both");
  model::load_weights(*model_, file, model_path);
  model_->check_invertible();
  std::vector<torch::Tensor> mel;
  for (const Batch& b : first_batches()) mel.push_back(b.mel);
  measure_mels(torch::cat(mel));
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
  const auto own = likelihood_segments(first, count, segments, share);
  const auto all = likelihood_segments(0, segments, segments, share);
  const auto parts = static_cast<double>(segments / count);
  const double samples =
      static_cast<double>(config_.train.segment_frames) * config_.mel.hop_samples;
  if (own.empty()) return torch::zeros({}, batch.audio.options());
  const bool every = static_cast<std::int64_t>(own.size()) == count;
  const torch::Tensor index = torch::tensor(own).to(batch.audio.device());
  const auto chosen = [&](const torch::Tensor& t) { return every ? t : t.index_select(0, index); };
  const torch::Tensor log_prob = model_->log_prob(chosen(batch.audio), chosen(batch.mel), true);
  return log_prob.sum() * (parts / (static_cast<double>(all.size()) * samples));
}

Trainer::Loss Trainer::loss_of(const Batch& given, std::int64_t draw, std::int64_t first,
                               std::int64_t segments) {
  const Batch batch{given.audio.to(setting_.device), given.mel.to(setting_.device)};
  const config::TrainConfig& t = config_.train;
  Loss loss;
  {
    const torch::AutoGradMode recorded(t.likelihood.weight > 0.0);
    loss.nats_per_sample = nats_of(batch, first, segments);
  }
  loss.objective = -t.likelihood.weight * loss.nats_per_sample;
  if (!sample_loss_) return loss;
  const EnergyDistance d = (*sample_loss_)(*model_, batch.audio, batch.mel,
                                           static_cast<std::uint64_t>(draw * segments + first));
  loss.objective = loss.objective + t.sample_loss.weight * d.objective.mean();
  loss.fit = d.fit.mean();
  loss.spread = d.spread.mean();
  return loss;
}

// In one go: a device is waited for once.
std::vector<double> Trainer::Loss::figures() const {
  std::vector<torch::Tensor> defined = {nats_per_sample};
  if (fit.defined()) defined.insert(defined.end(), {fit, spread});
  const torch::Tensor all = torch::stack(defined).detach().to(torch::kDouble).cpu();
  return {all.data_ptr<double>(), all.data_ptr<double>() + all.numel()};
}

StepResult Trainer::step(double fraction) {
  if (!loader_)
    loader_ = std::make_unique<BatchLoader>(sampler_, share_, progress_.draws,
                                            available_cores() / kCoresPerLoaderThread);
  Ranks& ranks = *setting_.ranks;
  StepResult result;
  result.rate = rate_at(fraction);
  optimizer_.zero_grad();
  std::vector<double> figures(sample_loss_ ? 3 : 1, 0.0);
  const auto finite = [&] {
    return std::all_of(figures.begin(), figures.end(), [](double v) { return std::isfinite(v); });
  };
  for (int pass = 0; pass < share_.passes; ++pass) {
    const Batch batch = loader_->next();
    // A pass that is not finite on one rank is walked back on none.
    if (!finite()) continue;
    const flow::Bf16Guard bf16(config_.train.bf16);
    const Loss loss =
        loss_of(batch, progress_.draws, share_.first + pass * share_.per_pass, config_.train.batch);
    const std::vector<double> sums = ranks.sum(loss.figures());
    for (std::size_t i = 0; i < figures.size(); ++i)
      figures[i] += sums[i] / (ranks.count() * share_.passes);
    if (!finite()) continue;
    ranks.backward(loss.objective / share_.passes, pass + 1 == share_.passes);
  }
  result.nats_per_sample = finite() ? figures[0] : std::numeric_limits<double>::quiet_NaN();
  if (sample_loss_) {
    result.fit = figures[1];
    result.spread = figures[2];
  }
  result.gradient_norm = optimizer_.gradient_norm();
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
  const Batch batch = sampler_.batch(-1, 0, segments);
  MemoryMeter& meter = MemoryMeter::install();
  const std::int64_t before = meter.restart_peak();
  const auto start = std::chrono::steady_clock::now();
  {
    const flow::Bf16Guard bf16(config_.train.bf16);
    loss_of(batch, 0, 0, segments).objective.backward();
    if (setting_.device.is_cuda()) torch::cuda::synchronize();
  }
  const double seconds =
      std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const Cost cost{seconds, static_cast<double>(meter.peak_bytes() - before)};
  optimizer_.zero_grad();
  return cost;
}

Validation Trainer::validate_on(const Corpus& corpus) {
  Validation v;
  with_averages([&] {
    v = validate(*model_, corpus, *setting_.ranks, sample_loss_ ? &*sample_loss_ : nullptr);
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
