# SPDX-License-Identifier: MIT
"""python -m glowvox: a mel file to a sound file."""

from __future__ import annotations

import argparse
import sys

import numpy as np

import glowvox

_EXAMPLES = """examples:
  python -m glowvox mel.npy out.wav
  python -m glowvox mel.npy out.wav --model voice.safetensors --sigma 1 --seed 7

exit status: 0, 1 after an error, 2 after wrong usage, 130 after Ctrl-C
"""


def _parser() -> argparse.ArgumentParser:
    p = argparse.ArgumentParser(
        prog="python -m glowvox",
        description="Mel spectrogram to sound.",
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    p.add_argument("mel", help="npy file, [frames, bands] or [bands, frames]")
    p.add_argument("out", help="wav file, 16 bits")
    p.add_argument("--model", help="model file (default: the built-in voice)")
    p.add_argument("--precision", choices=("auto", "fp32", "bf16", "int8"), default="auto")
    p.add_argument(
        "--memory", choices=("fast", "small"), default="fast", help="small: weights stay half"
    )
    p.add_argument("--sigma", type=float, default=0.7, help="temperature (default: 0.7)")
    p.add_argument("--seed", type=int, default=1, help="random seed (default: 1)")
    p.add_argument("--threads", type=int, default=0, help="threads (default: all cores)")
    p.add_argument("--denoise", type=float, help="strength (default: as the model file says)")
    p.add_argument("--corrections", type=int, help="frames corrected together (default: as the model file says)")
    p.add_argument("--version", action="version", version=f"glowvox {glowvox.__version__}")
    return p


def _read(path: str) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except OSError as e:
        raise glowvox.Error(f"{path}: cannot read: {e.strerror or e}") from e
    except (ValueError, EOFError) as e:
        raise glowvox.Error(f"{path}: is not an npy file of numbers") from e
    if not isinstance(array, np.ndarray):
        raise glowvox.Error(f"{path}: holds several arrays; save one as npy")
    return array


def main(arguments: list[str] | None = None) -> int:
    o = _parser().parse_args(arguments)
    try:
        mel = _read(o.mel)
        vocoder = glowvox.Vocoder.load(o.model, o.precision, o.memory)
        audio = vocoder.synthesize(mel, o.sigma, o.seed, o.threads, o.denoise, o.corrections)
        clipped = glowvox.write_wav(o.out, audio, vocoder.sample_rate)
    except glowvox.Error as e:
        print(f"glowvox: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(f"glowvox: stopped; {o.out} was not written", file=sys.stderr)
        return 130
    print(f"{o.out}: {audio.size / vocoder.sample_rate:.2f} s of sound, {clipped} samples clipped")
    return 0


if __name__ == "__main__":
    sys.exit(main())
