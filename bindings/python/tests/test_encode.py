# SPDX-License-Identifier: MIT
import numpy as np
import pytest

import glowvox


def test_there_and_back(voice, sound):
    e = voice.encode(sound)
    assert e.samples == sound.size // voice.hop * voice.hop
    assert e.mel.shape == (e.samples // voice.hop, voice.bands)
    assert e.latents.shape == (len(e.mel) * voice.rows_per_frame, voice.channels)
    assert e.latents.dtype == np.float32
    back = voice.decode(e.mel, e.latents)
    assert back.shape == (e.samples,)
    assert np.abs(back - sound[: e.samples]).max() < 1e-5


def test_likelihood(voice, sound):
    e = voice.encode(sound.astype(np.float64))
    assert e.nats_per_sample == e.log_likelihood / e.samples
    assert np.isfinite(e.log_likelihood)
    assert e.frame_log_likelihoods.shape == (len(e.mel),)
    assert np.isclose(e.frame_log_likelihoods.sum(), e.log_likelihood)
    again = voice.encode(sound, e.mel.T, threads=1)
    assert again.log_likelihood == e.log_likelihood
    assert np.array_equal(again.latents, e.latents)


def test_wrong(voice, mel, sound):
    with pytest.raises(glowvox.Error, match="audio: "):
        voice.encode(sound[:3])
    with pytest.raises(glowvox.Error, match="mel"):
        voice.encode(sound, mel[:10])
    with pytest.raises(glowvox.Error, match=r"latents: expected \[rows, "):
        voice.decode(mel, sound)
    with pytest.raises(glowvox.Error, match="latent: expected"):
        voice.decode(mel, np.zeros((3, voice.channels)))
