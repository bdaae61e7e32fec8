# SPDX-License-Identifier: MIT
import os
import pickle
import subprocess
import sys
import threading
import time
import tracemalloc
import wave

import numpy as np
import pytest

import glowvox


def test_a_sound_is_float32_and_as_long_as_its_mel(voice, mel, sound):
    assert sound.dtype == np.float32
    assert sound.ndim == 1
    assert abs(sound.size - len(mel) * voice.hop) <= voice.hop
    assert 0.001 < np.abs(sound).max() < 2.0


@pytest.mark.parametrize("precision", ["fp32", "auto"])
def test_it_is_what_the_command_says(precision, mel, tmp_path):
    command = os.environ.get("GLOWVOX_COMMAND")
    if not command:
        pytest.skip("GLOWVOX_COMMAND names no glowvox to compare with")
    np.save(tmp_path / "mel.npy", mel)
    options = ["--sigma", "0.9", "--seed", "5", "--denoise", "0.1", "--precision", precision]
    files = ["--mel", tmp_path / "mel.npy", "-o", tmp_path / "theirs.wav"]
    subprocess.run(
        [command, "synth", "--model", glowvox.builtin_voice(), *files, *options], check=True
    )
    v = glowvox.Vocoder.load(precision=precision)
    glowvox.write_wav(tmp_path / "ours.wav", v.synthesize(mel, 0.9, 5, denoise=0.1), v.sample_rate)
    samples = []
    for name in ("ours.wav", "theirs.wav"):
        with wave.open(str(tmp_path / name)) as f:
            assert (f.getnchannels(), f.getsampwidth(), f.getframerate()) == (1, 2, 22050)
            samples.append(f.readframes(f.getnframes()))
    assert samples[0] == samples[1]


def test_small_memory_sounds_the_same_but_for_rounding(mel, sound):
    small = glowvox.Vocoder.load(precision="fp32", memory="small")
    audio = small.synthesize(mel)
    assert np.abs(audio - sound).max() < 1e-4 * np.abs(sound).max()
    again = pickle.loads(pickle.dumps(small))
    assert np.array_equal(again.synthesize(mel), audio)


def test_both_layouts_and_every_float(voice, mel, sound):
    assert np.array_equal(voice.synthesize(mel.T), sound)
    assert np.array_equal(voice.synthesize(np.ascontiguousarray(mel.T)), sound)
    assert np.array_equal(voice.synthesize(mel.astype(np.float64)), sound)
    assert np.array_equal(voice.synthesize(mel.astype(">f4")), sound)
    assert np.array_equal(voice.synthesize(np.repeat(mel, 2, axis=0)[::2]), sound)
    half = mel.astype(np.float16)
    assert np.array_equal(voice.synthesize(half), voice.synthesize(half.astype(np.float32)))
    assert np.array_equal(voice.synthesize(np.broadcast_to(mel, mel.shape)), sound)  # read-only


def test_where_bands_and_frames_are_as_many_frames_come_first(voice, mel):
    square = mel[: voice.bands]
    assert np.array_equal(voice.synthesize(square), voice.synthesize([square])[0])
    assert not np.array_equal(voice.synthesize(square), voice.synthesize(square.T))


def test_nothing_is_copied_where_nothing_needs_to_be(voice, mel):
    from glowvox._arrays import frames, signal

    assert frames(mel, voice.bands) is mel
    assert np.shares_memory(frames(mel.T, voice.bands), mel)
    audio = np.zeros(100, np.float32)
    assert signal(audio) is audio
    assert np.shares_memory(signal(audio[None]), audio)
    long = np.tile(mel, (20, 1))
    tracemalloc.start()
    voice.synthesize(long, corrections=0)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < long.nbytes / 4  # Python and NumPy took no memory of the mel's size


def test_torch_tensors(voice, mel, sound):
    torch = pytest.importorskip("torch")
    tensor = torch.from_numpy(mel)
    assert np.array_equal(voice.synthesize(tensor), sound)
    assert np.array_equal(voice.synthesize(tensor.T.contiguous().requires_grad_()), sound)
    assert np.array_equal(voice.synthesize(tensor.double()), sound)
    half = tensor.bfloat16()
    assert np.array_equal(voice.synthesize(half), voice.synthesize(half.float().numpy()))


class Dlpack:
    """Whatever has nothing but the protocol."""

    def __init__(self, array):
        self.array = array

    def __dlpack__(self, **options):
        return self.array.__dlpack__(**options)

    def __dlpack_device__(self):
        return self.array.__dlpack_device__()


def test_dlpack(voice, mel, sound):
    assert np.array_equal(voice.synthesize(Dlpack(mel.copy())), sound)


class Tensor:
    """As much of a PyTorch tensor as is asked of one."""

    def __init__(self, array):
        self.array, self.dtype, self.calls = array, "torch.bfloat16", []

    def detach(self):
        self.calls.append("detach")
        return self

    def cpu(self):
        self.calls.append("cpu")
        return self

    def float(self):
        self.calls.append("float")
        return self

    def __array__(self, *arguments, **options):
        return self.array


def test_tensors_are_detached_fetched_and_converted(voice, mel, sound):
    tensor = Tensor(mel)
    assert np.array_equal(voice.synthesize(tensor), sound)
    assert tensor.calls == ["detach", "cpu", "float"]


def test_a_list_gives_a_list(voice, mel, sound):
    sounds = voice.synthesize([mel, mel[:30].T, mel.astype(np.float64)])
    assert isinstance(sounds, list)
    assert np.array_equal(sounds[0], sound)
    assert np.array_equal(sounds[1], voice.synthesize(mel[:30]))
    assert np.array_equal(sounds[2], sound)
    assert voice.synthesize([]) == []


def test_options(voice, mel, sound):
    assert np.array_equal(voice.synthesize(mel, seed=1), sound)
    assert np.array_equal(voice.synthesize(mel, threads=1), sound)
    assert np.array_equal(voice.synthesize(mel, threads=3), sound)
    assert np.array_equal(voice.synthesize(mel, corrections=voice.corrections), sound)
    assert np.array_equal(voice.synthesize(mel, np.float64(0.7), np.int64(1)), sound)
    for other in ({"seed": 2}, {"sigma": 0.2}, {"denoise": 0.5}, {"corrections": 0}):
        assert not np.array_equal(voice.synthesize(mel, **other), sound)
    assert voice.synthesize(mel[:4], seed=2**64 - 1).size


def test_what_a_model_says(voice):
    assert (voice.sample_rate, voice.hop, voice.bands) == (22050, 256, 80)
    assert voice.name == "mdct-causal-many"
    assert voice.precision == "fp32"
    assert voice.channels > 0 and voice.rows_per_frame > 0
    assert voice.mel_means.shape == voice.mel_deviations.shape == (80,)
    assert voice.mel_spec == glowvox.mel_spec("tacotron2")
    assert "fp32" in repr(voice)
    assert 0 < voice.latency(corrections=0) == voice.latency(corrections=1) < voice.latency(corrections=2)
    assert voice.live_corrections == 1
    assert voice.latency(denoise=0.5) > voice.latency(denoise=0)
    assert voice.latency() == voice.latency(voice.denoise, voice.corrections)


def test_pickling_is_by_the_file(voice, mel, sound):
    again = pickle.loads(pickle.dumps(voice))
    assert again.precision == "fp32"
    assert np.array_equal(again.synthesize(mel), sound)


def test_another_thread_goes_on(voice, mel):
    """Without the interpreter's lock being given up, the counting would stop."""
    long = np.tile(mel, (30, 1))
    done = threading.Event()
    work = threading.Thread(target=lambda: (voice.synthesize(long, threads=1), done.set()))
    began = time.perf_counter()
    work.start()
    longest, last = 0.0, began
    while not done.is_set():
        time.sleep(0.001)
        now = time.perf_counter()
        longest, last = max(longest, now - last), now
    work.join()
    took = time.perf_counter() - began
    assert longest < took / 2


def test_threads_do_not_disturb_each_other(voice, mel, sound):
    sounds = [None] * 4

    def work(i):
        sounds[i] = voice.synthesize(mel, threads=1)

    threads = [threading.Thread(target=work, args=(i,)) for i in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert all(np.array_equal(s, sound) for s in sounds)


def test_ctrl_c_stops_a_long_utterance():
    code = """
import numpy, signal, threading, time, os, glowvox
v = glowvox.Vocoder.load(precision="fp32")
mel = numpy.tile(v.mel_means, (200000, 1))
threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
began = time.time()
try:
    v.synthesize(mel)
except KeyboardInterrupt:
    print("stopped", time.time() - began < 20)
"""
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, timeout=300)
    assert run.stdout == "stopped True\n", run.stderr
