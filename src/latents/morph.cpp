// SPDX-License-Identifier: MIT
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "core/result.hpp"
#include "core/streams.hpp"
#include "core/usage_error.hpp"
#include "glowvox/error.hpp"
#include "latents/clips.hpp"
#include "latents/latents.hpp"

namespace glowvox::latents {

namespace {

std::vector<float> latents_of(const Recording& r, const Vocoder& vocoder, int threads) {
  return vocoder.encode(r.mel, r.audio.data(), static_cast<std::int64_t>(r.audio.size()), threads)
      .latents;
}

// On the circle through both: a mixture of independent normal latents stays normal.
void go_between(const std::vector<float>& other, double amount, std::vector<float>* z) {
  const double angle = amount * M_PI / 2.0;
  const auto a = static_cast<float>(std::cos(angle)), b = static_cast<float>(std::sin(angle));
  for (std::size_t i = 0; i < z->size(); ++i) (*z)[i] = (*z)[i] * a + other[i] * b;
}

// Mean latent of a set of files, a value for each channel; of what zeros fill up nothing.
std::vector<double> mean_latent(const std::vector<std::string>& paths, const Vocoder& vocoder,
                                int threads) {
  const auto channels = static_cast<std::size_t>(vocoder.channels());
  std::vector<double> mean(channels);
  double rows = 0.0;
  for (const std::string& path : paths) {
    const Recording r = read_recording(path, vocoder);
    std::vector<float> z = latents_of(r, vocoder, threads);
    const std::int64_t whole_hops = r.samples / vocoder.mel().hop_samples;
    z.resize(
        static_cast<std::size_t>(std::max<std::int64_t>(1, whole_hops) * vocoder.rows_per_frame()) *
        channels);
    for (std::size_t i = 0; i < z.size(); ++i) mean[i % channels] += z[i];
    rows += static_cast<double>(z.size() / channels);
  }
  for (double& value : mean) value /= rows;
  return mean;
}

void check(const MorphOptions& o) {
  const bool pair = !o.to.empty();
  const bool attribute = !o.plus.empty() && !o.minus.empty();
  if (pair == attribute || (pair && (!o.plus.empty() || !o.minus.empty())))
    throw UsageError("--to, or --plus and --minus", "expected the one or the other two");
  if (pair && !(o.amount >= 0.0 && o.amount <= 1.0))
    throw UsageError("--amount",
                     fmt::format("expected a value in [0, 1] with --to, got {}", o.amount));
  std::vector<std::string> inputs = {o.from, o.to};
  for (const auto* more : {&o.plus, &o.minus})
    inputs.insert(inputs.end(), more->begin(), more->end());
  check_inputs(inputs);
  check_output(o.out, o.json);
}

}  // namespace

void morph(const MorphOptions& o) {
  check(o);
  const int threads = o.engine.thread_count();
  const Vocoder vocoder = o.engine.load();
  const MelSpec& spec = vocoder.mel();
  const Recording from = read_recording(o.from, vocoder);
  Mel mel = from.mel;
  auto samples = static_cast<std::size_t>(from.samples);
  std::vector<float> z = latents_of(from, vocoder, threads);
  if (!o.to.empty()) {
    const Recording to = read_recording(o.to, vocoder);
    const std::vector<float> other = latents_of(to, vocoder, threads);
    samples = std::min(samples, static_cast<std::size_t>(to.samples));
    mel.frames = std::min(mel.frames, to.mel.frames);
    mel.values.resize(static_cast<std::size_t>(mel.frames * mel.bands));
    z.resize(std::min(z.size(), other.size()));
    go_between(other, o.amount, &z);
  } else {
    const std::vector<double> plus = mean_latent(o.plus, vocoder, threads);
    const std::vector<double> minus = mean_latent(o.minus, vocoder, threads);
    for (std::size_t i = 0; i < z.size(); ++i) {
      const std::size_t c = i % plus.size();
      z[i] += static_cast<float>(o.amount * (plus[c] - minus[c]));
    }
  }
  std::vector<float> audio = vocoder.decode(mel, z, {0.0, 0, threads});
  audio.resize(std::min(audio.size(), samples));
  const std::int64_t clipped = write_signal(o.out, {audio}, spec.sample_rate_hz, o.format);
  const double seconds = static_cast<double>(audio.size()) / spec.sample_rate_hz;
  const double latent_rms = rms({z});
  print_result(
      o.json,
      {{"out", o.out}, {"seconds", seconds}, {"clipped", clipped}, {"latent_rms", latent_rms}},
      fmt::format("{}: {:.2f} s, latent rms {:.3f}, {} samples clipped", output_name(o.out),
                  seconds, latent_rms, clipped),
      o.out);
}

}  // namespace glowvox::latents
