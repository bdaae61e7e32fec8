# SPDX-License-Identifier: MIT
"""The examples, where the whole source is there."""

import os
import signal
import subprocess
import sys
import time
import wave
from pathlib import Path

import numpy as np
import pytest

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
pytestmark = pytest.mark.skipif(
    not (EXAMPLES / "ray_corpus.py").exists(), reason="the examples are not here"
)


def run(example, *arguments, cwd):
    return subprocess.run(
        [sys.executable, EXAMPLES / example, *map(str, arguments)],
        check=False,
        capture_output=True,
        text=True,
        cwd=cwd,
        timeout=300,
    )


def whole(path):
    with wave.open(str(path)) as f:
        return 0 < f.getnframes() == len(f.readframes(f.getnframes())) / 2


def test_ten_lines(mel, tmp_path):
    np.save(tmp_path / "mel.npy", mel)
    done = run("synthesize.py", "mel.npy", "out.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert whole(tmp_path / "out.wav")


class TestRay:
    @pytest.fixture(autouse=True)
    def corpus(self, mel, tmp_path):
        pytest.importorskip("ray")
        (tmp_path / "mels" / "deeper").mkdir(parents=True)
        for i in range(6):
            name = f"deeper/{i}.npy" if i % 2 else f"{i}.npy"
            np.save(tmp_path / "mels" / name, mel[: 20 + 4 * i])

    def outputs(self, folder):
        return sorted(str(p.relative_to(folder)) for p in folder.rglob("*") if p.is_file())

    def test_all_are_made_once(self, tmp_path):
        (tmp_path / "mels" / "bad.npy").write_text("hello")
        done = run("ray_corpus.py", "mels", "wavs", "--workers", 2, cwd=tmp_path)
        assert done.returncode == 1
        assert "bad.npy: is not an npy file of numbers" in done.stderr
        assert done.stdout.startswith("6 made, 1 failed; ")
        names = self.outputs(tmp_path / "wavs")
        assert names == ["0.wav", "2.wav", "4.wav", "deeper/1.wav", "deeper/3.wav", "deeper/5.wav"]
        assert all(whole(tmp_path / "wavs" / name) for name in names)

        (tmp_path / "mels" / "bad.npy").unlink()
        first = (tmp_path / "wavs" / "0.wav").read_bytes()
        (tmp_path / "wavs" / "0.wav").unlink()
        done = run("ray_corpus.py", "mels", "wavs", "--workers", 2, cwd=tmp_path)
        assert (done.returncode, done.stderr) == (0, "")
        assert done.stdout.startswith("5 are there already\n1 made; ")
        assert (tmp_path / "wavs" / "0.wav").read_bytes() == first
        done = run("ray_corpus.py", "mels", "wavs", cwd=tmp_path)
        assert done.stdout == "6 are there already\nnothing to do\n"

    def test_a_wrong_model_is_told(self, tmp_path):
        done = run("ray_corpus.py", "mels", "wavs", "--model", "none", "--workers", 1, cwd=tmp_path)
        assert done.returncode == 1
        assert done.stderr == f"ray_corpus: {tmp_path}/none: no such file\n"
        assert not (tmp_path / "wavs").exists()

    def test_usage(self, tmp_path):
        assert run("ray_corpus.py", "none", "wavs", cwd=tmp_path).returncode == 2
        assert "examples:" in run("ray_corpus.py", "--help", cwd=tmp_path).stdout

    def test_ctrl_c(self, mel, tmp_path):
        for i in range(30):
            np.save(tmp_path / "mels" / f"long{i}.npy", np.tile(mel, (40, 1)))
        with subprocess.Popen(
            [sys.executable, EXAMPLES / "ray_corpus.py", "mels", "wavs", "--workers", "2"],
            cwd=tmp_path,
            stderr=subprocess.PIPE,
            text=True,
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        ) as work:
            while work.poll() is None and not list((tmp_path / "wavs").rglob("*.wav")):
                time.sleep(0.02)
            os.kill(work.pid, signal.SIGINT)
            assert work.wait(60) == 130
            assert work.stderr.read() == "stopped; run it again to go on\n"
        names = self.outputs(tmp_path / "wavs")
        assert 0 < len(names) < 36
        assert all(whole(tmp_path / "wavs" / name) for name in names if name.endswith(".wav"))
