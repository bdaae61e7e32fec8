# SPDX-License-Identifier: MIT
import threading

import numpy as np
import pytest

import glowvox


def test_it_is_a_generator_of_the_whole_utterance(voice, mel, sound):
    with voice.stream() as s:
        chunks = list(s(iter(mel)))
    assert all(c.dtype == np.float32 and c.size for c in chunks)
    assert len(chunks) > 50
    assert np.array_equal(np.concatenate(chunks), sound)


@pytest.mark.parametrize("layout", ["frames first", "bands first"])
def test_a_whole_mel_is_pushed_frame_by_frame(voice, mel, sound, layout):
    with voice.stream() as s:
        chunks = list(s(mel if layout == "frames first" else mel.T))
    assert len(chunks) > 50
    assert np.array_equal(np.concatenate(chunks), sound)


@pytest.mark.parametrize("count", [1, 7, 200])
@pytest.mark.parametrize("most_frames", [1, 16])
def test_pushes_of_any_size(voice, mel, sound, count, most_frames):
    s = voice.stream(most_frames=most_frames, threads=2)
    chunks = [s.push(mel[i : i + count]) for i in range(0, len(mel), count)]
    chunks.append(s.finish())
    assert np.array_equal(np.concatenate(chunks), sound)


def test_options_are_synthesize_s(voice, mel):
    options = {"sigma": 0.3, "seed": 9, "denoise": 0.2, "corrections": 1}
    with voice.stream(**options) as s:
        chunks = list(s(mel.T[:, i : i + 5] for i in range(0, len(mel), 5)))
    assert np.array_equal(np.concatenate(chunks), voice.synthesize(mel, **options))


def test_samples_come_as_early_as_the_latency_promises(voice, mel):
    with voice.stream(corrections=0) as s:
        for pushed, frame in enumerate(mel, 1):
            if s.push(frame).size:
                break
    assert pushed <= voice.latency(corrections=0) * voice.sample_rate / voice.hop + 2


def test_chunks_stay_when_the_stream_goes_on(voice, mel, sound):
    s = voice.stream(corrections=0)
    first = s.push(mel[:20])
    kept = first.copy()
    s.push(mel[20:40])
    s.close()
    assert np.array_equal(first, kept)


def test_a_stream_ends_once(voice, mel):
    s = voice.stream()
    s.push(mel)
    s.finish()
    with pytest.raises(glowvox.Error, match="stream: it has been finished; start another one"):
        s.push(mel)
    with s:
        pass
    for call in (lambda: s.push(mel), s.finish):
        with pytest.raises(glowvox.Error, match="stream: it has been closed; start another one"):
            call()
    s.close()


def test_wrong_frames_leave_it_as_it_was(voice, mel, sound):
    s = voice.stream(most_frames=8)
    chunks = [s.push(mel[:50])]
    bad = mel[50:60].copy()
    bad[3, 7] = np.nan
    with pytest.raises(glowvox.Error, match="mel: value 7 of frame 3 is not finite"):
        s.push(bad)
    with pytest.raises(
        glowvox.Error, match=r"expected \[frames, 80\] or \[80, frames\], got \[3\]"
    ):
        s.push(np.zeros(3, np.float32))
    chunks += [s.push(mel[50:]), s.finish()]
    assert np.array_equal(np.concatenate(chunks), sound)


def test_it_outlives_its_model(mel, sound):
    s = glowvox.Vocoder.load(precision="fp32").stream()
    assert np.array_equal(np.concatenate([s.push(mel), s.finish()]), sound)


def test_two_threads_wait_for_each_other(voice, mel):
    s = voice.stream(corrections=0)
    counts = []

    def work():
        for frame in mel:
            counts.append(s.push(frame).size)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    total = sum(counts) + s.finish().size
    assert total == voice.synthesize(np.tile(mel, (3, 1)), corrections=0).size
