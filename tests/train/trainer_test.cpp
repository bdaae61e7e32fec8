// SPDX-License-Identifier: MIT
#include "train/trainer.hpp"

#include <ATen/record_function.h>

#include <atomic>
#include <cmath>

#include "flow/ops.hpp"
#include "model/model_file.hpp"
#include "train/training.hpp"

using namespace glowvox;

namespace {

std::vector<torch::Tensor> copies(train::Trainer& trainer) {
  std::vector<torch::Tensor> weights;
  for (const auto& p : trainer.model().parameters()) weights.push_back(p.detach().clone());
  return weights;
}

bool equal(const std::vector<torch::Tensor>& a, const std::vector<torch::Tensor>& b) {
  for (std::size_t i = 0; i < a.size(); ++i)
    if (!torch::equal(a[i], b[i])) return false;
  return a.size() == b.size();
}

train::Validation held_out(train::Trainer& trainer) {
  const std::atomic<bool> stop{false};
  return trainer.validate_on(trainer.corpus(), stop).value();
}

}  // namespace

TEST_CASE("resuming equals not having stopped, bit for bit") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  train::Setting setting;
  SUBCASE("by likelihood") {}
  SUBCASE("by likelihood and energy distance") { config = test::tiny_sampled(); }
  SUBCASE("in bfloat16") { setting.products = train::Products::kBfloat16; }
  train::Trainer whole(config, speech.folder(), 1, test::ignore, setting);
  whole.initialize();
  for (int i = 0; i < 12; ++i) whole.step(i / 12.0);

  train::Trainer first(config, speech.folder(), 1, test::ignore, setting);
  first.initialize();
  for (int i = 0; i < 5; ++i) first.step(i / 12.0);
  const safetensors::Safetensors checkpoint = first.checkpoint();

  train::Trainer second(config, speech.folder(), 1, test::ignore, setting);
  second.restore(checkpoint, "checkpoint");
  CHECK(second.progress().step == 5);
  for (int i = 5; i < 12; ++i) second.step(i / 12.0);
  CHECK(equal(copies(whole), copies(second)));
  whole.save_model(speech.file("whole.safetensors"), false);
  second.save_model(speech.file("second.safetensors"), false);
  const auto a = safetensors::read_safetensors(speech.file("whole.safetensors"));
  const auto b = safetensors::read_safetensors(speech.file("second.safetensors"));
  for (const auto& [name, tensor] : a.tensors) CHECK(tensor.bytes == b.tensors.at(name).bytes);
}

// What makes a host wait for its device: values that are looked at. A step looks at its figures,
// copied in one piece in the end, and at nothing else.
TEST_CASE("a step on a device asks it for no value on the way") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny_sampled();
  // Not with samples as well: LAPACK's inverse, unlike a GPU's, has its pivots looked at.
  SUBCASE("by likelihood, with a mixing matrix") {
    config.train.likelihood = {};
    config.train.sample_loss.weight = 0.0;
    config.mixing = config::MixingKind::kLu;
  }
  SUBCASE("by likelihood and energy distance") {}
  config.train.accumulate = 2;
  train::Trainer trainer(config, speech.folder(), 1, test::ignore);
  trainer.initialize();
  static std::atomic<int> asked{0}, operators{0};
  const auto count = [](const at::RecordFunction& f) -> std::unique_ptr<at::ObserverContext> {
    const std::string name = f.name();
    ++operators;
    for (const char* waits : {"aten::_local_scalar_dense", "aten::item", "aten::is_nonzero",
                              "aten::equal", "aten::nonzero", "aten::masked_select"})
      if (name == waits) ++asked;
    return nullptr;
  };
  asked = operators = 0;
  const flow::PortableGuard as_a_device(true);
  trainer.step(0.0);
  const auto handle = at::addGlobalCallback(at::RecordFunctionCallback(count));
  const train::StepResult result = trainer.step(0.1);
  const int by_step = asked;
  trainer.model().named_parameters()["scale_shift.bias"].sum().item<float>();
  at::removeCallback(handle);
  CHECK(!result.skipped());
  CHECK(operators > 100);
  CHECK(by_step == 0);
  CHECK(asked > 0);  // it would have been seen
}

TEST_CASE("a checkpoint of another run is refused") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  safetensors::Safetensors file = trainer.checkpoint();
  config::ModelConfig config = test::tiny();
  config.train.rate *= 2.0;
  train::Trainer other(config, speech.folder(), 1, test::ignore);
  CHECK(test::contains(test::error_of([&] { other.restore(file, "c"); }),
                       "another configuration: 'rate: "));
  train::Trainer seeded(test::tiny(), speech.folder(), 2, test::ignore);
  CHECK(test::contains(test::error_of([&] { seeded.restore(file, "c"); }), "--seed 1"));
  file.metadata.erase("step");
  CHECK(test::contains(test::error_of([&] { trainer.restore(file, "c"); }),
                       "is not a glowvox checkpoint"));
  // How a step is computed may change.
  config::ModelConfig split = test::tiny();
  split.train.accumulate = 2;
  split.train.recompute = true;
  train::Trainer same(split, speech.folder(), 1, test::ignore);
  CHECK_NOTHROW(same.restore(trainer.checkpoint(), "c"));
}

TEST_CASE("measuring in what products are faster leaves the weights alone and is done once") {
  const test::SpeechFolder speech;
  std::string said;
  const auto note = [&](const std::string& text) { said += text + "\n"; };
  train::Trainer trainer(test::tiny(), speech.folder(), 1, note);
  trainer.initialize();
  CHECK(!trainer.bf16());
  const auto before = copies(trainer);
  trainer.choose_products(note);
  CHECK(equal(before, copies(trainer)));
  const bool measured = test::contains(said, "in bfloat16\n");
  CHECK(measured != test::contains(said, "this CPU has no bfloat16 products"));
  const std::string once = said;
  trainer.choose_products(note);
  CHECK(said == once);
  // What is forced or not allowed is not measured.
  config::ModelConfig config = test::tiny();
  train::Setting setting;
  SUBCASE("forced") { setting.products = train::Products::kBfloat16; }
  SUBCASE("forbidden") { setting.products = train::Products::kFloat32; }
  SUBCASE("not allowed") { config.train.bf16 = false; }
  said.clear();
  train::Trainer other(config, speech.folder(), 1, note, setting);
  other.choose_products(note);
  CHECK(!test::contains(said, "products in "));
  CHECK(other.bf16() == (setting.products == train::Products::kBfloat16));
}

TEST_CASE("training raises the held-out likelihood, and the conditioner lives") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  trainer.initialize();
  const train::Validation before = held_out(trainer);
  for (int i = 0; i < 60; ++i) {
    const train::StepResult r = trainer.step(i / 60.0);
    CHECK(!r.skipped());
    CHECK(std::isfinite(r.gradient_norm));
  }
  const train::Validation after = held_out(trainer);
  CHECK(after.nats_per_sample > before.nats_per_sample + 0.05);
  CHECK(after.swapped_mel_loss > 0.1);
  CHECK(after.feature_variation > 0.1);
  REQUIRE(after.band_nats.size() == train::kBands);
  double mean = 0.0;
  for (const double nats : after.band_nats) mean += nats / train::kBands;
  CHECK(mean == doctest::Approx(after.nats_per_sample).epsilon(1e-5));
}

TEST_CASE("training by the flow's own samples brings them nearer, and reports the likelihood") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny_sampled(), speech.folder(), 1, test::ignore);
  trainer.initialize();
  const train::Validation before = held_out(trainer);
  for (int i = 0; i < 60; ++i) {
    const train::StepResult r = trainer.step(i / 60.0);
    CHECK(!r.skipped());
    CHECK(std::isfinite(r.nats_per_sample));
    CHECK(r.fit > 0.0);
    CHECK(r.spread > 0.0);
    CHECK(r.mel > 0.0);
  }
  const train::Validation after = held_out(trainer);
  CHECK(2.0 * after.fit - after.spread < 2.0 * before.fit - before.spread - 0.05);
  CHECK(after.mel < 0.98 * before.mel);
  CHECK(after.nats_per_sample > before.nats_per_sample);
  // The same in two passes, or of all segments' likelihood, or of no likelihood at all.
  const auto first_step = [&](const config::ModelConfig& config) {
    train::Trainer one(config, speech.folder(), 1, test::ignore);
    one.initialize();
    return one.step(0.0);
  };
  config::ModelConfig config = test::tiny_sampled();
  const train::StepResult whole = first_step(config);
  config.train.accumulate = 4;
  const train::StepResult split = first_step(config);
  CHECK(split.nats_per_sample == doctest::Approx(whole.nats_per_sample).epsilon(1e-5));
  CHECK(split.fit == doctest::Approx(whole.fit).epsilon(1e-5));
  CHECK(split.mel == doctest::Approx(whole.mel).epsilon(1e-5));
  CHECK(split.gradient_norm == doctest::Approx(whole.gradient_norm).epsilon(1e-4));
  config.train.likelihood.weight = 0.0;
  const train::StepResult reported = first_step(config);
  CHECK(reported.nats_per_sample == doctest::Approx(whole.nats_per_sample).epsilon(1e-5));
  CHECK(reported.gradient_norm != doctest::Approx(whole.gradient_norm).epsilon(1e-3));
}

TEST_CASE("a dead conditioner shows as zero") {
  const test::SpeechFolder speech;
  model::FlowVocoder model(test::tiny());
  {
    const torch::NoGradGuard no_grad;
    for (auto& p : model.named_parameters())
      if (p.key().rfind("conditioner.input", 0) == 0) p.value().zero_();
    model.named_buffers()["scale_shift.mel_weight"].zero_();
  }
  const train::Corpus corpus(speech.folder(), 22050, test::ignore);
  const train::Validation v = train::validate(model, corpus);
  CHECK(v.swapped_mel_loss == doctest::Approx(0.0));
  CHECK(v.feature_variation < 0.2);
}

TEST_CASE("a validation that is stopped gives nothing, and the weights are as before") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  const double whole = held_out(trainer).nats_per_sample;
  const std::atomic<bool> stop{true};
  CHECK_FALSE(trainer.validate_on(trainer.corpus(), stop).has_value());
  CHECK(held_out(trainer).nats_per_sample == whole);
}

TEST_CASE("a lone held-out clip is swapped with its own second half") {
  const test::TemporaryDirectory folder;
  audio::write_audio(folder.file("a.wav"), test::speech(), 22050);
  model::FlowVocoder model(test::tiny());
  const train::Corpus corpus(folder.file(""), 22050, test::ignore);
  CHECK(std::abs(train::validate(model, corpus).swapped_mel_loss) > 0.1);
}

TEST_CASE("weights of another network are refused") {
  const test::SpeechFolder speech;
  const std::string path = speech.file("m.safetensors");
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  trainer.save_model(path, false);
  config::ModelConfig config = test::tiny();
  config.train.rate *= 2.0;
  train::Trainer same(config, speech.folder(), 1, test::ignore);
  CHECK_NOTHROW(same.init_from(path));
  config.coupling.alternate = false;
  train::Trainer other(config, speech.folder(), 1, test::ignore);
  CHECK(test::contains(test::error_of([&] { other.init_from(path); }), "is another network"));
}

TEST_CASE("a narrower network begins with nearly what a wider one knows") {
  const test::SpeechFolder speech;
  const std::string path = speech.file("m.safetensors");
  config::ModelConfig config = test::tiny();
  config.net.channels = 24;
  config.conditioner.channels = 20;
  train::Trainer wide(config, speech.folder(), 1, test::ignore);
  wide.initialize();
  for (int i = 0; i < 60; ++i) wide.step(0.1);
  wide.save_model(path, false);
  const auto model = model::load_model(path);
  const auto nats = [&](model::FlowVocoder& one) {
    return train::validate(one, wide.corpus()).nats_per_sample;
  };
  train::Trainer narrow(test::tiny(), speech.folder(), 1, test::ignore);
  narrow.initialize();
  const double known = nats(*model), fresh = nats(narrow.model());
  REQUIRE(known > fresh);
  std::string said;
  narrow.init_from(path, [&](const std::string& text) { said = text; });
  CHECK(test::contains(said, "24 channels of a net become 16"));
  CHECK(nats(narrow.model()) > fresh + 0.8 * (known - fresh));
  narrow.save_model(path, false);
  CHECK(test::contains(test::error_of([&] { wide.init_from(path); }), "is another network"));
}

TEST_CASE("a step that is not finite is skipped and counted, the weights stay") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  trainer.initialize();
  {
    const torch::NoGradGuard no_grad;
    trainer.model().named_parameters()["scale_shift.bias"].fill_(-1e4f);
  }
  const auto before = copies(trainer);
  CHECK(trainer.step(0.0).verdict == train::Verdict::kNotFinite);
  CHECK(trainer.progress().skipped == 1);
  CHECK(trainer.progress().step == 1);
  CHECK(equal(before, copies(trainer)));
  CHECK(trainer.last_files() ==
        std::vector<std::string>{speech.file("a.wav"), speech.file(test::kSecondClip)});
}

TEST_CASE("the rate warms up, then falls along a cosine") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  config.train.warmup_steps = 10;
  train::Trainer trainer(config, speech.folder(), 1, test::ignore);
  CHECK(trainer.rate_at(0.0) == doctest::Approx(config.train.rate / 10.0));
  trainer.progress().step = 100;
  CHECK(trainer.rate_at(0.0) == doctest::Approx(config.train.rate));
  CHECK(trainer.rate_at(0.5) ==
        doctest::Approx(config.train.rate * (1.0 + config.train.final_rate) / 2.0));
  CHECK(trainer.rate_at(1.0) == doctest::Approx(config.train.rate * config.train.final_rate));
}

// Adam's first step moves every weight by the rate against the sign of its gradient; two steps with
// one gradient are the same as one of twice the length.
TEST_CASE("the optimizer is Adam with decoupled decay and an average") {
  torch::nn::Module module;
  const torch::Tensor w = module.register_parameter("w", torch::tensor({1.0f, -2.0f}));
  config::TrainConfig config;
  config.weight_decay = 0.1;
  train::Optimizer optimizer(module, config);
  torch::Tensor handle = w;
  handle.mutable_grad() = torch::tensor({0.3f, -4.0f});
  CHECK(optimizer.gradient_norm().item<double>() == doctest::Approx(std::sqrt(0.09 + 16.0)));
  optimizer.step(0, 0.01, 1.0);
  CHECK(w[0].item<float>() == doctest::Approx(1.0 * (1 - 0.001) - 0.01));
  CHECK(w[1].item<float>() == doctest::Approx(-2.0 * (1 - 0.001) + 0.01));
  const double decay = 2.0 / 11.0;
  CHECK(optimizer.slots()[0].average[0].item<float>() ==
        doctest::Approx(decay * 1.0 + (1.0 - decay) * w[0].item<float>()));
  optimizer.step(1, 0.01, 0.5);  // a scaled gradient with the same sign: Adam's step is the same
  CHECK(w[0].item<float>() < 0.981f);
}

TEST_CASE("a step in passes is the step at once") {
  const test::SpeechFolder speech;
  const auto gradients = [&](int passes, bool recompute) {
    config::ModelConfig config = test::tiny();
    config.train.accumulate = passes;
    config.train.recompute = recompute;
    train::Trainer trainer(config, speech.folder(), 1, test::ignore);
    trainer.initialize();
    for (int i = 0; i < 5; ++i) trainer.step(i / 5.0);
    return copies(trainer);
  };
  const auto whole = gradients(1, false);
  for (const int passes : {2, 8})
    for (const bool recompute : {false, true}) {
      const auto split = gradients(passes, recompute);
      for (std::size_t i = 0; i < whole.size(); ++i)
        CHECK(torch::allclose(whole[i], split[i], 1e-3, 1e-4));
    }
  config::ModelConfig odd = test::tiny();
  odd.train.accumulate = 3;
  CHECK(
      test::contains(test::error_of([&] { train::Trainer(odd, speech.folder(), 1, test::ignore); }),
                     "expected a multiple of 3"));
}

TEST_CASE("an outlier in the middle of a run is skipped, and the run goes on") {
  const test::SpeechFolder speech;
  config::ModelConfig config = test::tiny();
  config.base = {};  // with tails nothing is far out
  train::Trainer trainer(config, speech.folder(), 1, test::ignore);
  trainer.initialize();
  for (int i = 0; i < 40; ++i) REQUIRE(!trainer.step(0.0).skipped());
  const auto before = copies(trainer);
  const auto weight = trainer.model().named_parameters()["scale_shift.bias"];
  const torch::Tensor good = weight.detach().clone();
  {
    const torch::NoGradGuard no_grad;
    weight.sub_(3.0);  // as if a batch did not fit at all
  }
  CHECK(trainer.step(0.0).verdict == train::Verdict::kLikelihood);
  {
    const torch::NoGradGuard no_grad;
    weight.copy_(good);
  }
  CHECK(equal(before, copies(trainer)));
  CHECK(trainer.progress().skipped_in_a_row == 1);
  CHECK(!trainer.step(0.0).skipped());
  CHECK(trainer.progress().skipped_in_a_row == 0);
}

TEST_CASE("going back halves the rate, draws other batches and begins a row of its own") {
  const test::SpeechFolder speech;
  train::Trainer trainer(test::tiny(), speech.folder(), 1, test::ignore);
  trainer.initialize();
  for (int i = 0; i < 15; ++i) trainer.step(0.0);
  trainer.progress().skipped_in_a_row = 2;  // as when a run is interrupted in the middle of a row
  const safetensors::Safetensors checkpoint = trainer.checkpoint();
  const auto weights = copies(trainer);
  const double rate = trainer.rate_at(0.0);
  for (int i = 0; i < 3; ++i) trainer.step(0.0);
  trainer.set_back(checkpoint, "checkpoint");
  CHECK(equal(weights, copies(trainer)));
  CHECK(trainer.progress().step == 15);
  CHECK(trainer.progress().draws == 18);
  CHECK(trainer.progress().skipped_in_a_row == 0);
  CHECK(trainer.progress().setbacks == 1);
  CHECK(trainer.rate_at(0.0) == doctest::Approx(rate / 2.0));
}
