// SPDX-License-Identifier: MIT
// A network made narrower by what a wider one computes.
#include <functional>
#include <map>

#include "config/comparison.hpp"
#include "flow/law.hpp"
#include "flow/narrowing.hpp"
#include "glowvox/error.hpp"
#include "model/flow_vocoder.hpp"
#include "temporary.hpp"

using namespace glowvox;
using model::FlowVocoder;
using torch::Tensor;

namespace {

config::ModelConfig with_channels(int conditioner, int net) {
  config::ModelConfig config = config::read_config(std::string(GLOWVOX_CONFIGS) + "/tiny.yaml");
  config.conditioner.channels = conditioner;
  config.net.channels = net;
  config.mixing = config::MixingKind::kLu;
  return config;
}

bool starts_with(const std::string& text, const std::string& start) {
  return text.rfind(start, 0) == 0;
}

// Gives `wide` more channels than `narrow` has, which compute something that nothing reads.
void pad(FlowVocoder& wide, const FlowVocoder& narrow) {
  const torch::NoGradGuard no_grad;
  const auto from = narrow.named_parameters(), buffers = narrow.named_buffers();
  for (const auto& item : wide.named_buffers()) item.value().copy_(buffers[item.key()]);
  for (const auto& item : wide.named_parameters()) {
    Tensor to = item.value();
    const Tensor& value = from[item.key()];
    if (to.sizes() == value.sizes()) {
      to.copy_(value);
      continue;
    }
    to.normal_(0.0, 0.2);
    // Outputs come in parts of a width each: of a gate's halves, of residual and skip.
    const bool features = starts_with(item.key(), "conditioner");
    const int64_t width =
        features ? narrow.config().conditioner.channels : narrow.config().net.channels;
    const int64_t parts = to.size(0) == value.size(0) ? 1 : value.size(0) / width;
    const auto target = to.chunk(parts, 0), source = value.chunk(parts, 0);
    for (int64_t i = 0; i < parts; ++i) {
      Tensor part = target[i].narrow(0, 0, source[i].size(0));
      if (to.dim() == 3) {
        const int64_t inputs = value.size(2);
        target[i].narrow(2, inputs, to.size(2) - inputs).zero_();
        part = part.narrow(2, 0, inputs);
      }
      part.copy_(source[i]);
    }
  }
}

// A model of `narrow` and one of `wide` that computes the same, and a third that is made of that.
void check_narrowed(const config::ModelConfig& narrow_config,
                    const config::ModelConfig& wide_config) {
  torch::manual_seed(3);
  FlowVocoder narrow(narrow_config), wide(wide_config), made(narrow_config);
  for (FlowVocoder* model : {&narrow, &wide, &made}) model->to(torch::kDouble);
  test::shake(narrow, 0.1);
  pad(wide, narrow);
  const int64_t frames = 48, hop = narrow_config.mel.hop_samples;
  // The scale of what the nets see is about 1.
  const double level = narrow_config.scale_shift ? 0.01 : 1.0;
  const auto audio = [&] { return torch::randn({8, frames * hop}, torch::kDouble) * level; };
  const auto mel = [&] {
    return torch::randn({8, frames, narrow_config.mel.bands}, torch::kDouble) - 5.0;
  };
  const Tensor x = audio(), given = mel();
  REQUIRE(torch::allclose(wide.log_prob(x, given), narrow.log_prob(x, given)));
  made.narrow(wide, audio(), mel());
  const torch::NoGradGuard no_grad;
  const Tensor z = narrow.encode(x, given).z;
  const auto error = [](const Tensor& a, const Tensor& b) {
    return ((a - b).norm() / b.norm()).item<double>();
  };
  CHECK(error(made.encode(x, given).z, z) < 1e-3);
  CHECK(error(made.decode(z, given), x) < 1e-3);
}

}  // namespace

TEST_CASE("a network whose other channels nothing reads is made narrower without loss") {
  for (const auto& [conditioner, net] : {std::pair{24, 28}, {16, 28}, {24, 16}, {16, 16}}) {
    CAPTURE(conditioner);
    CAPTURE(net);
    check_narrowed(with_channels(16, 16), with_channels(conditioner, net));
  }
}

TEST_CASE("networks of other forms are made narrower without loss") {
  using Change = std::function<void(config::ModelConfig&)>;
  const std::map<std::string, Change> forms = {
      {"norms, both sides",
       [](config::ModelConfig& c) { c.net.weight_norm = true, c.net.causal = false; }},
      {"additive",
       [](config::ModelConfig& c) { c.coupling.kind = config::CouplingKind::kAdditive; }},
      {"early",
       [](config::ModelConfig& c) {
         c.early = {1, 16};
       }},
      {"repeat",
       [](config::ModelConfig& c) { c.conditioner.kind = config::ConditionerKind::kRepeat; }},
      {"no scale and shift", [](config::ModelConfig& c) { c.scale_shift = false; }},
  };
  for (const auto& [form, change] : forms) {
    CAPTURE(form);
    config::ModelConfig narrow = with_channels(16, 16), wide = with_channels(16, 28);
    change(narrow);
    change(wide);
    check_narrowed(narrow, wide);
  }
}

TEST_CASE("a narrower network is one with fewer channels and no other difference") {
  const auto narrower = [](const config::ModelConfig& a, const config::ModelConfig& b) {
    return config::is_narrower(a, b);
  };
  const config::ModelConfig wide = with_channels(24, 28);
  CHECK(narrower(with_channels(16, 28), wide));
  CHECK(narrower(with_channels(24, 16), wide));
  CHECK_FALSE(narrower(wide, wide));
  CHECK_FALSE(narrower(with_channels(16, 32), wide));
  CHECK_FALSE(narrower(wide, with_channels(16, 16)));
  config::ModelConfig other = with_channels(16, 16);
  other.train.rate *= 2.0;
  CHECK(narrower(other, wide));
  other.steps += 1;
  CHECK_FALSE(narrower(other, wide));
  config::ModelConfig separable = wide, fewer = with_channels(16, 16);
  separable.net.kind = fewer.net.kind = config::NetKind::kSeparable;
  CHECK_FALSE(narrower(fewer, separable));
}

TEST_CASE("separable nets are not made narrower") {
  config::ModelConfig config = with_channels(16, 16);
  config.net.kind = config::NetKind::kSeparable;
  FlowVocoder made(config), wide(config);
  const int64_t frames = 32;
  CHECK(test::contains(test::error_of([&] {
                         made.narrow(wide, torch::randn({1, frames * config.mel.hop_samples}),
                                     torch::randn({1, frames, config.mel.bands}));
                       }),
                       "expected wavenet"));
}

TEST_CASE("a reduced map tells what it is to tell as well as its rank allows") {
  torch::manual_seed(4);
  const auto options = torch::TensorOptions().dtype(torch::kDouble);
  // What is told is of rank 3, though all ten values vary.
  const Tensor map = at::mm(torch::randn({7, 3}, options), torch::randn({3, 10}, options));
  const Tensor x = at::mm(torch::randn({500, 10}, options), torch::randn({10, 10}, options)) + 1.0;
  const flow::Projection p = flow::reduced(flow::covariance_of(x), map, 3);
  const Tensor around = x - flow::mean_of(x);
  const Tensor whole = at::mm(around, map.t());
  const auto error = [&](const flow::Projection& q) {
    const Tensor told = at::mm(at::mm(at::mm(around, q.down.t()), q.up.t()), map.t());
    return ((told - whole).norm() / whole.norm()).item<double>();
  };
  CHECK(error(p) < 1e-5);
  CHECK(error(flow::reduced(flow::covariance_of(x), map, 2)) > 0.05);
  // Of channels of which two say the same, one is chosen.
  Tensor twins = torch::randn({500, 4}, options);
  twins.select(1, 3).copy_(twins.select(1, 0));
  const Tensor sum = torch::tensor({{1.0, 0.5, 0.0, 1.0}}, options);
  const Tensor chosen = flow::telling(flow::covariance_of(twins), sum, 2);
  CHECK(torch::equal(chosen, torch::tensor({0, 1}, torch::kLong)));
}
