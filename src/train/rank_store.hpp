// SPDX-License-Identifier: MIT
// Where ranks meet.
#pragma once

#include <torch/csrc/distributed/c10d/TCPStore.hpp>

namespace glowvox::train {

namespace detail {

template <typename Options>
auto leave_out_libuv(Options* options, int) -> decltype(options->useLibUV, void()) {
  options->useLibUV = false;
}
template <typename Options>
void leave_out_libuv(Options*, long) {}

}  // namespace detail

// Nobody waits for anybody. LibTorch 2.4 and later serve a store by libuv unless told not to, which
// Debian's are built without; for a few ranks it makes no difference.
inline c10d::TCPStoreOptions store_options() {
  c10d::TCPStoreOptions options;
  options.waitWorkers = false;
  detail::leave_out_libuv(&options, 0);
  return options;
}

}  // namespace glowvox::train
