// SPDX-License-Identifier: MIT
// glowvox info: what a model or a configuration is.
#include <fmt/format.h>

#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "config/receptive_field.hpp"
#include "core/printable.hpp"
#include "model/model_file.hpp"

namespace glowvox::tools {

namespace {

struct Options {
  std::string path;
  bool json = false;
};

std::shared_ptr<model::FlowVocoder> load(const std::string& path) {
  const auto extension = std::filesystem::path(path).extension();
  if (extension == ".yaml" || extension == ".yml")
    return std::make_shared<model::FlowVocoder>(config::read_config(path));
  return model::load_model(path);
}

int run(const Options& o) {
  const auto model = load(o.path);
  const config::ModelConfig& c = model->config();
  const config::Reach reach = config::reach_of(c);
  if (o.json) {
    fmt::print("{}\n", nlohmann::json{{"name", c.name},
                                      {"purpose", c.purpose},
                                      {"parameters", model->parameter_count()},
                                      {"gmac_per_second", model->gmac_per_second()},
                                      {"look_ahead_samples", reach.future_samples},
                                      {"look_back_samples", reach.past_samples},
                                      {"overlap_samples", reach.overlap_samples},
                                      {"corrections", c.synthesis.corrections},
                                      {"mel", describe(c.mel)},
                                      {"configuration", config::to_yaml(c)}}
                           .dump(2, ' ', false, nlohmann::json::error_handler_t::replace));
    return 0;
  }
  fmt::print("{}: {}\n", printable(c.name), printable(c.purpose));
  fmt::print("parameters            {:.2f} M\n", model->parameter_count() * 1e-6);
  fmt::print("work                  {:.2f} GMAC per second of audio\n", model->gmac_per_second());
  const double ms = 1e3 / c.mel.sample_rate_hz;
  fmt::print("receptive field       {} samples back ({:.0f} ms), {} ahead ({:.0f} ms)\n",
             reach.past_samples, reach.past_samples * ms, reach.future_samples,
             reach.future_samples * ms);
  fmt::print("streaming latency     {:.1f} ms: look-ahead {:.1f}, overlap of the lift {:.1f}\n",
             (reach.future_samples + reach.overlap_samples) * ms, reach.future_samples * ms,
             reach.overlap_samples * ms);
  if (c.synthesis.corrections > 0)
    fmt::print("corrections           {} passes, {:.1f} ms more each in a stream\n",
               c.synthesis.corrections, (c.mel.n_fft - c.mel.hop_samples) * ms);
  fmt::print("mel                   {}\n\n{}\n", describe(c.mel), config::to_yaml(c));
  return 0;
}

}  // namespace

std::function<int()> setup_info(CLI::App& app) {
  auto o = std::make_shared<Options>();
  app.add_option("PATH", o->path, "Model file, or configuration (.yaml)")->required();
  app.add_flag("--json", o->json, "Print as JSON");
  return [o] { return run(*o); };
}

}  // namespace glowvox::tools
