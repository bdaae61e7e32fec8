// SPDX-License-Identifier: MIT
#include "glowvox/mel.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>

#include "arrays.hpp"

namespace glowvox::python {

namespace {

const char* padding_name(const MelSpec& s) {
  switch (s.padding) {
    case MelPadding::kReflect:
      return "reflect";
    case MelPadding::kZero:
      return "zero";
    case MelPadding::kHop:
      return "hop";
    case MelPadding::kNone:
      return "none";
  }
  return "";
}

const char* log_name(const MelSpec& s) {
  switch (s.log) {
    case MelLog::kLn:
      return "ln";
    case MelLog::kLog10:
      return "log10";
    case MelLog::kNone:
      return "none";
  }
  return "";
}

const char* scale_name(const MelSpec& s) { return s.scale == MelScale::kSlaney ? "slaney" : "htk"; }
const char* norm_name(const MelSpec& s) { return s.norm == MelNorm::kSlaney ? "slaney" : "none"; }

NumpyMatrix compute(const Signal& audio, const MelSpec& spec) {
  Mel mel;
  {
    const nb::gil_scoped_release release;
    mel = log_mel(audio.data(), static_cast<std::int64_t>(audio.size()), spec);
  }
  return to_matrix(std::move(mel));
}

}  // namespace

void bind_mel(nb::module_& m) {
  nb::class_<MelSpec>(m, "MelSpec", "What a mel spectrogram is computed by; str() is one line.")
      .def_ro("sample_rate", &MelSpec::sample_rate_hz, "in Hz")
      .def_ro("n_fft", &MelSpec::n_fft)
      .def_ro("hop", &MelSpec::hop_samples, "samples from one frame to the next")
      .def_ro("win", &MelSpec::win_samples, "samples of the Hann window")
      .def_prop_ro("padding", &padding_name, "reflect, zero, hop or none")
      .def_ro("bands", &MelSpec::bands)
      .def_ro("f_min", &MelSpec::f_min_hz, "in Hz")
      .def_ro("f_max", &MelSpec::f_max_hz, "in Hz")
      .def_prop_ro("scale", &scale_name, "slaney or htk")
      .def_prop_ro("norm", &norm_name, "slaney or none")
      .def_ro("power", &MelSpec::power, "1: magnitude, 2: power")
      .def_ro("epsilon", &MelSpec::magnitude_epsilon, "under the magnitude's root")
      .def_prop_ro("log", &log_name, "ln, log10 or none")
      .def_ro("floor", &MelSpec::floor, "the least value before the logarithm")
      .def("__str__", &describe)
      .def("__repr__", [](const MelSpec& s) { return "<glowvox.MelSpec: " + describe(s) + ">"; })
      .def("__eq__",
           [](const MelSpec& a, nb::handle b) {
             return nb::isinstance<MelSpec>(b) && a == nb::cast<const MelSpec&>(b);
           })
      .def("__hash__", [](const MelSpec& s) { return std::hash<std::string>()(describe(s)); });
  m.def("mel_preset", &mel_preset, nb::arg("name"));
  m.def("mel_preset_names", &mel_preset_names);
  m.def("log_mel", &compute, nb::arg("audio").noconvert(), nb::arg("spec"));
}

}  // namespace glowvox::python
