# SPDX-License-Identifier: MIT
"""Every wrong argument has one sentence of its own."""

import re

import numpy as np
import pytest

import glowvox

MEL = np.zeros((4, 80), np.float32)
AUDIO = np.zeros(5000, np.float32)
NAN = np.where(np.arange(5000) == 3, np.nan, AUDIO)
HUGE = np.where(np.arange(80) == 5, 1e300, MEL.astype(np.float64))

WRONG = [
    (lambda v: v.synthesize(MEL[:, :7]), "mel: expected [frames, 80] or [80, frames], got [4, 7]"),
    (lambda v: v.synthesize(MEL[0]), "mel: expected [frames, 80] or [80, frames], got [80]"),
    (
        lambda v: v.synthesize(MEL[None]),
        "mel: expected [frames, 80] or [80, frames], got [1, 4, 80]; "
        "take one mel of the batch, or give a list",
    ),
    (
        lambda v: v.synthesize([MEL, MEL[0]]),
        "mel 1: expected [frames, 80] or [80, frames], got [80]",
    ),
    (lambda v: v.synthesize(MEL[:0]), "mel: expected one frame or more, got 0"),
    (lambda v: v.synthesize(HUGE), "mel: value 5 of frame 0 is not finite"),
    (lambda v: v.synthesize(MEL.astype(int)), "mel: expected floating-point values, got int64"),
    (lambda v: v.synthesize("mel.npy"), "mel: expected floating-point values, got <U7"),
    (lambda v: v.synthesize(None), "mel: expected floating-point values, got object"),
    (lambda v: v.synthesize([[MEL, AUDIO]]), "mel 0: expected an array of numbers, got list"),
    (lambda v: v.synthesize(MEL, sigma=-1), "sigma: expected a number from 0 to 100, got -1"),
    (lambda v: v.synthesize(MEL, sigma="loud"), "sigma: expected a number, got 'loud'"),
    (lambda v: v.synthesize(MEL, seed=-1), "seed: expected 0 or more, got -1"),
    (lambda v: v.synthesize(MEL, seed=2**64), "seed: 18446744073709551616 is out of range"),
    (lambda v: v.synthesize(MEL, seed=0.5), "seed: expected a whole number, got 0.5"),
    (lambda v: v.synthesize(MEL, threads=-2), "threads: expected a number from 0 to 1024, got -2"),
    (lambda v: v.synthesize(MEL, threads=2**40), "threads: 1099511627776 is out of range"),
    (
        lambda v: v.synthesize(MEL, denoise=-1),
        "denoise: expected a strength from 0 to 1000, got -1",
    ),
    (
        lambda v: v.synthesize(MEL, corrections=17),
        "corrections: expected a number from 0 to 16, got 17",
    ),
    (lambda v: v.stream(most_frames=0), "most_frames: expected a number from 1 to"),
    (lambda v: v.stream(sigma=float("nan")), "sigma: expected a number from 0 to 100, got nan"),
    (lambda v: v.decode(MEL, AUDIO), "latents: expected [rows, "),
    (
        lambda v: v.mel(AUDIO, 16000),
        "rate: the specification is for 22050 Hz, got 16000 Hz; resample",
    ),
    (
        lambda v: glowvox.mel(AUDIO, 44100, "vocos_24k"),
        "rate: the preset vocos_24k is for 24000 Hz, got 44100 Hz; resample the audio first",
    ),
    (
        lambda v: glowvox.mel(AUDIO, 22050, "whisper"),
        "mel preset: there is no 'whisper'; choose one of",
    ),
    (lambda v: v.mel(AUDIO[:0]), "audio: 0 samples are too short: need at least"),
    (lambda v: v.mel(NAN), "audio: sample 3 is not finite"),
    (lambda v: v.mel(np.zeros((2, 5000))), "audio: expected one channel, [samples], got [2, 5000]"),
    (lambda v: v.mel(np.zeros(5000, np.int16)), "audio: expected floating-point values, got int16"),
    (lambda v: glowvox.Vocoder.load("no.safetensors"), "no.safetensors: "),
    (lambda v: glowvox.Vocoder.load(__file__), __file__ + ": "),
    (
        lambda v: glowvox.Vocoder.load(memory="tiny"),
        "memory: expected fast or small, got 'tiny'",
    ),
    (
        lambda v: glowvox.Vocoder.load(precision="fp16"),
        "precision: expected auto, auto-stream, fp32, bf16 or int8, got 'fp16'",
    ),
    (
        lambda v: glowvox.write_wav("/no/folder/x.wav", AUDIO, 22050),
        "/no/folder/x.wav: cannot write: ",
    ),
    (lambda v: glowvox.write_wav("x.wav", NAN, 22050), "audio: sample 3 is not finite"),
]


@pytest.mark.parametrize(("call", "message"), WRONG, ids=[m for _, m in WRONG])
def test_message(voice, call, message):
    with pytest.raises(glowvox.Error, match="^" + re.escape(message)) as caught:
        call(voice)
    assert "\n" not in str(caught.value)


def test_the_exception():
    assert issubclass(glowvox.Error, RuntimeError)
    assert glowvox.Error.__module__ == "glowvox"
