// SPDX-License-Identifier: MIT
// glowvox._core: the engine as the Python package sees it.
#include <nanobind/nanobind.h>

#include "arrays.hpp"
#include "glowvox/error.hpp"
#include "glowvox/version.h"
#include "glowvox/vocoder.hpp"

NB_MODULE(_core, m) {
  m.doc() = "The engine of glowvox; use the package glowvox.";
  m.attr("version") = GLOWVOX_VERSION;
  nanobind::exception<glowvox::Error>(m, "Error", PyExc_RuntimeError);
  m.def("has_bfloat16", &glowvox::has_bfloat16);
  glowvox::python::bind_mel(m);
  glowvox::python::bind_vocoder(m);
}
