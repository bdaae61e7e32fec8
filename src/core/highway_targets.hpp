// SPDX-License-Identifier: MIT
// Which of Highway's targets our loops are compiled for: those that make a difference, and
// whose vectors have a size that is known then (SVE's have not). Included before Highway's headers.
#pragma once

#define GLOWVOX_HWY_X86 (HWY_SSSE3 | HWY_AVX3_DL)
#define GLOWVOX_HWY_SVE (HWY_SVE | HWY_SVE2 | HWY_SVE_256 | HWY_SVE2_128)
#define HWY_DISABLED_TARGETS (GLOWVOX_HWY_X86 | GLOWVOX_HWY_SVE)
