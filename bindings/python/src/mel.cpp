// SPDX-License-Identifier: MIT
#include "glowvox/mel.hpp"

#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include <cstdint>

#include "arrays.hpp"

namespace glowvox::python {

namespace {

template <auto kField>
const char* name_in(const MelSpec& spec) {
  return name_of(spec.*kField);
}

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
      .def_prop_ro("window", &name_in<&MelSpec::window>, "periodic or symmetric")
      .def_prop_ro("padding", &name_in<&MelSpec::padding>, "reflect, zero, hop or none")
      .def_ro("bands", &MelSpec::bands)
      .def_ro("f_min", &MelSpec::f_min_hz, "in Hz")
      .def_ro("f_max", &MelSpec::f_max_hz, "in Hz")
      .def_prop_ro("scale", &name_in<&MelSpec::scale>, "slaney or htk")
      .def_prop_ro("norm", &name_in<&MelSpec::norm>, "slaney or none")
      .def_ro("power", &MelSpec::power, "1: magnitude, 2: power")
      .def_ro("epsilon", &MelSpec::magnitude_epsilon, "under the magnitude's root")
      .def_prop_ro("log", &name_in<&MelSpec::log>, "ln, log10 or none")
      .def_ro("floor", &MelSpec::floor, "the least value before the logarithm, or what is added")
      .def_prop_ro("floor_rule", &name_in<&MelSpec::floor_rule>, "clamp or add")
      .def_ro("filter_rate", &MelSpec::filter_rate_hz, "rate the filters are made for; 0: its own")
      .def_ro("mean", &MelSpec::mean, "taken off what is stored")
      .def_ro("deviation", &MelSpec::deviation, "that it is divided by then")
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
