"""Writes what torch.save makes of tensors of many types, strides and shared storages.

Usage: make.py FOLDER (PyTorch 1.13)
"""

import argparse
import collections
import pathlib
import sys
import types

import torch


class Module(torch.nn.Module):
    """What NVIDIA's classes are to a pickle: a name."""


def legacy_module(pickled):
    """NVIDIA's whole module, as PyTorch before 1.6 wrote it."""
    glow = types.ModuleType("glow")
    for name in ("WaveGlow", "WN", "Invertible1x1Conv"):
        setattr(glow, name, type(name, (Module,), {"__module__": "glow"}))
    sys.modules["glow"] = glow
    return torch.load(pickled)


def main(folder):
    x = torch.arange(24, dtype=torch.float32).reshape(4, 6) * 0.5
    tensors = collections.OrderedDict(
        whole=x, transposed=x.t(), part=x[1:3, ::2], row=x[2], expanded=x[0:1].expand(3, 6),
        scalar=torch.tensor(2.5), empty=torch.zeros(0, 5), half=x.half(), bfloat16=x.bfloat16(),
        double=x.double(), integers=torch.arange(6), parameter=torch.nn.Parameter(x[:2].clone()),
    )
    torch.save(tensors, folder / "tensors.pt")
    torch.save(tensors, folder / "tensors_legacy.pt", _use_new_zipfile_serialization=False)
    torch.save(tensors, folder / "tensors_protocol4.pt", pickle_protocol=4)
    torch.save(x, folder / "one.pt")
    # What surrounds weights in people's checkpoints.
    surroundings = {
        "iteration": 12, "big": 2 ** 70, "learning_rate": 1e-4, "name": "x", "none": None, "flag": True,
        "arguments": argparse.Namespace(batch=3), "path": pathlib.PurePosixPath("a/b"),
        "sets": {1, 2}, "size": x.size(), "dtype": torch.float16, "device": torch.device("cpu"),
        "bytes": b"\x00\x01", "tuple": (1, (2, [3])), "generator": tensors,
    }
    torch.save(surroundings, folder / "surrounded.pt")
    torch.save(legacy_module(folder.parent / "waveglow" / "tiny_pickled_module.pt"),
               folder / "legacy_module.pt", _use_new_zipfile_serialization=False)


if __name__ == "__main__":
    main(pathlib.Path(sys.argv[1]))
