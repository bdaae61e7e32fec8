"""Times PyTorch on the models of two configurations, random weights, as a line of JSON.

Usage: pytorch_peer.py NAME SECONDS

NAME is waveglow-256 (configs/waveglow-256.yaml, NVIDIA's WaveGlow) or mdct-causal. Mel in, sound
out, noise drawn on the way, float32, all the cores that the process may use. Tensors are [B, C, T];
weight norms are folded away and inverse matrices computed beforehand. "elapsed" is the median, in
seconds, "rtf" that by the seconds of sound.
"""

import json
import math
import os
import statistics
import sys
import time

import torch
import torch.nn.functional as F
from torch import nn

SAMPLE_RATE_HZ = 22050
HOP_SAMPLES = 256
BANDS = 80
END_SCALE = 0.1  # of the nets' last weights: couplings near the identity, as trained ones are
FEWEST_RUNS = 3
LEAST_SECONDS = 1.0


def end_conv(inputs, outputs):
    conv = nn.Conv1d(inputs, outputs, 1)
    for parameter in conv.parameters():
        parameter.data.mul_(END_SCALE)
    return conv


class Wavenet(nn.Module):
    """The net of a coupling: x [B, inputs, T], features [B, features, T] -> t and log_s."""

    def __init__(self, inputs, features, channels, dilations, causal):
        super().__init__()
        self.channels, self.dilations, self.causal = channels, dilations, causal
        self.start = nn.Conv1d(inputs, channels, 1)
        self.cond = nn.Conv1d(features, 2 * channels * len(dilations), 1)
        self.dilated = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, 3, dilation=d, padding=0 if causal else d)
            for d in dilations
        )
        last = len(dilations) - 1
        self.res_skip = nn.ModuleList(
            nn.Conv1d(channels, channels if i == last else 2 * channels, 1)
            for i in range(len(dilations))
        )
        self.end = end_conv(channels, 2 * inputs)

    def forward(self, x, features):
        H = self.channels
        h = self.start(x)
        conditions = self.cond(features).split(2 * H, 1)
        skip = 0
        for i, dilation in enumerate(self.dilations):
            padded = F.pad(h, (2 * dilation, 0)) if self.causal else h
            u, v = (self.dilated[i](padded) + conditions[i]).split(H, 1)
            outputs = self.res_skip[i](torch.tanh(u) * torch.sigmoid(v))
            if i + 1 < len(self.dilations):
                h = h + outputs[:, :H]
            skip = skip + outputs[:, -H:]
        return self.end(skip).chunk(2, 1)


class WaveGlow(nn.Module):
    GROUP, STEPS, EARLY_EVERY, EARLY_CHANNELS, KERNEL = 8, 12, 4, 2, 1024

    def __init__(self):
        super().__init__()
        self.upsample = nn.ConvTranspose1d(BANDS, BANDS, self.KERNEL, HOP_SAMPLES)
        self.nets, self.inverses = nn.ModuleList(), []
        channels = self.GROUP
        for step in range(self.STEPS):
            if self.is_early(step):
                channels -= self.EARLY_CHANNELS
            dilations = [2**i for i in range(8)]
            self.nets.append(Wavenet(channels // 2, BANDS * self.GROUP, 256, dilations, False))
            rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
            self.inverses.append(torch.inverse(rotation).unsqueeze(-1))
        self.channels_left = channels

    def is_early(self, step):
        return step > 0 and step % self.EARLY_EVERY == 0

    def forward(self, mel):
        samples = mel.shape[2] * HOP_SAMPLES
        up = self.upsample(mel)[:, :, :samples]
        B, T = mel.shape[0], samples // self.GROUP
        features = up.reshape(B, BANDS, T, self.GROUP).transpose(2, 3).reshape(B, -1, T)
        x = torch.randn(B, self.channels_left, T)
        for step in reversed(range(self.STEPS)):
            passes, after = x.chunk(2, 1)
            t, log_s = self.nets[step](passes, features)
            x = torch.cat((passes, (after - t) * torch.exp(-log_s)), 1)
            x = F.conv1d(x, self.inverses[step])
            if self.is_early(step):
                x = torch.cat((torch.randn(B, self.EARLY_CHANNELS, T), x), 1)
        return x.transpose(1, 2).reshape(B, samples)


class MdctCausal(nn.Module):
    """Channels are the even coefficients and then the odd ones, up to the transform's matrix."""

    COEFFICIENTS, FEATURES, CHANNELS, STEPS = HOP_SAMPLES, 120, 192, 8
    DILATIONS = (1, 2, 1, 2)

    def __init__(self):
        super().__init__()
        C, H = self.COEFFICIENTS, self.FEATURES
        self.input = nn.Conv1d(BANDS, H, 1)
        self.first = nn.ModuleList(nn.Conv1d(H, H, 3) for _ in range(2))
        self.second = nn.ModuleList(nn.Conv1d(H, H, 1) for _ in range(2))
        self.nets = nn.ModuleList(
            Wavenet(C // 2, H, self.CHANNELS, self.DILATIONS, True) for _ in range(self.STEPS)
        )
        self.inverses = [
            torch.inverse(torch.linalg.qr(torch.randn(C, C))[0]).unsqueeze(-1)
            for _ in range(self.STEPS)
        ]
        self.from_features = end_conv(H, 2 * C)
        self.from_mel = nn.Conv1d(BANDS, C, 1)
        self.from_mel.weight.data.fill_(1.0 / BANDS)
        # As dsp/mdct.cpp: the DCT-IV read backwards, then rotations of pairs by the sine window.
        n = torch.arange(C, dtype=torch.float64) + 0.5
        matrix = -math.sqrt(2.0 / C) * torch.cos(math.pi / C * torch.outer(n, n)).flip(0)
        self.transform = torch.cat((matrix[:, 0::2], matrix[:, 1::2]), 1).float()
        window = torch.sin(math.pi / (2 * C) * n).float().view(1, C, 1)
        self.cosine, self.sine = window[:, C // 2 :], window[:, : C // 2].flip(1)

    def condition(self, mel):
        h = self.input((mel + 5.0) / 2.5)
        for first, second in zip(self.first, self.second):
            h = h + second(F.gelu(first(F.pad(h, (2, 0)))))
        return h

    def unlap(self, blocks):
        """[B, C, T] -> [B, C * T]: undoes the rotations across the boundaries of blocks."""
        half = self.COEFFICIENTS // 2
        before = blocks[:, half:, :-1].flip(1)
        after = blocks[:, :half, 1:]
        samples = blocks.clone()
        samples[:, half:, :-1] = (self.cosine * before - self.sine * after).flip(1)
        samples[:, :half, 1:] = self.cosine * after + self.sine * before
        return samples.transpose(1, 2).flatten(1)

    def forward(self, mel):
        features = self.condition(mel)
        halves = list(torch.randn(mel.shape[0], self.COEFFICIENTS, mel.shape[2]).chunk(2, 1))
        for step in reversed(range(self.STEPS)):
            passes, changes = step % 2, 1 - step % 2
            t, log_s = self.nets[step](halves[passes], features)
            halves[changes] = (halves[changes] - t) * torch.exp(-log_s)
            x = F.conv1d(torch.cat(halves, 1), self.inverses[step])
            halves = list(x.chunk(2, 1))
        t, log_s = self.from_features(features).chunk(2, 1)
        x = (x + t) * torch.exp(log_s + self.from_mel(mel))
        return self.unlap(torch.matmul(self.transform, x))


MODELS = {"waveglow-256": WaveGlow, "mdct-causal": MdctCausal}


def measure(model, mel):
    """Median seconds of a run, after one that is checked and not counted."""
    audio = model(mel)
    if audio.shape != (1, mel.shape[2] * HOP_SAMPLES) or not torch.isfinite(audio).all():
        sys.exit("pytorch_peer.py: the sound has a wrong length or is not finite")
    runs = []
    while len(runs) < FEWEST_RUNS or sum(runs) < LEAST_SECONDS:
        start = time.perf_counter()
        model(mel)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs)


def parse(arguments):
    if len(arguments) != 2 or arguments[0] not in MODELS:
        return None
    try:
        seconds = float(arguments[1])
    except ValueError:
        return None
    return (arguments[0], seconds) if 0.0 < seconds < math.inf else None


def main():
    parsed = parse(sys.argv[1:])
    if parsed is None:
        print(f"usage: pytorch_peer.py {{{'|'.join(MODELS)}}} SECONDS", file=sys.stderr)
        return 2
    name, seconds = parsed
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(1)
    with torch.no_grad():
        model = MODELS[name]()
        frames = max(1, round(seconds * SAMPLE_RATE_HZ / HOP_SAMPLES))
        elapsed = measure(model, torch.randn(1, BANDS, frames) * 2.5 - 5.0)
    result = {"name": name, "seconds": seconds, "elapsed": elapsed, "rtf": elapsed / seconds}
    print(json.dumps({**result, "torch": torch.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
