// SPDX-License-Identifier: MIT
// The keys of a mel specification.
#pragma once

#include "core/keys.hpp"
#include "glowvox/mel.hpp"

namespace glowvox {

Keys mel_keys(MelSpec& spec);

}  // namespace glowvox
