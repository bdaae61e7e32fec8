// SPDX-License-Identifier: MIT
// libsndfile's functions, of the library that is opened when it is first needed.
#include <sndfile.h>

#include "late/library.hpp"

namespace {

const glowvox::late::Library& library() {
  static const glowvox::late::Library opened(GLOWVOX_SONAME, "sound files");
  return opened;
}

}  // namespace

SNDFILE* sf_open(const char* path, int mode, SF_INFO* info) {
  GLOWVOX_LATE(sf_open)(path, mode, info);
}

SNDFILE* sf_open_virtual(SF_VIRTUAL_IO* io, int mode, SF_INFO* info, void* user) {
  GLOWVOX_LATE(sf_open_virtual)(io, mode, info, user);
}

int sf_close(SNDFILE* file) { GLOWVOX_LATE(sf_close)(file); }

int sf_error(SNDFILE* file) { GLOWVOX_LATE(sf_error)(file); }

const char* sf_strerror(SNDFILE* file) { GLOWVOX_LATE(sf_strerror)(file); }

sf_count_t sf_readf_float(SNDFILE* file, float* to, sf_count_t frames) {
  GLOWVOX_LATE(sf_readf_float)(file, to, frames);
}

sf_count_t sf_write_short(SNDFILE* file, const short* from, sf_count_t count) {
  GLOWVOX_LATE(sf_write_short)(file, from, count);
}

sf_count_t sf_write_float(SNDFILE* file, const float* from, sf_count_t count) {
  GLOWVOX_LATE(sf_write_float)(file, from, count);
}
