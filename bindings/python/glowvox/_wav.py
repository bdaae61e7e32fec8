# SPDX-License-Identifier: MIT
"""Sound files by the standard library."""

from __future__ import annotations

import os
import wave
from pathlib import Path
from typing import Any

import numpy as np

from . import _arrays
from ._core import Error


def to_pcm16(audio: np.ndarray) -> np.ndarray:
    """16-bit samples as the command glowvox writes them: what lies outside [-1, 1] is clamped."""
    scaled = np.clip(audio, -1.0, 1.0) * np.float32(32768.0)
    return np.asarray(np.rint(np.minimum(scaled, np.float32(32767.0))), dtype="<i2")


def write_wav(path: str | os.PathLike[str], audio: Any, rate: int) -> int:
    """Writes [samples] as a 16-bit mono wav file, which is there whole or not at all.

    Returns how many samples lay outside [-1, 1] and were clamped.
    """
    samples = _arrays.signal(audio)
    path = Path(path)
    partial = path.with_name(f".glowvox-{os.getpid()}-{id(samples):x}.tmp")
    try:
        with open(partial, "xb") as file, wave.open(file, "wb") as out:
            out.setnchannels(1)
            out.setsampwidth(2)
            out.setframerate(rate)
            out.writeframes(to_pcm16(samples).tobytes())
        os.replace(partial, path)
    except OSError as e:
        raise Error(f"{path}: cannot write: {e.strerror}") from e
    finally:
        partial.unlink(missing_ok=True)
    return int(np.count_nonzero(np.abs(samples) > 1.0))
