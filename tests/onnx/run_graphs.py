"""Runs exported graphs in ONNX Runtime and says how far they are from the engine.

Usage: run_graphs.py FOLDER...

Each FOLDER holds voice.onnx, mel.npy [bands, frames], latent.npy [1, channels, rows], audio.npy
[samples], what the engine makes of them, and, where the model can stream, voice-streaming.onnx.
Prints a line of JSON for each: the largest differences of the whole utterance, of a batch whose
noise is scaled by the temperature, and of streams in chunks of several sizes. Every file is checked
by onnx.checker where the package onnx is there.
"""

import json
import os
import sys

import numpy as np
import onnxruntime

CHUNKS = ([1], [2, 1, 5], [1000])
TEMPERATURE = 0.5  # a power of two: latents divided by it and multiplied again are the same


def check(path):
    try:
        import onnx
    except ImportError:
        return False
    onnx.checker.check_model(path, full_check=True)
    return True


def load(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def temperature(value):
    return np.array([value], np.float32)


def difference(expected, got):
    return float(np.abs(expected - got).max()) if expected.shape == got.shape else float("inf")


def batch_difference(session, mel, latent, audio):
    """Two clips, the second one's mel moved: the first must not notice it."""
    mels = np.concatenate((mel, mel + 0.1))
    noise = np.concatenate((latent, latent)) / np.float32(TEMPERATURE)
    inputs = {"mel": mels, "noise": noise, "temperature": temperature(TEMPERATURE)}
    got = session.run(["audio"], inputs)[0]
    return difference(audio, got[0]) if len(got) == 2 else float("inf")


def stream(session, mel, latent, chunks):
    metadata = session.get_modelmeta().custom_metadata_map
    rows, overlap = int(metadata["rows_per_frame"]), int(metadata["overlap_samples"])
    state = np.zeros((1, int(metadata["state_size"])), np.float32)
    pieces, done, i = [], 0, 0
    while done < mel.shape[2]:
        end = min(done + chunks[i % len(chunks)], mel.shape[2])
        inputs = {
            "mel": mel[:, :, done:end],
            "noise": latent[:, :, done * rows : end * rows],
            "temperature": temperature(1.0),
            "state": state,
        }
        audio, state = session.run(["audio", "next_state"], inputs)
        pieces.append(audio[0])
        done, i = end, i + 1
    samples = np.concatenate(pieces)
    return np.concatenate((samples[overlap:], state[0, state.shape[1] - overlap :]))


def measure(folder):
    paths = [os.path.join(folder, name) for name in ("voice.onnx", "voice-streaming.onnx")]
    mel = np.load(os.path.join(folder, "mel.npy"))[None]
    latent = np.load(os.path.join(folder, "latent.npy"))
    audio = np.load(os.path.join(folder, "audio.npy"))
    session = load(paths[0])
    inputs = {"mel": mel, "noise": latent, "temperature": temperature(1.0)}
    result = {
        "checked": check(paths[0]),
        "whole": difference(audio, session.run(["audio"], inputs)[0][0]),
        "batch": batch_difference(session, mel, latent, audio),
        "largest": float(np.abs(audio).max()),
    }
    if os.path.exists(paths[1]):
        check(paths[1])
        session = load(paths[1])
        result["streams"] = max(
            difference(audio, stream(session, mel, latent, chunks)) for chunks in CHUNKS
        )
    return result


def main():
    if len(sys.argv) < 2:
        print("usage: run_graphs.py FOLDER...", file=sys.stderr)
        return 2
    for folder in sys.argv[1:]:
        print(json.dumps(measure(folder)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
