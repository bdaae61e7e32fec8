# SPDX-License-Identifier: MIT
"""glowvox: mel spectrograms to sound, and back, on an ordinary CPU.

    import glowvox
    v = glowvox.Vocoder.load()               # the built-in voice
    audio = v.synthesize(mel)                # [frames, bands] -> [samples], float32
    glowvox.write_wav("out.wav", audio, v.sample_rate)

What goes wrong raises `glowvox.Error`, whose message says what and where.
"""

from ._core import Error, MelSpec, has_bfloat16
from ._core import version as __version__
from ._mel import mel, mel_presets, mel_spec
from ._vocoder import Encoding, Stream, Vocoder, builtin_voice
from ._wav import write_wav

__all__ = [
    "Encoding",
    "Error",
    "MelSpec",
    "Stream",
    "Vocoder",
    "__version__",
    "builtin_voice",
    "has_bfloat16",
    "mel",
    "mel_presets",
    "mel_spec",
    "write_wav",
]

for _shown in (Error, MelSpec):
    _shown.__module__ = __name__
