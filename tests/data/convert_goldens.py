"""Writes the golden WaveGlow and SqueezeWave as model files and arrays that the tests read.

Usage: convert_goldens.py GOLDEN_FOLDER OUT_FOLDER

GOLDEN_FOLDER holds what NVIDIA's and SqueezeWave's own code computed (PyTorch 1.13, CPU): state
dicts and tiny_io.npz. Names and layouts are changed, no value is; SqueezeWave's batch normalisations
become the scale and shift that they are in evaluation mode.
"""

import collections
import json
import os
import pickle
import struct
import sys
import zipfile

import numpy as np


class TensorUnpickler(pickle.Unpickler):
    """Builds tensors as (storage key, offset, shape, stride) and plain containers only."""

    def find_class(self, module, name):
        if name == "_rebuild_tensor_v2":
            return lambda storage, offset, shape, stride, *_: (storage, offset, shape, stride)
        if name == "OrderedDict":
            return collections.OrderedDict
        return name

    def persistent_load(self, storage_id):
        return storage_id


def state_dict(path):
    archive = zipfile.ZipFile(path)
    names = archive.namelist()
    pickled = next(n for n in names if n.endswith("data.pkl"))
    root = pickled[: -len("data.pkl")]
    dtypes = {"FloatStorage": np.float32, "LongStorage": np.int64}
    tensors = {}
    for name, (storage, offset, shape, stride) in TensorUnpickler(archive.open(pickled)).load().items():
        flat = np.frombuffer(archive.read(root + "data/" + storage[2]), dtypes[storage[1]])
        strides = [s * flat.itemsize for s in stride]
        tensors[name] = np.lib.stride_tricks.as_strided(flat[offset:], shape, strides).copy()
    return tensors


def write_safetensors(path, tensors, metadata):
    header, payload = {"__metadata__": metadata}, b""
    for name in sorted(tensors):
        data = np.ascontiguousarray(tensors[name], np.float32)
        header[name] = {"dtype": "F32", "shape": list(data.shape),
                        "data_offsets": [len(payload), len(payload) + data.nbytes]}
        payload += data.tobytes()
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + payload)


def renamed(source, net_parts):
    """Our name -> their value (weights and gradients alike)."""
    out = {}
    for name, value in source.items():
        parts = name.split(".")
        if parts[0] == "upsample":
            out["conditioner." + parts[1]] = value
        elif parts[0] == "convinv":
            out["step_%s_mixing.weight" % parts[1]] = value[:, :, 0]
        elif parts[0] == "WN":
            ours, changed = net_parts(parts[2:], value)
            if ours:
                out["step_%s_coupling.net.%s" % (parts[1], ours)] = changed
    return out


def conv_value(kind, value):
    if kind in ("weight", "weight_v"):
        return value.transpose(0, 2, 1)  # [Cout, Cin, K] -> [Cout, K, Cin]
    return value.reshape(-1) if kind == "weight_g" else value


def waveglow_part(parts, value):
    layers = {"in_layers": "dilated", "res_skip_layers": "res_skip"}
    if parts[0] in layers:
        return "%s_%s.%s" % (layers[parts[0]], parts[1], parts[2]), conv_value(parts[2], value)
    return parts[0].replace("cond_layer", "cond") + "." + parts[1], conv_value(parts[1], value)


def squeezewave_part(parts, value):
    if parts[0] == "res_skip_layers":
        return "residual_%s.%s" % (parts[1], parts[2]), conv_value(parts[2], value)
    if parts[0] != "in_layers":
        return parts[0].replace("cond_layer", "cond") + "." + parts[1], conv_value(parts[1], value)
    if parts[2] == "0":
        return None, None  # the batch normalisation, below
    if parts[2] == "1":
        weight = parts[3] == "weight"
        return "depthwise_%s.%s" % (parts[1], parts[3]), value[:, 0, :].T if weight else value
    return "pointwise_%s.%s" % (parts[1], parts[3]), conv_value(parts[3], value)


def batch_norms(source):
    out = {}
    for name in source:
        if not name.endswith(".running_var"):
            continue
        base = name[: -len("running_var")]
        step, layer = name.split(".")[1], name.split(".")[3]
        scale = source[base + "weight"] / np.sqrt(source[name] + 1e-5)
        net = "step_%s_coupling.net." % step
        out[net + "scale_" + layer] = scale
        out[net + "shift_" + layer] = source[base + "bias"] - source[base + "running_mean"] * scale
    return out


COMMON = """name: {name}
purpose: parity with the original program
mel: {{bands: 8}}
lift: {{kind: squeeze, channels: {group}}}
steps: 6
mixing: conv1x1
early: {{every: 2, channels: {early}}}
"""
WAVEGLOW = COMMON.format(name="waveglow-golden", group=8, early=2) + """
conditioner: {kind: upsample, kernel: 1024}
net: {kind: wavenet, layers: 3, channels: 16, kernel: 3, weight_norm: true}
"""
SQUEEZEWAVE = COMMON.format(name="squeezewave-golden", group=128, early=16) + """
conditioner: {kind: repeat}
net: {kind: separable, layers: 2, channels: 16, kernel: 3, dilations: [1, 1], weight_norm: true}
"""


def main(golden, out):
    for name, config, part in (("waveglow", WAVEGLOW, waveglow_part),
                               ("squeezewave", SQUEEZEWAVE, squeezewave_part)):
        folder = os.path.join(out, name)
        os.makedirs(folder, exist_ok=True)
        source = state_dict(os.path.join(golden, name, "tiny_state_dict.pt"))
        tensors = renamed(source, part)
        tensors.update(batch_norms(source))
        write_safetensors(os.path.join(folder, "model.safetensors"), tensors,
                          {"format_version": "1", "config": config})
        io = np.load(os.path.join(golden, name, "tiny_io.npz"))
        values = {key: io[key] for key in io.files if not key.startswith("grad/")}
        gradients = {key[len("grad/"):]: io[key] for key in io.files if key.startswith("grad/")}
        values.update({"grad/" + k: v for k, v in renamed(gradients, part).items()})
        write_safetensors(os.path.join(folder, "io.safetensors"), values, {})


if __name__ == "__main__":
    main(*sys.argv[1:])
