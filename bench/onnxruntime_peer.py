"""Times ONNX Runtime on a graph of `glowvox export --onnx`, as a line of JSON.

Usage: onnxruntime_peer.py GRAPH SECONDS THREADS

Of an offline graph: a random mel of so many seconds at once; "elapsed" is the median, in seconds,
"rtf" that by the seconds of sound. Of a streaming graph: the same mel a frame at a time; "ms" is the
median of a frame. "start_ms" is what passes from the start of this script, imports included, to the
end of a first quarter of a second of sound, of an offline graph, and "peak_mb" the process's largest
resident memory. SECONDS 0: these two alone.
"""

import time

SCRIPT_START = time.perf_counter()

import json  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402

import numpy as np  # noqa: E402
import onnxruntime  # noqa: E402

from peer_memory import peak_mb  # noqa: E402

FEWEST_RUNS = 5
START_SECONDS = 0.25
LEAST_SECONDS = 2.0


def load(path, threads):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])


def inputs_of(metadata, frames):
    random = np.random.default_rng(1)
    rows = frames * int(metadata["rows_per_frame"])
    mel = random.uniform(-6.0, -3.0, (1, int(metadata["num_mels"]), frames))
    noise = random.standard_normal((1, int(metadata["channels"]), rows))
    return {
        "mel": mel.astype(np.float32),
        "noise": noise.astype(np.float32),
        "temperature": np.array([0.7], np.float32),
    }


def check(audio):
    if not np.isfinite(audio).all():
        sys.exit("onnxruntime_peer.py: the sound is not finite")


def whole(session, inputs):
    """Median seconds of a run, after one that is not counted."""
    check(session.run(["audio"], inputs)[0])
    runs = []
    while len(runs) < FEWEST_RUNS or sum(runs) < LEAST_SECONDS:
        start = time.perf_counter()
        session.run(["audio"], inputs)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)


def stream(session, inputs, metadata):
    """Median seconds of a frame; all inputs lie in contiguous memory before the clock starts."""
    rows = int(metadata["rows_per_frame"])
    state = np.zeros((1, int(metadata["state_size"])), np.float32)
    runs = []
    for frame in range(inputs["mel"].shape[2]):
        piece = {
            "mel": np.ascontiguousarray(inputs["mel"][:, :, frame : frame + 1]),
            "noise": np.ascontiguousarray(inputs["noise"][:, :, frame * rows : (frame + 1) * rows]),
            "temperature": inputs["temperature"],
            "state": state,
        }
        start = time.perf_counter()
        audio, state = session.run(["audio", "next_state"], piece)
        runs.append(time.perf_counter() - start)
        check(audio)
    return statistics.median(runs)


def main():
    if len(sys.argv) != 4:
        print("usage: onnxruntime_peer.py GRAPH SECONDS THREADS", file=sys.stderr)
        return 2
    session = load(sys.argv[1], int(sys.argv[3]))
    metadata = session.get_modelmeta().custom_metadata_map
    seconds = float(sys.argv[2])
    hop_seconds = int(metadata["hop_length"]) / int(metadata["sample_rate"])
    result = {"graph": metadata["graph"], "onnxruntime": onnxruntime.__version__}

    def sound_of(length):
        return inputs_of(metadata, max(1, round(length / hop_seconds)))

    if metadata["graph"] == "streaming":
        result["ms"] = 1e3 * stream(session, sound_of(seconds), metadata)
    else:
        check(session.run(["audio"], sound_of(START_SECONDS))[0])
        result["start_ms"] = 1e3 * (time.perf_counter() - SCRIPT_START)
        if seconds > 0.0:
            elapsed = whole(session, sound_of(seconds))
            result.update({"elapsed": elapsed, "rtf": elapsed / seconds})
    result["peak_mb"] = peak_mb()
    print(json.dumps(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
