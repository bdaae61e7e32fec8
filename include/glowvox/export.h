/* SPDX-License-Identifier: MIT */
/* What a shared libglowvox shows, and what it keeps to itself though its class is shown. */
#ifndef GLOWVOX_EXPORT_H
#define GLOWVOX_EXPORT_H

#if defined(_WIN32)
#if defined(GLOWVOX_MAKES_DLL)
#define GLOWVOX_API __declspec(dllexport)
#elif defined(GLOWVOX_USES_DLL)
#define GLOWVOX_API __declspec(dllimport)
#else
#define GLOWVOX_API
#endif
#define GLOWVOX_LOCAL
#elif defined(__GNUC__)
#define GLOWVOX_API __attribute__((visibility("default")))
#define GLOWVOX_LOCAL __attribute__((visibility("hidden")))
#else
#define GLOWVOX_API
#define GLOWVOX_LOCAL
#endif

#endif
