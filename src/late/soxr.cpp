// SPDX-License-Identifier: MIT
// libsoxr's functions, of the library that is opened when it is first needed.
#include <soxr.h>

#include "late/library.hpp"

namespace {

const glowvox::late::Library& library() {
  static const glowvox::late::Library opened(GLOWVOX_SONAME, "resampling");
  return opened;
}

}  // namespace

soxr_quality_spec_t soxr_quality_spec(unsigned long recipe, unsigned long flags) {
  GLOWVOX_LATE(soxr_quality_spec)(recipe, flags);
}

soxr_t soxr_create(double in_hz, double out_hz, unsigned channels, soxr_error_t* error,
                   soxr_io_spec_t const* io, soxr_quality_spec_t const* quality,
                   soxr_runtime_spec_t const* runtime) {
  GLOWVOX_LATE(soxr_create)(in_hz, out_hz, channels, error, io, quality, runtime);
}

soxr_error_t soxr_process(soxr_t resampler, soxr_in_t in, size_t in_count, size_t* in_done,
                          soxr_out_t out, size_t out_count, size_t* out_done) {
  GLOWVOX_LATE(soxr_process)(resampler, in, in_count, in_done, out, out_count, out_done);
}

soxr_error_t soxr_clear(soxr_t resampler) { GLOWVOX_LATE(soxr_clear)(resampler); }

void soxr_delete(soxr_t resampler) { GLOWVOX_LATE(soxr_delete)(resampler); }
