// SPDX-License-Identifier: MIT
// libFuzzer: any bytes as a checkpoint give tensors or one Error.
#include <fcntl.h>
#include <unistd.h>

#include <cstdint>
#include <cstdlib>
#include <string>

#include "arrays/array_file.hpp"
#include "glowvox/error.hpp"
#include "pytorch/state_dict.hpp"
#include "pytorch/torch_tensor.hpp"

namespace {

constexpr std::size_t kMostValues = 1 << 20;  // of one tensor that is read

// The reader takes files: one that has no name.
std::string unnamed_file(const std::uint8_t* data, std::size_t size) {
  static const int file = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
  if (::ftruncate(file, 0) != 0 || ::pwrite(file, data, size, 0) != static_cast<ssize_t>(size))
    std::abort();
  return "/proc/self/fd/" + std::to_string(file);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string path = unnamed_file(data, size);
  try {
    const glowvox::pytorch::StateDict file(path);
    for (const auto& [name, entry] : file.entries()) {
      std::size_t values = 1;
      for (const std::int64_t n : entry.shape) values *= static_cast<std::size_t>(n);
      if (values <= kMostValues) file.floats(name);
    }
  } catch (const glowvox::Error&) {
  }
  try {
    glowvox::arrays::open_array(path, {"", {80, false}});
  } catch (const glowvox::Error&) {
  }
  try {
    const glowvox::pytorch::Pickle pickle(reinterpret_cast<const char*>(data), size, "x");
    for (const auto& value : pickle.values()) glowvox::pytorch::torch_tensor(value, "x");
  } catch (const glowvox::Error&) {
  }
  return 0;
}
