#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Thousands of mels to sound on a Ray cluster, one model in each worker process.

Needs: pip install ./bindings/python ray
"""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections import deque
from pathlib import Path

import glowvox
import numpy as np
import ray

EXAMPLES = """examples:
  python ray_corpus.py mels/ wavs/                       on this machine, one worker a core
  python ray_corpus.py mels/ wavs/ --workers 2 --sigma 0.9
  python ray_corpus.py mels/ wavs/ --address auto        on the cluster that this machine is in
  python ray_corpus.py mels/ wavs/ --model /net/voice.safetensors

Folders are read and written by the workers: on a cluster, by every machine under the same name.
Every .npy below the first folder, [frames, bands] or [bands, frames], becomes the .wav of the same
name below the second. Run it again after an interruption: what is there is not made again (--again
makes it), and a file is there whole or not at all. The same mel and options give the same sound,
whichever worker makes it, on processors of one kind.

exit status: 0 all are there, 1 some could not be made (said why on standard error), 2 wrong usage,
130 after Ctrl-C
"""
IN_FLIGHT = 2  # mels that a worker has at a time, so that it never waits for the next one


@ray.remote
class Worker:
    """A process with a model, which makes one file after the other."""

    def __init__(self, model: str | None, precision: str, options: dict[str, float]) -> None:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the driver's
        self.options, self.problem = options, ""
        try:
            self.vocoder = glowvox.Vocoder.load(model, precision)
        except glowvox.Error as e:
            self.problem = str(e)

    def ready(self) -> str:
        """Nothing, or why it is not."""
        return self.problem

    def make(self, mel: Path, out: Path) -> tuple[float, str]:
        """Seconds of sound, or what was wrong."""
        try:
            audio = self.vocoder.synthesize(np.load(mel, allow_pickle=False), **self.options)
            out.parent.mkdir(parents=True, exist_ok=True)
            glowvox.write_wav(out, audio, self.vocoder.sample_rate)
        except (ValueError, EOFError):
            return 0.0, f"{mel}: is not an npy file of numbers"
        except (glowvox.Error, OSError) as e:
            return 0.0, f"{mel}: {e}"
        return audio.size / self.vocoder.sample_rate, ""


class Progress:
    """A line that is written again and again on a terminal, and now and then elsewhere."""

    def __init__(self, total: int) -> None:
        self.total, self.made, self.failed, self.seconds = total, 0, 0, 0.0
        self.began = self.shown = 0.0
        self.terminal = sys.stderr.isatty()

    def start(self) -> None:
        """The first worker is ready; the others may follow."""
        self.began = self.shown = self.began or time.monotonic()

    def add(self, seconds: float, problem: str) -> None:
        if problem:
            self.failed += 1
            print(("\r\033[K" if self.terminal else "") + problem, file=sys.stderr)
        self.made += not problem
        self.seconds += seconds
        now = time.monotonic()
        if now - self.shown > (0.2 if self.terminal else 30.0):
            self.shown = now
            line = f"{self.made + self.failed} of {self.total}, {self.figures(now)}"
            print(
                f"\r\033[K{line}" if self.terminal else line,
                end="" if self.terminal else "\n",
                file=sys.stderr,
                flush=True,
            )

    def figures(self, now: float) -> str:
        took = max(now - self.began, 1e-9) if self.began else 1.0
        return f"{self.seconds / 3600:.2f} h of sound, {self.seconds / took:.0f} times real time"

    def end(self) -> None:
        if self.terminal:
            print("\r\033[K", end="", file=sys.stderr)
        failed = f", {self.failed} failed" if self.failed else ""
        print(f"{self.made} made{failed}; {self.figures(time.monotonic())}")


def parse(arguments: list[str] | None) -> argparse.Namespace:
    p = argparse.ArgumentParser(
        description="Synthesizes every mel of a folder on a Ray cluster, with glowvox.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("mels", type=Path, help="folder of .npy files")
    p.add_argument("out", type=Path, help="folder for .wav files")
    p.add_argument("--model", help="model file (default: the built-in voice)")
    p.add_argument("--precision", choices=("auto", "fp32", "bf16"), default="auto")
    p.add_argument("--sigma", type=float, default=0.7, help="temperature (default: 0.7)")
    p.add_argument("--seed", type=int, default=1, help="random seed of every file (default: 1)")
    p.add_argument("--address", help="of a Ray cluster, or auto (default: this machine alone)")
    p.add_argument("--workers", type=int, help="processes (default: one a core of the cluster)")
    p.add_argument("--again", action="store_true", help="make what is there already, too")
    o = p.parse_args(arguments)
    if not o.mels.is_dir():
        p.error(f"{o.mels}: is not a folder")
    if o.workers is not None and o.workers < 1:
        p.error(f"--workers: expected 1 or more, got {o.workers}")
    return o


def to_do(o: argparse.Namespace) -> tuple[deque[tuple[Path, Path]], int]:
    """Mels with their outputs, and how many are there already."""
    mels = sorted(o.mels.resolve().rglob("*.npy"))
    root = o.out.resolve()
    pairs = [(m, (root / m.relative_to(o.mels.resolve())).with_suffix(".wav")) for m in mels]
    missing = deque(p for p in pairs if o.again or not p[1].exists())
    return missing, len(pairs) - len(missing)


def work(o: argparse.Namespace, pairs: deque[tuple[Path, Path]], progress: Progress) -> None:
    cores = int(ray.cluster_resources().get("CPU", 1))
    model = o.model and str(Path(o.model).resolve())
    options = {"sigma": o.sigma, "seed": o.seed, "threads": 1}
    workers = [
        # One that dies is started again, and what it had in hand is tried once more.
        Worker.options(num_cpus=1, max_restarts=-1, max_task_retries=1).remote(
            model, o.precision, options
        )
        for _ in range(min(o.workers or cores, len(pairs)))
    ]
    waiting = {worker.ready.remote(): (worker, None) for worker in workers}
    left = len(pairs)

    def give(worker) -> None:
        if pairs:
            mel, out = pairs.popleft()
            waiting[worker.make.remote(mel, out)] = (worker, mel)

    while left:
        done, _ = ray.wait(list(waiting))
        for ref in done:
            worker, mel = waiting.pop(ref)
            if mel is None:
                if problem := ray.get(ref):
                    raise glowvox.Error(problem)
                progress.start()
                for _ in range(IN_FLIGHT):
                    give(worker)
                continue
            try:
                progress.add(*ray.get(ref))
            except ray.exceptions.RayError as e:
                progress.add(0.0, f"{mel}: {str(e).splitlines()[0]}")
            left -= 1
            give(worker)


def main(arguments: list[str] | None = None) -> int:
    o = parse(arguments)
    pairs, there = to_do(o)
    if there:
        print(f"{there} are there already")
    if not pairs:
        print("nothing to do")
        return 0
    progress = Progress(len(pairs))
    try:
        ray.init(
            address=o.address,
            num_cpus=None if o.address else o.workers,
            include_dashboard=False,
            log_to_driver=False,
            logging_level="ERROR",
        )
        work(o, pairs, progress)
    except KeyboardInterrupt:
        progress.end()
        print("stopped; run it again to go on", file=sys.stderr)
        return 130
    except (ray.exceptions.RayError, ConnectionError, RuntimeError) as e:  # glowvox.Error too
        print(f"ray_corpus: {e}", file=sys.stderr)
        return 1
    finally:
        ray.shutdown()
    progress.end()
    return 1 if progress.failed else 0


if __name__ == "__main__":
    sys.exit(main())
