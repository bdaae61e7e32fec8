/* SPDX-License-Identifier: MIT */
/* What a shared libglowvox shows. */
#ifndef GLOWVOX_EXPORT_H
#define GLOWVOX_EXPORT_H

#if defined(__GNUC__) && !defined(_WIN32)
#define GLOWVOX_API __attribute__((visibility("default")))
#else
#define GLOWVOX_API
#endif

#endif
