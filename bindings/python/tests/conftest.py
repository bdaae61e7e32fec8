# SPDX-License-Identifier: MIT
import numpy as np
import pytest

import glowvox


@pytest.fixture(scope="session")
def voice():
    """The built-in voice in float32, which every processor has."""
    return glowvox.Vocoder.load(precision="fp32")


@pytest.fixture(scope="session")
def mel(voice):
    """[120, 80], something that moves within what the voice was trained on."""
    frames = np.arange(120)[:, None]
    bands = np.arange(voice.bands)[None, :]
    wave = np.sin(0.11 * frames + 0.17 * bands)
    return (voice.mel_means + voice.mel_deviations * wave).astype(np.float32)


@pytest.fixture(scope="session")
def sound(voice, mel):
    return voice.synthesize(mel)
