# SPDX-License-Identifier: MIT
"""python -m glowvox, as a user runs it."""

import os
import subprocess
import sys
import wave

import numpy as np
import pytest

import glowvox


def run(*arguments, cwd):
    return subprocess.run(
        [sys.executable, "-m", "glowvox", *map(str, arguments)],
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=120,
    )


def test_it_speaks(mel, tmp_path):
    np.save(tmp_path / "mel.npy", mel.T)
    done = run("mel.npy", "out.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("out.wav: 1.3")
    assert sorted(os.listdir(tmp_path)) == ["mel.npy", "out.wav"]
    with wave.open(str(tmp_path / "out.wav")) as f:
        pcm = np.frombuffer(f.readframes(f.getnframes()), "<i2")
    v = glowvox.Vocoder.load()
    audio = v.synthesize(mel)
    assert np.abs(pcm / 32768 - np.clip(audio, -1, 1)).max() <= 0.5 / 32768 + 1e-7


def test_options(mel, tmp_path):
    np.save(tmp_path / "mel.npy", mel)
    for seed in (1, 2):
        options = ["--seed", seed, "--precision", "fp32", "--model", glowvox.builtin_voice()]
        assert run("mel.npy", f"{seed}.wav", *options, cwd=tmp_path).returncode == 0
    assert (tmp_path / "1.wav").read_bytes() != (tmp_path / "2.wav").read_bytes()


def test_help(tmp_path):
    done = run("--help", cwd=tmp_path)
    assert done.returncode == 0
    assert "python -m glowvox mel.npy out.wav" in done.stdout
    assert run("--version", cwd=tmp_path).stdout == f"glowvox {glowvox.__version__}\n"


def test_wrong_usage(tmp_path):
    assert run("mel.npy", cwd=tmp_path).returncode == 2


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("none.npy", "none.npy: cannot read: No such file or directory"),
        ("text.npy", "text.npy: is not an npy file of numbers"),
        ("empty.npy", "empty.npy: is not an npy file of numbers"),
        ("pickle.npy", "pickle.npy: is not an npy file of numbers"),
        ("two.npz", "two.npz: holds several arrays; save one as npy"),
        ("flat.npy", "mel: expected [frames, 80] or [80, frames], got [5]"),
    ],
)
def test_errors_are_one_line_and_leave_nothing(name, message, tmp_path):
    (tmp_path / "text.npy").write_text("hello")
    (tmp_path / "empty.npy").write_bytes(b"")
    np.save(tmp_path / "pickle.npy", np.array([{}]), allow_pickle=True)
    np.savez(tmp_path / "two.npz", a=np.zeros(3), b=np.zeros(3))
    np.save(tmp_path / "flat.npy", np.zeros(5))
    before = sorted(os.listdir(tmp_path))
    done = run(name, "out.wav", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr == f"glowvox: {message}\n"
    assert sorted(os.listdir(tmp_path)) == before


def test_a_wav_is_clamped_counted_and_whole(tmp_path):
    path = tmp_path / "x.wav"
    assert glowvox.write_wav(path, np.array([0.0, 0.5, 1.0, 1.5, -1.0, -3.0]), 8000) == 2
    with wave.open(str(path)) as f:
        assert f.getframerate() == 8000
        pcm = np.frombuffer(f.readframes(9), "<i2")
    assert pcm.tolist() == [0, 16384, 32767, 32767, -32768, -32768]
    with pytest.raises(glowvox.Error, match="is a directory|Is a directory"):
        glowvox.write_wav(tmp_path, np.zeros(3), 8000)
    assert os.listdir(tmp_path) == ["x.wav"]
