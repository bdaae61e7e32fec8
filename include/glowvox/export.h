/* SPDX-License-Identifier: MIT */
/* What a shared libglowvox shows, and what it keeps to itself though its class is shown. */
#ifndef GLOWVOX_EXPORT_H
#define GLOWVOX_EXPORT_H

#if defined(__GNUC__) && !defined(_WIN32)
#define GLOWVOX_API __attribute__((visibility("default")))
#define GLOWVOX_LOCAL __attribute__((visibility("hidden")))
#else
#define GLOWVOX_API
#define GLOWVOX_LOCAL
#endif

#endif
