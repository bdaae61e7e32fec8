// SPDX-License-Identifier: MIT
// Arrays between Python and the engine. What comes in was brought into this layout by the Python
// side (_arrays.py): here nothing is converted.
#pragma once

#include <nanobind/nanobind.h>
#include <nanobind/ndarray.h>

#include <memory>
#include <utility>
#include <vector>

#include "glowvox/mel.hpp"

namespace glowvox::python {

namespace nb = nanobind;

// [frames or rows][bands or channels], and [samples].
using Matrix = nb::ndarray<const float, nb::ndim<2>, nb::c_contig, nb::device::cpu>;
using Signal = nb::ndarray<const float, nb::ndim<1>, nb::c_contig, nb::device::cpu>;
using NumpyMatrix = nb::ndarray<nb::numpy, float, nb::ndim<2>>;
template <typename T>
using NumpyVector = nb::ndarray<nb::numpy, T, nb::ndim<1>>;
using NumpySignal = NumpyVector<float>;

// A vector's memory, handed over to an array.
template <typename T>
std::pair<T*, nb::capsule> hand_over(std::vector<T> values) {
  auto kept = std::make_unique<std::vector<T>>(std::move(values));
  T* data = kept->data();
  nb::capsule owner(kept.get(), [](void* p) noexcept { delete static_cast<std::vector<T>*>(p); });
  kept.release();
  return {data, std::move(owner)};
}

template <typename T>
NumpyVector<T> to_vector(std::vector<T> values) {
  const std::size_t count = values.size();
  auto [data, owner] = hand_over(std::move(values));
  return NumpyVector<T>(data, {count}, owner);
}
inline NumpySignal to_signal(std::vector<float> values) { return to_vector(std::move(values)); }

inline NumpyMatrix to_matrix(std::vector<float> values, std::size_t columns) {
  const std::size_t rows = values.size() / columns;
  auto [data, owner] = hand_over(std::move(values));
  return NumpyMatrix(data, {rows, columns}, owner);
}

inline NumpyMatrix to_matrix(Mel mel) {
  const auto bands = static_cast<std::size_t>(mel.bands);
  return to_matrix(std::move(mel.values), bands);
}

inline Mel to_mel(const Matrix& m) {
  return {static_cast<std::int64_t>(m.shape(0)), static_cast<std::int64_t>(m.shape(1)),
          std::vector<float>(m.data(), m.data() + m.size())};
}

void bind_mel(nb::module_& m);
void bind_vocoder(nb::module_& m);

}  // namespace glowvox::python
