#include "audio/resample.hpp"

#include <soxr.h>

#include <cstdint>
#include <memory>
#include <string>

#include "glowvox/error.hpp"

namespace glowvox::audio {

std::vector<float> resample(const std::vector<float>& samples, int from_hz, int to_hz) {
  if (from_hz <= 0 || to_hz <= 0)
    throw Error("resample", "cannot go from " + std::to_string(from_hz) + " Hz to " +
                                std::to_string(to_hz) + " Hz");
  if (from_hz == to_hz || samples.empty()) return samples;
  const auto n = static_cast<std::int64_t>(samples.size());
  const std::int64_t length = (n * to_hz + from_hz - 1) / from_hz;
  // libsoxr rounds the output's length; a tail of silence lets it always reach the ceiling.
  std::vector<float> padded(samples);
  padded.resize(samples.size() + static_cast<std::size_t>(2 * (from_hz / to_hz + 1)), 0.0F);
  std::vector<float> out(static_cast<std::size_t>(length) + 2 * (to_hz / from_hz + 2) + 64);

  const soxr_quality_spec_t quality = soxr_quality_spec(SOXR_HQ, 0);
  soxr_error_t error = nullptr;
  const std::unique_ptr<soxr, void (*)(soxr_t)> resampler(
      soxr_create(from_hz, to_hz, 1, &error, nullptr, &quality, nullptr), soxr_delete);
  // Not soxr_oneshot, which can return before the filter's tail is out. Input first, then flushing.
  std::size_t read = 0;
  std::size_t written = 0;
  while (error == nullptr) {
    const bool flushing = read == padded.size();
    std::size_t consumed = 0;
    std::size_t produced = 0;
    error = soxr_process(resampler.get(), flushing ? nullptr : padded.data() + read,
                         padded.size() - read, &consumed, out.data() + written,
                         out.size() - written, &produced);
    read += consumed;
    written += produced;
    if ((flushing || consumed == 0) && produced == 0) break;
  }
  if (error != nullptr) throw Error("resample", std::string("libsoxr failed: ") + error);
  out.resize(static_cast<std::size_t>(length));
  return out;
}

}  // namespace glowvox::audio
