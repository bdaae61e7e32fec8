// SPDX-License-Identifier: MIT
#pragma once

#include "train/run_options.hpp"

namespace glowvox::train {

// glowvox train --dry-run: looks at every recording, estimates and takes one step, and prints what
// it found. Exit status 1 when the run would fail or a recording cannot be read.
int dry_run(const RunOptions& options, bool json);

}  // namespace glowvox::train
