#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Writes NAME.npy for the newer presets, by the libraries that their conventions are made with.

Run here with librosa 0.10, torch and torchaudio 2.2, soundfile and soxr from PyPI. The older files
are by librosa's filters and a float64 transform (golden.json says which convention each follows).
"""

import json
import pathlib

import librosa
import numpy as np
import soundfile
import soxr
import torch
import torchaudio

HERE = pathlib.Path(__file__).parent


def audio_44k():
    """A second of speech, which ends at 11 kHz, and faint noise in the octave above."""
    speech, rate = soundfile.read(HERE / "lj_2s.wav")
    up = soxr.resample(speech[:rate], rate, 44100)
    noise = np.random.default_rng(1).standard_normal(len(up)) * 1e-3
    soundfile.write(HERE / "lj_1s_44k.wav", up + noise, 44100, subtype="PCM_16")


def load(name):
    x, _ = soundfile.read(HERE / name, dtype="float64")
    return torch.from_numpy(x)


def filters(rate, n_fft, bands, low, high):
    bank = librosa.filters.mel(sr=rate, n_fft=n_fft, n_mels=bands, fmin=low, fmax=high, dtype=np.float64)
    return torch.from_numpy(bank)


def hifigan(x, rate, n_fft, hop, bands, low, high):
    """mel_spectrogram of HiFi-GAN's meldataset.py, which BigVGAN, CosyVoice and openvpi keep."""
    pad = (n_fft - hop) // 2
    padded = torch.nn.functional.pad(x[None, None], (pad, pad), mode="reflect")[0]
    spectrum = torch.stft(padded, n_fft, hop, n_fft, torch.hann_window(n_fft, dtype=x.dtype), center=False,
                          onesided=True, return_complex=True)
    magnitude = torch.sqrt(torch.view_as_real(spectrum).pow(2).sum(-1) + 1e-9)
    return torch.log(torch.clamp(filters(rate, n_fft, bands, low, high) @ magnitude, min=1e-5))[0]


def nemo(x):
    """NeMo's FilterbankFeatures: centred, padded with zeros, a symmetric window, 1e-5 added."""
    window = torch.hann_window(2048, periodic=False, dtype=x.dtype)
    spectrum = torch.stft(x[None], 2048, 512, 2048, window, center=True, pad_mode="constant", return_complex=True)
    return torch.log(filters(44100, 2048, 80, 0, None) @ spectrum.abs() + 1e-5)[0]


def styletts2(x):
    """StyleTTS2's to_mel, which leaves torchaudio's sample rate at its default of 16 kHz."""
    to_mel = torchaudio.transforms.MelSpectrogram(n_mels=80, n_fft=2048, win_length=1200, hop_length=300).double()
    return (torch.log(1e-5 + to_mel(x)) - -4) / 4


def speechbrain(x):
    """SpeechBrain's mel_spectogram for its HiFi-GAN: torchaudio, slaney, magnitudes, clamped."""
    to_mel = torchaudio.transforms.MelSpectrogram(
        sample_rate=22050, n_fft=1024, win_length=1024, hop_length=256, f_min=0.0, f_max=8000.0, n_mels=80, power=1.0,
        normalized=False, norm="slaney", mel_scale="slaney").double()
    return torch.log(torch.clamp(to_mel(x), min=1e-5))


def main():
    audio_44k()
    x22, x24, x44 = load("lj_2s.wav"), load("lj_2s_24k.wav"), load("lj_1s_44k.wav")
    made = {
        "speechbrain": ("lj_2s.wav", speechbrain(x22)),
        "bigvgan_v2_22k": ("lj_2s.wav", hifigan(x22, 22050, 1024, 256, 80, 0, None)),
        "bigvgan_v2_24k": ("lj_2s_24k.wav", hifigan(x24, 24000, 1024, 256, 100, 0, None)),
        "bigvgan_v2_44k": ("lj_1s_44k.wav", hifigan(x44, 44100, 2048, 512, 128, 0, None)),
        "bigvgan_v2_44k_256x": ("lj_1s_44k.wav", hifigan(x44, 44100, 1024, 256, 128, 0, None)),
        "cosyvoice": ("lj_2s_24k.wav", hifigan(x24, 24000, 1920, 480, 80, 0, 8000)),
        "cosyvoice_12k": ("lj_2s_24k.wav", hifigan(x24, 24000, 1920, 480, 80, 0, None)),
        "styletts2": ("lj_2s_24k.wav", styletts2(x24)),
        "nemo_44k": ("lj_1s_44k.wav", nemo(x44)),
        "openvpi_44k": ("lj_1s_44k.wav", hifigan(x44, 44100, 2048, 512, 128, 40, 16000)),
    }
    golden = json.loads((HERE / "golden.json").read_text())
    for name, (source, mel) in made.items():
        values = mel.numpy().astype(np.float32)
        np.save(HERE / f"{name}.npy", values)
        convention = {"nemo_44k": nemo, "styletts2": styletts2, "speechbrain": speechbrain}.get(name, hifigan)
        golden[name] = {"shape": list(values.shape), "note": convention.__doc__, "input": source}
    (HERE / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


main()
