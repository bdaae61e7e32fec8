# SPDX-License-Identifier: MIT
"""Mel spectrograms of audio."""

from __future__ import annotations

from typing import Any

import numpy as np

from . import _arrays, _core
from ._core import Error, MelSpec


def mel_presets() -> list[str]:
    """Names of the mel specifications that glowvox knows."""
    return _core.mel_preset_names()


def mel_spec(preset: str) -> MelSpec:
    """The specification of that name."""
    return _core.mel_preset(preset)


def mel(audio: Any, rate: int, preset: str | MelSpec = "tacotron2") -> np.ndarray:
    """Log-mel spectrogram, float32 [frames, bands].

    audio: [samples] in [-1, 1]. rate: its sample rate in Hz, which has to be the preset's: nothing
    is resampled. preset: one of mel_presets(), or a specification such as Vocoder.mel_spec.
    """
    spec = preset if isinstance(preset, MelSpec) else mel_spec(preset)
    if rate != spec.sample_rate:
        name = "the specification" if preset is spec else f"the preset {preset}"
        raise Error(
            f"rate: {name} is for {spec.sample_rate} Hz, got {rate} Hz; resample the audio first"
        )
    return _core.log_mel(_arrays.signal(audio), spec)
