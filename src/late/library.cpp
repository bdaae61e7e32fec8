// SPDX-License-Identifier: MIT
#include "late/library.hpp"

#include <dlfcn.h>

#include <string>

#include "glowvox/error.hpp"

namespace glowvox::late {

Library::Library(const char* soname, const char* purpose, Shown shown)
    : soname_(soname),
      purpose_(purpose),
      handle_(::dlopen(soname, RTLD_NOW | (shown == Shown::kYes ? RTLD_GLOBAL : RTLD_LOCAL))) {
  if (handle_ != nullptr) return;
  throw Error(soname,
              std::string("cannot be opened, and is needed for ") + purpose + ": " + ::dlerror(),
              "install it");
}

void* Library::function(const char* name) const {
  void* found = ::dlsym(handle_, name);
  if (found == nullptr)
    throw Error(soname_,
                std::string("has no function ") + name + ", which is needed for " + purpose_,
                "install the version that glowvox was built with");
  return found;
}

}  // namespace glowvox::late
