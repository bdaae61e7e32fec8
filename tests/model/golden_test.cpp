// Against what NVIDIA's WaveGlow and SqueezeWave's own code computed (PyTorch 1.13, CPU, tiny
// configurations with random weights); data/convert_goldens.py wrote the files.
#include <doctest/doctest.h>

#include <cmath>
#include <string>

#include "model/model_file.hpp"

using namespace glowvox;
using torch::Tensor;

namespace {

struct Golden {
  explicit Golden(const std::string& name)
      : folder(std::string(GLOWVOX_TEST_DATA) + "/" + name),
        io(format::read_safetensors(folder + "/io.safetensors")),
        model(model::load_model(folder + "/model.safetensors")),
        mel((*this)["mel"].transpose(1, 2).contiguous()) {}
  Tensor operator[](const std::string& name) const {
    return model::from_stored(io.tensors.at(name));
  }

  std::string folder;
  format::Safetensors io;
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

void check_forward(const Golden& golden) {
  const torch::NoGradGuard no_grad;
  const model::Encoded e = golden.model->encode(golden["audio"], golden.mel);
  CHECK(relative(e.z.permute({1, 2, 0}), golden["z"]) < 1e-4);
  CHECK(their_loss(e).item<double>() ==
        doctest::Approx(golden["loss_sigma1"].item<double>()).epsilon(1e-4));
  // Theirs is for the whole batch. Their loss adds the mixings' log-dets up in the first one's
  // place, so that entry 0 holds the total.
  const double expected = (golden["sum_log_s"].sum() + golden["sum_log_det_W"][0]).item<double>();
  CHECK(e.log_det.sum().item<double>() == doctest::Approx(expected).epsilon(1e-4));
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

TEST_CASE("WaveGlow: latents, log-dets, loss and synthesis are NVIDIA's") {
  const Golden golden("waveglow");
  check_forward(golden);
  check_synthesis(golden, 0.7, "infer_audio_sigma0.7");
}

TEST_CASE("SqueezeWave: latents, log-dets, loss and synthesis are the original's") {
  const Golden golden("squeezewave");
  check_forward(golden);
  check_synthesis(golden, 1.0, "infer_audio_sigma1");
}

TEST_CASE("WaveGlow: gradients are NVIDIA's") {
  const Golden golden("waveglow");
  their_loss(golden.model->encode(golden["audio"], golden.mel)).backward();
  int compared = 0;
  for (const auto& p : golden.model->named_parameters()) {
    if (golden.io.tensors.count("grad/" + p.key()) == 0) continue;
    CAPTURE(p.key());
    CHECK(relative(p.value().grad(), golden["grad/" + p.key()]) < 1e-3);
    ++compared;
  }
  CHECK(compared == 6);
}
