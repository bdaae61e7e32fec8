# SPDX-License-Identifier: MIT
"""Models: mel to sound, sound to latents, and streams."""

from __future__ import annotations

import operator
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, overload

import numpy as np

from . import _arrays, _core, _mel
from ._core import Error, MelSpec

_VOICE = "mdct-causal.safetensors"


def builtin_voice() -> Path:
    """The model file that comes with this package."""
    from . import __path__ as folders

    for folder in folders:
        if (path := Path(folder) / _VOICE).exists():
            return path
    raise Error(f"{_VOICE}: not found beside the package; install it by pip")


def _whole(name: str, value: Any, bits: int = 31) -> int:
    """An integer that the engine can be given, which then says whether it likes it."""
    try:
        number = operator.index(value)
    except TypeError:
        raise Error(f"{name}: expected a whole number, got {value!r}") from None
    if not -(2**31) <= number < 2**bits:
        raise Error(f"{name}: {number} is out of range")
    return number


def _number(name: str, value: Any) -> float:
    try:
        return float(value)
    except (TypeError, ValueError):
        raise Error(f"{name}: expected a number, got {value!r}") from None


def _options(
    sigma: float, seed: int, threads: int, denoise: float | None, corrections: int | None
) -> _core.Options:
    seed = _whole("seed", seed, bits=64)
    if seed < 0:
        raise Error(f"seed: expected 0 or more, got {seed}")
    return _core.Options(
        _number("sigma", sigma),
        seed,
        _whole("threads", threads),
        None if denoise is None else _number("denoise", denoise),
        None if corrections is None else _whole("corrections", corrections),
    )


@dataclass(frozen=True)
class Encoding:
    """Sound as the flow sees it."""

    mel: np.ndarray
    """[frames, bands], that it was encoded with and is to be decoded with."""
    latents: np.ndarray
    """[rows, channels], float32."""
    log_likelihood: float
    """Nats, of all samples given the mel: the exact log-density."""
    samples: int
    """How many of the audio's samples it covers: whole hops."""
    frame_log_likelihoods: np.ndarray
    """[frames], float64: the nats that every mel frame's samples add."""

    @property
    def nats_per_sample(self) -> float:
        """The log-likelihood for one sample."""
        return self.log_likelihood / self.samples


class Stream:
    """One utterance whose mel arrives in pieces; made by Vocoder.stream.

    What push() and finish() return, one after the other, is what Vocoder.synthesize gives for the
    whole mel, bit for bit.
    """

    def __init__(self, model: _core.Vocoder, options: _core.Options, most_frames: int) -> None:
        self._bands: int = model.mel_spec.bands
        self._stream = _core.Stream(model, options, most_frames)

    def push(self, frames: Any) -> np.ndarray:
        """Takes frames, [count, bands] or [bands, count] or a single one, [bands].

        Returns the samples that have become final, float32 [samples]; none at first, for as long
        as the model's latency.
        """
        return self._stream.push(_arrays.frames(frames, self._bands, one=True))

    def finish(self) -> np.ndarray:
        """The mel ends here: the remaining samples."""
        return self._stream.finish()

    def close(self) -> None:
        """Frees the stream's memory; what was not asked for by finish() is lost."""
        self._stream.close()

    def __call__(self, frames: Iterable[Any]) -> Iterator[np.ndarray]:
        """Yields sound while frames come, and the rest when they end: the whole utterance.

        frames: yields what push() takes; or a whole mel, as synthesize takes it, which is pushed
        frame by frame.
        """
        if len(getattr(frames, "shape", ())) == 2:
            frames = _arrays.frames(frames, self._bands)
        for piece in frames:
            samples = self.push(piece)
            if samples.size:
                yield samples
        samples = self.finish()
        if samples.size:
            yield samples

    def __enter__(self) -> Stream:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Vocoder:
    """A model, ready for synthesis. May be used from several threads at once."""

    def __init__(
        self, model: _core.Vocoder, path: str, precision: str, memory: str = "fast"
    ) -> None:
        self._model = model
        self._path = path
        self._asked = precision
        self._memory = memory

    @classmethod
    def load(
        cls,
        path: str | os.PathLike[str] | None = None,
        precision: str = "auto",
        memory: str = "fast",
    ) -> Vocoder:
        """Loads a model file; None: the built-in voice.

        precision: "fp32", "bf16", or what is measured to be the faster where processor and model
        allow both: "auto" for whole utterances, "auto-stream" for frame after frame. What was
        measured is kept in the user's cache folder (GLOWVOX_CACHE=off: nowhere). "int8": "fp32" with
        the weights of the nets rounded to 8 bits, faster for frame after frame.
        memory: "fast", or "small": weights that are half precision in the file stay so in memory,
        half as much; the same sound but for rounding.
        """
        file = os.fspath(builtin_voice() if path is None else path)
        return cls(_core.Vocoder.load(file, precision, memory), file, precision, memory)

    def __reduce__(self) -> tuple[Any, ...]:
        # Another process reads the file again.
        return (Vocoder.load, (self._path, self._asked, self._memory))

    def __repr__(self) -> str:
        return f"<glowvox.Vocoder {self.name}: {self.sample_rate} Hz, {self.precision}>"

    @property
    def name(self) -> str:
        return self._model.name

    @property
    def precision(self) -> str:
        """The one in use: "fp32", "bf16" or "int8"."""
        return self._model.precision

    @property
    def mel_spec(self) -> MelSpec:
        """What the model's mels are computed by; str() of it is one line."""
        return self._model.mel_spec

    @property
    def sample_rate(self) -> int:
        """In Hz."""
        return self.mel_spec.sample_rate

    @property
    def hop(self) -> int:
        """Samples for each mel frame."""
        return self.mel_spec.hop

    @property
    def bands(self) -> int:
        """Of a mel frame."""
        return self.mel_spec.bands

    @property
    def mel_means(self) -> np.ndarray:
        """Mean of every band in the mels that the model was trained on; empty where unknown."""
        return self._model.mel_means

    @property
    def mel_deviations(self) -> np.ndarray:
        """Standard deviation of every band in the mels that the model was trained on."""
        return self._model.mel_deviations

    @property
    def channels(self) -> int:
        """Of the latents."""
        return self._model.channels

    @property
    def rows_per_frame(self) -> int:
        """Latent rows for each mel frame."""
        return self._model.rows_per_frame

    @property
    def denoise(self) -> float:
        """The denoiser's strength where none is asked for."""
        return self._model.denoise

    @property
    def corrections(self) -> int:
        """Frames that are corrected together where no number is asked for."""
        return self._model.corrections

    @property
    def live_corrections(self) -> int:
        """Corrections that add no delay to a stream: 1, or 0 where there are none such."""
        return self._model.live_corrections

    def latency(self, denoise: float | None = None, corrections: int | None = None) -> float:
        """Algorithmic latency of a stream with these options, in seconds."""
        m = self._model
        samples = m.look_ahead_samples + m.overlap_samples
        together = self.corrections if corrections is None else corrections
        if (self.denoise if denoise is None else denoise) > 0:
            samples += m.denoise_delay_samples + (m.overlap_samples if together else 0)
        return (samples + m.correction_delay_samples(together)) / self.sample_rate

    @overload
    def synthesize(
        self,
        mel: list[Any] | tuple[Any, ...],
        sigma: float = ...,
        seed: int = ...,
        threads: int = ...,
        denoise: float | None = ...,
        corrections: int | None = ...,
    ) -> list[np.ndarray]: ...
    @overload
    def synthesize(
        self,
        mel: Any,
        sigma: float = ...,
        seed: int = ...,
        threads: int = ...,
        denoise: float | None = ...,
        corrections: int | None = ...,
    ) -> np.ndarray: ...
    def synthesize(
        self,
        mel: Any,
        sigma: float = 0.7,
        seed: int = 1,
        threads: int = 0,
        denoise: float | None = None,
        corrections: int | None = None,
    ) -> Any:
        """Sound of a mel: float32 [samples], whose values may lie outside [-1, 1].

        mel: [frames, bands] or [bands, frames], told apart by the number of bands; where both are
        equal, frames come first. A NumPy array, or a tensor of PyTorch or whatever speaks DLPack;
        float16 and float64 are converted, float32 in C order is read where it is. A list of mels
        gives a list.
        sigma: temperature, 0 or more. seed: the same one gives the same sound. threads: 0: all
        cores. denoise: strength of the bias denoiser, 0: off, None: what the model asks for.
        corrections: frames, 0 to 16, that are corrected together so that the sound's own mel comes
        nearer to the given one; None: what the model asks for.
        """
        options = _options(sigma, seed, threads, denoise, corrections)
        if isinstance(mel, (list, tuple)):
            mels = [_arrays.frames(m, self.bands, f"mel {i}") for i, m in enumerate(mel)]
            return [self._model.synthesize(m, options) for m in mels]
        return self._model.synthesize(_arrays.frames(mel, self.bands), options)

    def stream(
        self,
        sigma: float = 0.7,
        seed: int = 1,
        threads: int = 0,
        denoise: float | None = None,
        corrections: int | None = None,
        most_frames: int = 1,
    ) -> Stream:
        """One utterance, piece by piece; options as in synthesize, but for threads: 0: one.

            with v.stream() as s:
                for chunk in s(frames):  # or s.push(frames) and, at the end, s.finish()
                    play(chunk)

        most_frames: how many frames one push usually brings; larger ones are cut.
        """
        options = _options(sigma, seed, threads, denoise, corrections)
        return Stream(self._model, options, _whole("most_frames", most_frames))

    def mel(self, audio: Any, rate: int | None = None) -> np.ndarray:
        """The mel, [frames, bands], that synthesize turns back into audio like this one.

        audio: [samples] in [-1, 1] at sample_rate; rate: its rate, checked where it is given.
        """
        return _mel.mel(audio, self.sample_rate if rate is None else rate, self.mel_spec)

    def encode(self, audio: Any, mel: Any = None, threads: int = 0) -> Encoding:
        """Latents of audio, and its exact log-likelihood.

        audio: [samples] in [-1, 1] at sample_rate; less than a hop at the end is left out. mel:
        that the model hears with it, None: the audio's own.
        """
        given = None if mel is None else _arrays.frames(mel, self.bands)
        samples = _arrays.signal(audio)
        return Encoding(*self._model.encode(samples, given, _whole("threads", threads)))

    def decode(self, mel: Any, latents: Any, threads: int = 0) -> np.ndarray:
        """The inverse of encode: float32 [samples] from an Encoding's mel and latents.

        Exact but for rounding: about 1e-6 where precision is "fp32", a few 1e-3 where "bf16" or "int8".
        """
        return self._model.decode(
            _arrays.frames(mel, self.bands),
            _arrays.matrix(latents, self.channels, "latents"),
            _whole("threads", threads),
        )
