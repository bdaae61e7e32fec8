// SPDX-License-Identifier: MIT
#include "audio/resample.hpp"

#include <soxr.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox::audio {

struct Resampler::State {
  State(int from, int to) : from_hz(from), to_hz(to) {
    if (from <= 0 || to <= 0)
      throw Error("resample", "cannot go from " + std::to_string(from) + " Hz to " +
                                  std::to_string(to) + " Hz");
    const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
    soxr_error_t error = nullptr;
    soxr.reset(soxr_create(from, to, 1, &error, nullptr, &quality, nullptr));
    check(error);
  }
  static void check(soxr_error_t error) {
    if (error != nullptr) throw Error("resample", std::string("libsoxr failed: ") + error);
  }
  // in: null at the end of the signal.
  void process(const float* in, std::size_t count) {
    for (std::size_t read = 0;;) {
      const std::size_t begin = out.size();
      out.resize(begin + std::max<std::size_t>(kChunk, count));
      std::size_t consumed = 0, produced = 0;
      check(soxr_process(soxr.get(), in == nullptr ? nullptr : in + read, count - read, &consumed,
                         out.data() + begin, out.size() - begin, &produced));
      read += consumed;
      out.resize(begin + produced);
      if (produced == 0 && (in == nullptr || read == count || consumed == 0)) return;
    }
  }

  static constexpr std::size_t kChunk = 512;
  int from_hz, to_hz;
  std::unique_ptr<::soxr, void (*)(soxr_t)> soxr{nullptr, soxr_delete};
  std::vector<float> out;
  std::int64_t taken = 0, given = 0;
};

Resampler::Resampler(int from_hz, int to_hz) : state_(std::make_unique<State>(from_hz, to_hz)) {}
Resampler::~Resampler() = default;

const std::vector<float>& Resampler::push(const float* samples, std::size_t count) {
  State& s = *state_;
  s.out.clear();
  if (count > 0) s.process(samples, count);
  s.taken += static_cast<std::int64_t>(count);
  s.given += static_cast<std::int64_t>(s.out.size());
  return s.out;
}

const std::vector<float>& Resampler::finish() {
  State& s = *state_;
  s.out.clear();
  // libsoxr rounds the output's length; a tail of silence lets it always reach the ceiling.
  const std::int64_t left = (s.taken * s.to_hz + s.from_hz - 1) / s.from_hz - s.given;
  const std::vector<float> tail(static_cast<std::size_t>(2 * (s.from_hz / s.to_hz + 1)), 0.0F);
  s.process(tail.data(), tail.size());
  s.process(nullptr, 0);
  s.out.resize(static_cast<std::size_t>(std::max<std::int64_t>(0, left)));
  s.taken = s.given = 0;
  State::check(soxr_clear(s.soxr.get()));
  return s.out;
}

std::vector<float> resample(const std::vector<float>& samples, int from_hz, int to_hz) {
  Resampler resampler(from_hz, to_hz);
  if (from_hz == to_hz || samples.empty()) return samples;
  std::vector<float> out = resampler.push(samples.data(), samples.size());
  const std::vector<float>& rest = resampler.finish();
  out.insert(out.end(), rest.begin(), rest.end());
  return out;
}

}  // namespace glowvox::audio
