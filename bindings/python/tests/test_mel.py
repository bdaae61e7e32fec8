# SPDX-License-Identifier: MIT
import math

import numpy as np
import pytest

import glowvox


def tone(rate, seconds=1.0):
    return np.sin(2 * math.pi * 440 * np.arange(int(rate * seconds)) / rate).astype(np.float32) / 2


@pytest.mark.parametrize("preset", glowvox.mel_presets())
def test_every_preset(preset):
    spec = glowvox.mel_spec(preset)
    audio = tone(spec.sample_rate)
    m = glowvox.mel(audio, spec.sample_rate, preset)
    assert m.dtype == np.float32
    assert m.shape[1] == spec.bands
    assert abs(m.shape[0] - audio.size / spec.hop) <= 1
    assert np.isfinite(m).all()
    assert np.array_equal(m, glowvox.mel(audio.astype(np.float64)[None], spec.sample_rate, spec))


def test_a_tone_is_where_it_belongs():
    # librosa.filters.mel(sr=22050, n_fft=1024, n_mels=80, fmax=8000): 440 Hz is nearest to the
    # centre of band 11 (445.5 Hz).
    m = glowvox.mel(tone(22050), 22050)
    assert (m[5:-5].argmax(axis=1) == 11).all()


def test_a_specification(voice):
    spec = glowvox.mel_spec("hifigan")
    assert str(spec).startswith("22050 Hz, n_fft 1024, hop 256, win 1024, padding hop, 80 bands")
    assert (spec.padding, spec.log, spec.scale, spec.norm) == ("hop", "ln", "slaney", "slaney")
    assert spec != voice.mel_spec and spec != "hifigan"
    assert voice.mel_spec == glowvox.mel_spec("tacotron2")
    assert hash(voice.mel_spec) == hash(glowvox.mel_spec("tacotron2"))
    assert "tacotron2" in glowvox.mel_presets()


def test_a_model_s_own(voice, sound):
    assert np.array_equal(voice.mel(sound), glowvox.mel(sound, 22050))


def test_its_mel_comes_back(voice, mel, sound):
    """Copy synthesis: the correction brings the sound's mel to the one asked for."""
    difference = np.abs(voice.mel(sound)[5:115] - mel[5:115]).mean()
    assert difference < 0.5
