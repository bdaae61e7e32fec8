# SPDX-License-Identifier: MIT
"""A mel file to a sound file. Usage: python synthesize.py mel.npy out.wav"""

import sys

import glowvox
import numpy as np

vocoder = glowvox.Vocoder.load()  # the built-in voice, or the path of a model file
audio = vocoder.synthesize(np.load(sys.argv[1]))  # [80, frames] or [frames, 80]
glowvox.write_wav(sys.argv[2], audio, vocoder.sample_rate)
