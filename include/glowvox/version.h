/* SPDX-License-Identifier: MIT */
/* The version of glowvox; read by CMake too. */
#ifndef GLOWVOX_VERSION_H
#define GLOWVOX_VERSION_H

#define GLOWVOX_VERSION "0.2.0"
/* Counts every change that makes programs compiled before it wrong. */
#define GLOWVOX_ABI 1

#endif
