#include "train/trainer.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "core/cpu.hpp"
#include "flow/ops.hpp"
#include "format/model_metadata.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"

namespace glowvox::train {

namespace {

constexpr int kCoresPerLoaderThread = 4;
constexpr int kInitialisationBatches = 8;
constexpr double kSmallestDeviation = 1e-3;  // of a band, in the mel's own units
constexpr const char* kCheckpointVersion = "1";

std::shared_ptr<model::FlowVocoder> make_model(const format::ModelConfig& config,
                                               std::uint64_t seed) {
  torch::manual_seed(seed);
  return std::make_shared<model::FlowVocoder>(config);
}

// What has to be equal for one run to continue another; the products' precision may follow the CPU.
std::string identity(format::ModelConfig config) {
  config.train.bf16 = false;
  config.mel_statistics = {};
  return format::to_yaml(config);
}

// What has to be equal for weights to mean the same: all but name, purpose, training and the habits
// of synthesis.
format::ModelConfig network_of(format::ModelConfig config) {
  config.name = config.purpose = "";
  config.train = {};
  config.synthesis = {};
  config.mel_statistics = {};
  return config;
}

const std::string& entry(const format::Safetensors& file, const std::string& key,
                         const std::string& path) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    throw Error(path, "is not a glowvox checkpoint: its metadata has no '" + key + "'");
  return found->second;
}

}  // namespace

Trainer::Trainer(const format::ModelConfig& config, const std::string& data, std::uint64_t seed,
                 const Notify& notify)
    : config_(config),
      seed_(seed),
      corpus_(data, config.mel.sample_rate_hz, notify),
      model_(make_model(config, seed)),
      sampler_(corpus_, config, model_->margin(), seed, notify),
      optimizer_(*model_, config.train) {
  if (config_.train.bf16 && !has_fast_bf16()) {
    config_.train.bf16 = false;
    notify("this CPU has no bfloat16 products (AVX-512 BF16): training in float");
  }
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
  model_->initialize(torch::cat(audio), torch::cat(mel), true);
  for (Optimizer::Slot& slot : optimizer_.slots()) slot.average = slot.weight.detach().clone();
}

void Trainer::init_from(const std::string& model_path) {
  const format::Safetensors file = format::read_safetensors(model_path);
  const format::ModelConfig theirs = format::model_config(file.metadata, model_path);
  if (theirs.mel != config_.mel)
    throw Error(model_path, "was trained on mels [" + describe(theirs.mel) +
                                "], the configuration has [" + describe(config_.mel) + "]");
  if (format::to_yaml(network_of(theirs)) != format::to_yaml(network_of(config_)))
    throw Error(model_path, "is another network than the configuration describes",
                "compare glowvox info of both");
  model::load_weights(*model_, file, model_path);
  model_->check_invertible();
  std::vector<torch::Tensor> mel;
  for (const Batch& b : first_batches()) mel.push_back(b.mel);
  measure_mels(torch::cat(mel));
  for (Optimizer::Slot& slot : optimizer_.slots()) slot.average = slot.weight.detach().clone();
}

double Trainer::rate_at(double fraction) const {
  const format::TrainConfig& t = config_.train;
  const double warmup =
      t.warmup_steps > 0 ? std::min(1.0, (progress_.step + 1.0) / t.warmup_steps) : 1.0;
  const double cosine = 0.5 * (1.0 + std::cos(M_PI * std::clamp(fraction, 0.0, 1.0)));
  return t.rate * warmup * (t.final_rate + (1.0 - t.final_rate) * cosine);
}

StepResult Trainer::step(double fraction) {
  if (!loader_)
    loader_ = std::make_unique<BatchLoader>(sampler_, progress_.step,
                                            available_cores() / kCoresPerLoaderThread);
  const Batch batch = loader_->next();
  StepResult result;
  result.rate = rate_at(fraction);
  optimizer_.zero_grad();
  const double samples =
      static_cast<double>(config_.train.segment_frames) * config_.mel.hop_samples;
  {
    const flow::Bf16Guard bf16(config_.train.bf16);
    const torch::Tensor loss = -model_->log_prob(batch.audio, batch.mel, true).mean() / samples;
    result.nats_per_sample = -loss.item<double>();
    if (std::isfinite(result.nats_per_sample)) loss.backward();
  }
  result.gradient_norm = optimizer_.gradient_norm();
  result.skipped = !std::isfinite(result.nats_per_sample) || !std::isfinite(result.gradient_norm);
  const double clip = config_.train.clip_norm;
  if (result.skipped)
    ++progress_.skipped;
  else
    optimizer_.step(progress_.step, result.rate,
                    clip > 0.0 ? std::min(1.0, clip / (result.gradient_norm + 1e-12)) : 1.0);
  ++progress_.step;
  return result;
}

Validation Trainer::validate_on(const Corpus& corpus) {
  optimizer_.swap_averages();
  const Validation v = validate(*model_, corpus);
  optimizer_.swap_averages();
  return v;
}

void Trainer::save_model(const std::string& path, bool half) {
  optimizer_.swap_averages();
  model::save_model(path, *model_, half);
  optimizer_.swap_averages();
}

void Trainer::save_checkpoint(const std::string& path) {
  format::Safetensors file;
  file.metadata = {{"checkpoint_version", kCheckpointVersion},
                   {"config", identity(config_)},
                   {"model_config", format::to_yaml(model_->config())},
                   {"seed", std::to_string(seed_)},
                   {"step", std::to_string(progress_.step)},
                   {"skipped", std::to_string(progress_.skipped)},
                   {"seconds", fmt::format("{}", progress_.seconds)}};
  for (const auto& slot : optimizer_.slots()) {
    file.tensors["weight." + slot.name] = model::to_stored(slot.weight);
    file.tensors["m." + slot.name] = model::to_stored(slot.m);
    file.tensors["v." + slot.name] = model::to_stored(slot.v);
    file.tensors["average." + slot.name] = model::to_stored(slot.average);
  }
  for (const auto& b : model_->named_buffers())
    file.tensors["weight." + b.key()] = model::to_stored(b.value());
  format::write_safetensors(path, file);
}

void Trainer::restore(const std::string& path) {
  const format::Safetensors file = format::read_safetensors(path);
  if (entry(file, "checkpoint_version", path) != kCheckpointVersion)
    throw Error(path,
                "expected checkpoint version 1, got " + entry(file, "checkpoint_version", path));
  if (identity(format::parse_config(entry(file, "config", path), path)) != identity(config_))
    throw Error(path, "was written with another configuration",
                "resume with the configuration of that run, or use --init-from");
  if (entry(file, "seed", path) != std::to_string(seed_))
    throw Error(path, "was written with --seed " + entry(file, "seed", path) + ", got --seed " +
                          std::to_string(seed_));
  model::load_weights(*model_, file, path, "weight.");
  // Older checkpoints do not say.
  if (file.metadata.count("model_config") > 0)
    model_->set_mel_statistics(
        format::parse_config(file.metadata.at("model_config"), path).mel_statistics);
  const torch::NoGradGuard no_grad;
  for (auto& slot : optimizer_.slots()) {
    const auto take = [&](const char* prefix, torch::Tensor& into) {
      const auto found = file.tensors.find(prefix + slot.name);
      if (found == file.tensors.end() || found->second.shape != into.sizes().vec())
        throw Error(path,
                    "tensor '" + std::string(prefix) + slot.name + "' is missing or misshapen");
      into.copy_(model::from_stored(found->second));
    };
    take("m.", slot.m);
    take("v.", slot.v);
    take("average.", slot.average);
  }
  const auto number = [&](const char* key) {
    const std::string& text = entry(file, key, path);
    char* end = nullptr;
    const double value = std::strtod(text.c_str(), &end);
    if (text.empty() || *end != '\0' || !(value >= 0.0))
      throw Error(path, std::string("its '") + key + "' is '" + text + "', expected a number");
    return value;
  };
  progress_.step = static_cast<std::int64_t>(number("step"));
  progress_.skipped = static_cast<std::int64_t>(number("skipped"));
  progress_.seconds = number("seconds");
  loader_.reset();
}

double Trainer::seconds_per_batch() const {
  return static_cast<double>(config_.train.batch) * config_.train.segment_frames *
         config_.mel.hop_samples / config_.mel.sample_rate_hz;
}

}  // namespace glowvox::train
