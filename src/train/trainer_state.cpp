// SPDX-License-Identifier: MIT
// What a checkpoint holds, and the ways into and out of it.
#include <fmt/format.h>

#include <cstdlib>

#include "config/comparison.hpp"
#include "glowvox/error.hpp"
#include "model/model_file.hpp"
#include "train/trainer.hpp"

namespace glowvox::train {

namespace {

constexpr const char* kVersion = "2";
constexpr const char *kFloat32 = "float32", *kBfloat16 = "bfloat16";

// What has to be equal for one run to continue another; how a step is computed may change.
std::string identity(config::ModelConfig config) {
  const config::TrainConfig usual;
  config.train.bf16 = usual.bf16;
  config.train.accumulate = usual.accumulate;
  config.train.recompute = usual.recompute;
  config.mel_statistics = {};
  return config::to_yaml(config);
}

const std::string& entry(const safetensors::Safetensors& file, const std::string& key,
                         const std::string& where) {
  const auto found = file.metadata.find(key);
  if (found == file.metadata.end())
    throw Error(where, "is not a glowvox checkpoint: its metadata has no '" + key + "'");
  return found->second;
}

double number(const safetensors::Safetensors& file, const std::string& key,
              const std::string& where) {
  const std::string& text = entry(file, key, where);
  char* end = nullptr;
  const double value = std::strtod(text.c_str(), &end);
  if (text.empty() || *end != '\0')
    throw Error(where, "its '" + key + "' is '" + text + "', expected a number");
  return value;
}

// Every field of Progress under its name, for whatever is done to all of them.
template <typename P, typename Each>
void each_field(P& p, const Each& each) {
  each("step", p.step);
  each("draws", p.draws);
  each("skipped", p.skipped);
  each("skipped_in_a_row", p.skipped_in_a_row);
  each("setbacks", p.setbacks);
  each("seconds", p.seconds);
  each("best_nats", p.best_nats);
  each("best_step", p.best_step);
}

torch::Tensor to_tensor(const std::vector<Guard::Seen>& seen) {
  const torch::Tensor t = torch::empty({static_cast<int64_t>(seen.size()), 2}, torch::kDouble);
  for (std::size_t i = 0; i < seen.size(); ++i) {
    t[static_cast<int64_t>(i)][0] = seen[i].nats;
    t[static_cast<int64_t>(i)][1] = seen[i].log_norm;
  }
  return t;
}

std::vector<Guard::Seen> from_tensor(const torch::Tensor& t) {
  std::vector<Guard::Seen> seen;
  for (int64_t i = 0; i < t.size(0); ++i)
    seen.push_back({t[i][0].item<double>(), t[i][1].item<double>()});
  return seen;
}

constexpr const char* kSeen = "guard.seen";  // [steps, 2]
constexpr double kUndecided = -1.0;          // products, on their way to other ranks

}  // namespace

safetensors::Safetensors Trainer::checkpoint() const {
  safetensors::Safetensors file;
  file.metadata = {{"checkpoint_version", kVersion},
                   {"config", identity(config_)},
                   {"model_config", config::to_yaml(model_->config())},
                   {"data", corpus_.drawing()},
                   {"products", bf16() ? kBfloat16 : kFloat32},
                   {"seed", std::to_string(seed_)}};
  each_field(progress_, [&](const char* name, const auto& value) {
    file.metadata[name] = fmt::format("{}", value);
  });
  for (const auto& slot : optimizer_.slots()) {
    file.tensors["weight." + slot.name] = model::to_stored(slot.weight);
    file.tensors["m." + slot.name] = model::to_stored(slot.m);
    file.tensors["v." + slot.name] = model::to_stored(slot.v);
    file.tensors["average." + slot.name] = model::to_stored(slot.average);
  }
  for (const auto& b : model_->named_buffers())
    file.tensors["weight." + b.key()] = model::to_stored(b.value());
  file.tensors[kSeen] = model::to_stored(to_tensor(guard_.seen()));
  return file;
}

void Trainer::restore(const safetensors::Safetensors& file, const std::string& where) {
  if (entry(file, "checkpoint_version", where) != kVersion)
    throw Error(where, std::string("expected checkpoint version ") + kVersion + ", got " +
                           entry(file, "checkpoint_version", where));
  const std::string theirs = identity(config::parse_config(entry(file, "config", where), where));
  if (theirs != identity(config_))
    throw Error(where,
                "was written with another configuration: " +
                    config::first_difference(theirs, identity(config_)),
                "resume with the configuration of that run, or use --init-from");
  // Checkpoints have it since there can be several lists.
  const auto drawing = file.metadata.find("data");
  if (drawing != file.metadata.end() && drawing->second != corpus_.drawing())
    throw Error(where,
                "was written by a run that draws " + drawing->second + ", this one draws " +
                    corpus_.drawing(),
                "resume with the --data weights and --speakers of that run, or use --init-from");
  if (entry(file, "seed", where) != std::to_string(seed_))
    throw Error(where, "was written with --seed " + entry(file, "seed", where) + ", got --seed " +
                           std::to_string(seed_));
  // Checkpoints have it since it is measured.
  const auto products = file.metadata.find("products");
  if (!bf16_ && products != file.metadata.end()) bf16_ = products->second == kBfloat16;
  model::load_weights(*model_, file, where, "weight.");
  model_->set_mel_statistics(
      config::parse_config(entry(file, "model_config", where), where).mel_statistics);
  const torch::NoGradGuard no_grad;
  const auto stored = [&](const std::string& name) {
    const auto found = file.tensors.find(name);
    if (found == file.tensors.end()) throw Error(where, "tensor '" + name + "' is missing");
    return model::from_stored(found->second);
  };
  for (auto& slot : optimizer_.slots()) {
    const auto take = [&](const char* prefix, torch::Tensor& into) {
      const torch::Tensor value = stored(prefix + slot.name);
      if (value.sizes() != into.sizes())
        throw Error(where, "tensor '" + (prefix + slot.name) + "' is misshapen");
      into.copy_(value);
    };
    take("m.", slot.m);
    take("v.", slot.v);
    take("average.", slot.average);
  }
  const torch::Tensor seen = stored(kSeen);
  if (seen.dim() != 2 || seen.size(0) > Guard::kWindow || seen.size(1) != 2)
    throw Error(where, std::string("tensor '") + kSeen + "' is misshapen");
  guard_.restore(from_tensor(seen));
  each_field(progress_, [&](const char* name, auto& value) {
    value = static_cast<std::decay_t<decltype(value)>>(number(file, name, where));
  });
  loader_.reset();
}

void Trainer::set_back(const safetensors::Safetensors& file, const std::string& where) {
  const Progress before = progress_;
  restore(file, where);
  progress_.draws = before.draws;
  progress_.skipped = before.skipped;
  progress_.skipped_in_a_row = 0;  // one written at an interrupt may stand in the middle of a row
  progress_.setbacks = before.setbacks + 1;
  progress_.seconds = before.seconds;
}

std::vector<torch::Tensor> Trainer::state() {
  std::vector<torch::Tensor> all;
  for (auto& slot : optimizer_.slots())
    for (const torch::Tensor& t : {slot.weight, slot.m, slot.v, slot.average})
      all.push_back(t.detach());
  for (const torch::Tensor& b : model_->buffers()) all.push_back(b);
  return all;
}

void Trainer::share_state() {
  if (setting_.ranks->count() == 1) return;
  setting_.ranks->wait_for_all();  // one may have been reading a checkpoint
  setting_.ranks->broadcast(state());
  // What is not a tensor travels as the sum of rank 0's numbers and the others' zeros.
  std::vector<double> numbers;
  each_field(progress_, [&](const char*, auto& v) { numbers.push_back(static_cast<double>(v)); });
  numbers.push_back(bf16_ ? static_cast<double>(*bf16_) : kUndecided);
  const std::size_t fields = numbers.size();
  numbers.push_back(static_cast<double>(guard_.seen().size()));
  for (const Guard::Seen& s : guard_.seen()) {
    numbers.push_back(s.nats);
    numbers.push_back(s.log_norm);
  }
  numbers.resize(fields + 1 + 2 * Guard::kWindow);
  if (!setting_.ranks->leads()) numbers.assign(numbers.size(), 0.0);
  numbers = setting_.ranks->sum(numbers);
  std::size_t i = 0;
  each_field(progress_, [&](const char*, auto& v) {
    v = static_cast<std::decay_t<decltype(v)>>(numbers[i++]);
  });
  const double bf16 = numbers[i++];
  bf16_ = bf16 == kUndecided ? std::nullopt : std::optional(bf16 != 0.0);
  std::vector<Guard::Seen> seen(static_cast<std::size_t>(numbers[i++]));
  for (Guard::Seen& s : seen) {
    s.nats = numbers[i++];
    s.log_norm = numbers[i++];
  }
  guard_.restore(std::move(seen));
  loader_.reset();
}

}  // namespace glowvox::train
