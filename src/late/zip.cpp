// SPDX-License-Identifier: MIT
// libzip's functions, of the library that is opened when it is first needed.
#include <zip.h>

#include "late/library.hpp"

namespace {

const glowvox::late::Library& library() {
  static const glowvox::late::Library opened(GLOWVOX_SONAME, "npz files and PyTorch's checkpoints");
  return opened;
}

}  // namespace

void zip_error_init(zip_error_t* error) { GLOWVOX_LATE(zip_error_init)(error); }
void zip_error_fini(zip_error_t* error) { GLOWVOX_LATE(zip_error_fini)(error); }
const char* zip_error_strerror(zip_error_t* error) { GLOWVOX_LATE(zip_error_strerror)(error); }
const char* zip_strerror(zip_t* archive) { GLOWVOX_LATE(zip_strerror)(archive); }
const char* zip_file_strerror(zip_file_t* file) { GLOWVOX_LATE(zip_file_strerror)(file); }

zip_source_t* zip_source_buffer(zip_t* archive, const void* data, zip_uint64_t size, int freed) {
  GLOWVOX_LATE(zip_source_buffer)(archive, data, size, freed);
}
zip_source_t* zip_source_buffer_create(const void* data, zip_uint64_t size, int freed,
                                       zip_error_t* error) {
  GLOWVOX_LATE(zip_source_buffer_create)(data, size, freed, error);
}
void zip_source_keep(zip_source_t* source) { GLOWVOX_LATE(zip_source_keep)(source); }
void zip_source_free(zip_source_t* source) { GLOWVOX_LATE(zip_source_free)(source); }
int zip_source_open(zip_source_t* source) { GLOWVOX_LATE(zip_source_open)(source); }
int zip_source_close(zip_source_t* source) { GLOWVOX_LATE(zip_source_close)(source); }
zip_int64_t zip_source_read(zip_source_t* source, void* to, zip_uint64_t size) {
  GLOWVOX_LATE(zip_source_read)(source, to, size);
}
int zip_source_stat(zip_source_t* source, zip_stat_t* stat) {
  GLOWVOX_LATE(zip_source_stat)(source, stat);
}
zip_error_t* zip_source_error(zip_source_t* source) { GLOWVOX_LATE(zip_source_error)(source); }

zip_t* zip_open_from_source(zip_source_t* source, int flags, zip_error_t* error) {
  GLOWVOX_LATE(zip_open_from_source)(source, flags, error);
}
int zip_close(zip_t* archive) { GLOWVOX_LATE(zip_close)(archive); }
void zip_discard(zip_t* archive) { GLOWVOX_LATE(zip_discard)(archive); }

zip_int64_t zip_get_num_entries(zip_t* archive, zip_flags_t flags) {
  GLOWVOX_LATE(zip_get_num_entries)(archive, flags);
}
const char* zip_get_name(zip_t* archive, zip_uint64_t index, zip_flags_t flags) {
  GLOWVOX_LATE(zip_get_name)(archive, index, flags);
}
zip_int64_t zip_name_locate(zip_t* archive, const char* name, zip_flags_t flags) {
  GLOWVOX_LATE(zip_name_locate)(archive, name, flags);
}
void zip_stat_init(zip_stat_t* stat) { GLOWVOX_LATE(zip_stat_init)(stat); }
int zip_stat(zip_t* archive, const char* name, zip_flags_t flags, zip_stat_t* stat) {
  GLOWVOX_LATE(zip_stat)(archive, name, flags, stat);
}

zip_file_t* zip_fopen(zip_t* archive, const char* name, zip_flags_t flags) {
  GLOWVOX_LATE(zip_fopen)(archive, name, flags);
}
zip_int64_t zip_fread(zip_file_t* file, void* to, zip_uint64_t size) {
  GLOWVOX_LATE(zip_fread)(file, to, size);
}
int zip_fclose(zip_file_t* file) { GLOWVOX_LATE(zip_fclose)(file); }

zip_int64_t zip_file_add(zip_t* archive, const char* name, zip_source_t* source,
                         zip_flags_t flags) {
  GLOWVOX_LATE(zip_file_add)(archive, name, source, flags);
}
int zip_file_set_dostime(zip_t* archive, zip_uint64_t index, zip_uint16_t time, zip_uint16_t date,
                         zip_flags_t flags) {
  GLOWVOX_LATE(zip_file_set_dostime)(archive, index, time, date, flags);
}
int zip_set_file_compression(zip_t* archive, zip_uint64_t index, zip_int32_t method,
                             zip_uint32_t level) {
  GLOWVOX_LATE(zip_set_file_compression)(archive, index, method, level);
}
