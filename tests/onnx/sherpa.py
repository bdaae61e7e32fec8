"""Speaks with sherpa-onnx's Matcha TTS through a vocoder of `glowvox export --onnx --mel-only`.

Usage: sherpa.py VOCODER MEL FOLDER

The acoustic model, written to FOLDER with its tokens and lexicon, gives MEL (npy, [bands, frames])
for every text. Writes FOLDER/audio.npy, [samples].
"""

import os
import sys

import numpy as np
import onnx
import sherpa_onnx
from onnx import TensorProto, helper, numpy_helper

OPSET, IR_VERSION = 17, 8
METADATA = {
    "model_type": "matcha-tts",
    "version": "1",
    "language": "Chinese",
    "voice": "zh",
    "jieba": "1",
    "has_espeak": "0",
    "n_speakers": "1",
    "sample_rate": "22050",
    "num_ode_steps": "1",
    "pad_id": "0",
    "use_eos_bos": "0",
}


def write_acoustic_model(path, mel):
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        [helper.make_node("Identity", ["the_mel"], ["mel"])],
        "acoustic",
        [
            value("x", TensorProto.INT64, ["batch", "tokens"]),
            value("x_length", TensorProto.INT64, ["batch"]),
            value("noise_scale", TensorProto.FLOAT, [1]),
            value("length_scale", TensorProto.FLOAT, [1]),
        ],
        [value("mel", TensorProto.FLOAT, ["batch", mel.shape[0], "frames"])],
        [numpy_helper.from_array(mel[None], "the_mel")],
    )
    operators = [helper.make_opsetid("", OPSET)]
    model = helper.make_model(graph, opset_imports=operators, ir_version=IR_VERSION)
    helper.set_model_props(model, METADATA)
    onnx.save(model, path)


def write_text(path, text):
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def main():
    if len(sys.argv) != 4:
        print("usage: sherpa.py VOCODER MEL FOLDER", file=sys.stderr)
        return 2
    vocoder, mel, folder = sys.argv[1], np.load(sys.argv[2]), sys.argv[3]
    acoustic, lexicon, tokens = (
        os.path.join(folder, name) for name in ("acoustic.onnx", "lexicon.txt", "tokens.txt")
    )
    write_acoustic_model(acoustic, mel)
    write_text(lexicon, "你 a\n好 b\n")
    write_text(tokens, "_ 0\na 1\nb 2\n")
    matcha = sherpa_onnx.OfflineTtsMatchaModelConfig(
        acoustic_model=acoustic, vocoder=vocoder, lexicon=lexicon, tokens=tokens
    )
    config = sherpa_onnx.OfflineTtsConfig(
        model=sherpa_onnx.OfflineTtsModelConfig(matcha=matcha, num_threads=1)
    )
    spoken = sherpa_onnx.OfflineTts(config).generate("你好")
    np.save(os.path.join(folder, "audio.npy"), np.array(spoken.samples, np.float32))
    return 0


if __name__ == "__main__":
    sys.exit(main())
