// SPDX-License-Identifier: MIT
// Against what NVIDIA's WaveGlow and SqueezeWave's own code computed (data/README.md), from the
// checkpoints that they wrote.
#include "golden.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "exchange/waveglow_export.hpp"
#include "model/model_file.hpp"
#include "safetensors/floats.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

struct Golden {
  explicit Golden(std::string program, const std::string& checkpoint = "tiny_state_dict.pt")
      : name(std::move(program)) {
    const test::TemporaryDirectory folder;
    test::import_checkpoint(test::data_file(name + "/" + checkpoint), folder.file("m"));
    model = model::load_model(folder.file("m"));
    mel = (*this)["mel"].transpose(1, 2).contiguous();
  }
  Tensor operator[](const std::string& array) const {
    const arrays::Array values = test::golden_array(name, array);
    return torch::tensor(values.values).view(values.shape);
  }

  std::string name;
  std::shared_ptr<model::FlowVocoder> model;
  Tensor mel;  // [B, F, bands]
};

double relative(const Tensor& got, const Tensor& expected) {
  return ((got - expected).norm() / expected.norm()).item<double>();
}

// Their loss (sigma 1): (sum z^2 / 2 - log-dets) / numel, without the Gaussian's constant.
Tensor their_loss(const model::Encoded& e) {
  return (0.5 * e.z.square().sum() - e.log_det.sum()) / static_cast<double>(e.z.numel());
}

// The log-dets of every step's mixing and coupling, over the batch: the layers walked one by one.
struct StepLogDets {
  std::vector<double> mixing, coupling;
};

StepLogDets step_log_dets(const Golden& golden) {
  const config::ModelConfig& config = golden.model->config();
  const auto children = golden.model->named_children();
  const auto given = children["conditioner"]->as<flow::Conditioner>()->forward(
      golden.mel.transpose(0, 1).contiguous());
  Tensor x = flow::Lift(config.lift).forward(golden["audio"]);
  StepLogDets result;
  for (int i = 0; i < config.steps; ++i) {
    const int64_t leave = x.size(2) - config::channels_at_step(config, i);
    x = x.narrow(2, leave, x.size(2) - leave);
    const std::string step = "step_" + std::to_string(i);
    for (const auto& [part, sums] :
         {std::pair{"_mixing", &result.mixing}, std::pair{"_coupling", &result.coupling}}) {
      const flow::Output out =
          std::dynamic_pointer_cast<flow::Layer>(children[step + part])->forward(x, given);
      x = out.z;
      sums->push_back(out.log_det.sum().item<double>());
    }
  }
  return result;
}

void check_forward(const Golden& golden) {
  const torch::NoGradGuard no_grad;
  const model::Encoded e = golden.model->encode(golden["audio"], golden.mel);
  CHECK(relative(e.z.permute({1, 2, 0}), golden["z"]) < 1e-4);
  CHECK(their_loss(e).item<double>() ==
        doctest::Approx(golden["loss_sigma1"].item<double>()).epsilon(1e-4));
  // Theirs are for the whole batch. Their loss adds the mixings' log-dets up in the first one's
  // place, so that entry 0 holds the total.
  const StepLogDets steps = step_log_dets(golden);
  const Tensor sum_log_s = golden["sum_log_s"], log_det_w = golden["sum_log_det_W"];
  double mixings = 0.0;
  for (size_t i = 0; i < steps.coupling.size(); ++i) {
    CAPTURE(i);
    CHECK(steps.coupling[i] ==
          doctest::Approx(sum_log_s[static_cast<int64_t>(i)].item<double>()).epsilon(1e-4));
    if (i > 0)
      CHECK(steps.mixing[i] ==
            doctest::Approx(log_det_w[static_cast<int64_t>(i)].item<double>()).epsilon(1e-4));
    mixings += steps.mixing[i];
  }
  CHECK(mixings == doctest::Approx(log_det_w[0].item<double>()).epsilon(1e-4));
  CHECK(e.log_det.sum().item<double>() ==
        doctest::Approx((sum_log_s.sum() + log_det_w[0]).item<double>()).epsilon(1e-4));
  CHECK((golden.model->decode(e.z, golden.mel) - golden["audio"]).abs().max().item<double>() <
        1e-4);
}

// Noise in the order in which inference meets it: the remaining channels, then the early outputs
// from the last to the first; ours is in the order of encode, early outputs first.
void check_synthesis(const Golden& golden, double sigma, const std::string& expected) {
  const torch::NoGradGuard no_grad;
  const Tensor z =
      torch::cat({golden["infer_noise_2"], golden["infer_noise_1"], golden["infer_noise_0"]}, 1);
  const Tensor audio = golden.model->decode((z * sigma).permute({2, 0, 1}), golden.mel);
  CHECK((audio - golden[expected]).abs().max().item<double>() < 1e-4);
}

}  // namespace

TEST_CASE("WaveGlow: latents, log-dets, loss and synthesis are NVIDIA's, from every container") {
  for (const char* checkpoint :
       {"tiny_state_dict.pt", "tiny_state_dict_legacy.pt", "tiny_pickled_module.pt",
        "tiny_dataparallel_state_dict.pt", "tiny_state_dict_no_weight_norm.pt"}) {
    CAPTURE(checkpoint);
    const Golden golden("waveglow", checkpoint);
    check_forward(golden);
    check_synthesis(golden, 0.7, "infer_audio_sigma0.7");
  }
}

TEST_CASE("SqueezeWave: latents, log-dets, loss and synthesis are the original's") {
  const Golden golden("squeezewave");
  check_forward(golden);
  check_synthesis(golden, 1.0, "infer_audio_sigma1");
}

// Export gives gradients their names and layouts as it does weights.
TEST_CASE("WaveGlow: gradients are NVIDIA's") {
  const Golden golden("waveglow");
  their_loss(golden.model->encode(golden["audio"], golden.mel)).backward();
  const test::TemporaryDirectory folder;
  safetensors::Safetensors gradients;
  for (const auto& p : golden.model->named_parameters())
    gradients.tensors[p.key()] = model::to_stored(p.value().grad());
  safetensors::write_safetensors(folder.file("g"), gradients);
  const auto theirs = exchange::export_waveglow(
      golden.model->config(), safetensors::MappedSafetensors(folder.file("g")), "gradients");
  for (const char* name :
       {"upsample.weight", "WN.0.start.weight_v", "WN.0.in_layers.1.weight_g",
        "WN.3.cond_layer.weight_v", "WN.5.end.weight", "convinv.2.conv.weight"}) {
    CAPTURE(name);
    CHECK(relative(model::from_stored(theirs.at(name)), golden[std::string("grad/") + name]) <
          1e-3);
  }
}
