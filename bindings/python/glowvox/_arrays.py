# SPDX-License-Identifier: MIT
"""What callers have, as the engine reads it: float32, C-contiguous, without a copy where it is so."""

from __future__ import annotations

from typing import Any

import numpy as np

from ._core import Error


def _array(value: Any, what: str) -> np.ndarray:
    """An array of float16, float32 or float64; a tensor on another device is fetched."""
    if hasattr(value, "detach"):  # PyTorch
        value = value.detach().cpu()
        if str(value.dtype) == "torch.bfloat16":
            value = value.float()
    if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
        array = np.from_dlpack(value)
    else:
        try:
            array = np.asarray(value)
        except ValueError:  # lists of different lengths
            raise Error(
                f"{what}: expected an array of numbers, got {type(value).__name__}"
            ) from None
    if array.dtype.kind != "f":
        raise Error(f"{what}: expected floating-point values, got {array.dtype}")
    return array


def _shape(array: np.ndarray) -> str:
    return "[" + ", ".join(map(str, array.shape)) + "]"


def _ready(array: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):  # what overflows is told as not finite
        return np.ascontiguousarray(array, dtype=np.float32)


def frames(value: Any, bands: int, what: str = "mel", one: bool = False) -> np.ndarray:
    """[frames, bands] from that or from [bands, frames]; `one`: also from [bands], a single frame."""
    array = _array(value, what)
    if one and array.ndim == 1 and array.shape[0] == bands:
        array = array[None]
    if array.ndim == 2 and array.shape[1] != bands and array.shape[0] == bands:
        array = array.T
    if array.ndim != 2 or array.shape[1] != bands:
        hint = "; take one mel of the batch, or give a list" if array.ndim == 3 else ""
        raise Error(
            f"{what}: expected [frames, {bands}] or [{bands}, frames], got {_shape(array)}{hint}"
        )
    return _ready(array)


def signal(value: Any, what: str = "audio") -> np.ndarray:
    """[samples] from that or from [1, samples]."""
    array = _array(value, what)
    if array.ndim == 2 and array.shape[0] == 1:
        array = array[0]
    if array.ndim != 1:
        raise Error(f"{what}: expected one channel, [samples], got {_shape(array)}")
    array = _ready(array)
    bad = np.flatnonzero(~np.isfinite(array))
    if bad.size:
        raise Error(f"{what}: sample {bad[0]} is not finite")
    return array


def matrix(value: Any, columns: int, what: str) -> np.ndarray:
    """[rows, columns], in no other layout."""
    array = _array(value, what)
    if array.ndim != 2 or array.shape[1] != columns:
        raise Error(f"{what}: expected [rows, {columns}], got {_shape(array)}")
    return _ready(array)
