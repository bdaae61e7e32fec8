"""Times PyTorch on published vocoders of random weights, as a line of JSON.

Usage: synthesis_peers.py NAME SECONDS THREADS

NAME is hifigan-v1, vocos, waveglow-256 or squeezewave-128s: mel in, sound out, float32, weight norms
folded away, in the shapes that the papers publish, which the number of parameters says. "rtf" is the
median time of a run by the seconds of sound; "start_ms" what passes from the start of this script,
imports included, to the end of a first quarter of a second of sound; "peak_mb" the process's largest
resident memory, "model_mb" what of it the weights take. Each name is a process of its own. SECONDS
0: the start alone.
"""

import time

SCRIPT_START = time.perf_counter()

import json  # noqa: E402
import math  # noqa: E402
import statistics  # noqa: E402
import sys  # noqa: E402

import torch  # noqa: E402
import torch.nn.functional as F  # noqa: E402
from torch import nn  # noqa: E402

import pytorch_peer  # noqa: E402
from peer_memory import peak_mb  # noqa: E402

RUNS = 5
START_SECONDS = 0.25


class HifiGan(nn.Module):
    """HiFi-GAN's generator V1 (Kong, Kim, Bae 2020, table 5 of its appendix)."""

    RATE_HZ, HOP, BANDS, PARAMETERS_M = 22050, 256, 80, 13.9
    CHANNELS, UPSAMPLE = 512, ((8, 16), (8, 16), (2, 4), (2, 4))  # stride, kernel
    KERNELS, DILATIONS = (3, 7, 11), (1, 3, 5)
    SLOPE = 0.1

    def __init__(self):
        super().__init__()
        self.first = nn.Conv1d(self.BANDS, self.CHANNELS, 7, padding=3)
        self.upsample, self.blocks = nn.ModuleList(), nn.ModuleList()
        channels = self.CHANNELS
        for stride, kernel in self.UPSAMPLE:
            self.upsample.append(
                nn.ConvTranspose1d(
                    channels, channels // 2, kernel, stride, padding=(kernel - stride) // 2
                )
            )
            channels //= 2
            self.blocks.append(nn.ModuleList(self.block(channels, k) for k in self.KERNELS))
        self.last = nn.Conv1d(channels, 1, 7, padding=3)

    def block(self, channels, kernel):
        def conv(dilation):
            return nn.Conv1d(
                channels, channels, kernel, dilation=dilation, padding=dilation * (kernel - 1) // 2
            )

        return nn.ModuleList(nn.ModuleList((conv(d), conv(1))) for d in self.DILATIONS)

    def residual(self, block, x):
        for dilated, plain in block:
            y = dilated(F.leaky_relu(x, self.SLOPE))
            x = x + plain(F.leaky_relu(y, self.SLOPE))
        return x

    def forward(self, mel):
        x = self.first(mel)
        for upsample, blocks in zip(self.upsample, self.blocks):
            x = upsample(F.leaky_relu(x, self.SLOPE))
            x = sum(self.residual(block, x) for block in blocks) / len(blocks)
        return torch.tanh(self.last(F.leaky_relu(x)))[:, 0]


class Vocos(nn.Module):
    """Vocos for mels (Siuzdak 2023): ConvNeXt blocks at the frames' rate, an inverse STFT at last."""

    RATE_HZ, HOP, BANDS, PARAMETERS_M = 24000, 256, 100, 13.5
    N_FFT, WIDTH, INNER, BLOCKS, KERNEL = 1024, 512, 1536, 8, 7

    class Block(nn.Module):
        def __init__(self, width, inner, kernel, blocks):
            super().__init__()
            self.depthwise = nn.Conv1d(width, width, kernel, padding=kernel // 2, groups=width)
            self.norm = nn.LayerNorm(width, eps=1e-6)
            self.wide, self.narrow = nn.Linear(width, inner), nn.Linear(inner, width)
            self.scale = nn.Parameter(torch.full((width,), 1.0 / blocks))

        def forward(self, x):
            y = self.norm(self.depthwise(x).transpose(1, 2))
            y = self.scale * self.narrow(F.gelu(self.wide(y)))
            return x + y.transpose(1, 2)

    def __init__(self):
        super().__init__()
        width = self.WIDTH
        self.embed = nn.Conv1d(self.BANDS, width, self.KERNEL, padding=self.KERNEL // 2)
        self.norm, self.last_norm = nn.LayerNorm(width, eps=1e-6), nn.LayerNorm(width, eps=1e-6)
        self.blocks = nn.ModuleList(
            self.Block(width, self.INNER, self.KERNEL, self.BLOCKS) for _ in range(self.BLOCKS)
        )
        self.head = nn.Linear(width, self.N_FFT + 2)
        self.register_buffer("window", torch.hann_window(self.N_FFT))

    def forward(self, mel):
        frames = mel.shape[2]
        x = self.norm(self.embed(mel).transpose(1, 2)).transpose(1, 2)
        for block in self.blocks:
            x = block(x)
        magnitude, phase = self.head(self.last_norm(x.transpose(1, 2))).transpose(1, 2).chunk(2, 1)
        spectrum = torch.polar(torch.exp(magnitude).clamp(max=100.0), phase)
        # A frame for every hop, as padding "same" has it: what is more at the ends is cut.
        spectrum = F.pad(spectrum, (0, 1))
        sound = torch.istft(spectrum, self.N_FFT, self.HOP, window=self.window, center=True)
        return sound[:, : frames * self.HOP]


class WaveGlow(pytorch_peer.WaveGlow):
    RATE_HZ, HOP, BANDS, PARAMETERS_M = 22050, 256, 80, 87.9


class SeparableNet(nn.Module):
    """A coupling's net of SqueezeWave, its batch norms folded into a scale and a shift."""

    def __init__(self, inputs, features, channels, layers):
        super().__init__()
        self.channels = channels
        self.start = nn.Conv1d(inputs, channels, 1)
        self.cond = nn.Conv1d(features, 2 * channels * layers, 1)
        self.scale = nn.Parameter(torch.ones(layers, 1, channels, 1))
        self.shift = nn.Parameter(torch.zeros(layers, 1, channels, 1))
        self.depthwise = nn.ModuleList(
            nn.Conv1d(channels, channels, 3, padding=1, groups=channels) for _ in range(layers)
        )
        self.pointwise = nn.ModuleList(
            nn.Conv1d(channels, 2 * channels, 1) for _ in range(layers)
        )
        self.residual = nn.ModuleList(nn.Conv1d(channels, channels, 1) for _ in range(layers))
        self.end = pytorch_peer.end_conv(channels, 2 * inputs)

    def forward(self, x, features):
        H = self.channels
        h = self.start(x)
        for i, condition in enumerate(self.cond(features).split(2 * H, 1)):
            y = self.pointwise[i](self.depthwise[i](h * self.scale[i] + self.shift[i]))
            u, v = (y + condition).split(H, 1)
            h = h + self.residual[i](torch.tanh(u) * torch.sigmoid(v))
        return self.end(h).chunk(2, 1)


class SqueezeWave(nn.Module):
    """SqueezeWave-128S (Zhai et al. 2020): WaveGlow over groups of 128 samples."""

    RATE_HZ, HOP, BANDS, PARAMETERS_M = 22050, 256, 80, 7.2
    GROUP, STEPS, EARLY_EVERY, EARLY_CHANNELS, CHANNELS, LAYERS = 128, 12, 2, 16, 128, 8

    def __init__(self):
        super().__init__()
        self.nets, self.inverses = nn.ModuleList(), nn.ParameterList()
        channels = self.GROUP
        for step in range(self.STEPS):
            if self.is_early(step):
                channels -= self.EARLY_CHANNELS
            self.nets.append(SeparableNet(channels // 2, self.BANDS, self.CHANNELS, self.LAYERS))
            rotation = torch.linalg.qr(torch.randn(channels, channels))[0]
            self.inverses.append(nn.Parameter(torch.inverse(rotation).unsqueeze(-1)))
        self.channels_left = channels

    def is_early(self, step):
        return step > 0 and step % self.EARLY_EVERY == 0

    def forward(self, mel):
        features = mel.repeat_interleave(self.HOP // self.GROUP, 2)
        B, T = features.shape[0], features.shape[2]
        x = torch.randn(B, self.channels_left, T)
        for step in reversed(range(self.STEPS)):
            passes, after = x.chunk(2, 1)
            t, log_s = self.nets[step](passes, features)
            x = torch.cat((passes, (after - t) * torch.exp(-log_s)), 1)
            x = F.conv1d(x, self.inverses[step])
            if self.is_early(step):
                x = torch.cat((torch.randn(B, self.EARLY_CHANNELS, T), x), 1)
        return x.transpose(1, 2).reshape(B, T * self.GROUP)


MODELS = {
    "hifigan-v1": HifiGan,
    "vocos": Vocos,
    "waveglow-256": WaveGlow,
    "squeezewave-128s": SqueezeWave,
}


def random_mel(model, seconds):
    frames = max(1, round(seconds * model.RATE_HZ / model.HOP))
    return torch.randn(1, model.BANDS, frames) * 2.5 - 5.0


def check(model, mel, audio):
    if audio.shape != (1, mel.shape[2] * model.HOP) or not torch.isfinite(audio).all():
        sys.exit("synthesis_peers.py: the sound has a wrong length or is not finite")


def measure(name, seconds):
    model = MODELS[name]()
    first = random_mel(model, START_SECONDS)
    check(model, first, model(first))
    start_ms = 1e3 * (time.perf_counter() - SCRIPT_START)
    parameters = sum(p.numel() for p in model.parameters())
    if abs(parameters / 1e6 - model.PARAMETERS_M) > 0.1 * model.PARAMETERS_M:
        sys.exit(f"synthesis_peers.py: {parameters} parameters, published {model.PARAMETERS_M} M")
    result = {
        "name": name,
        "parameters": parameters,
        "model_mb": 4.0 * parameters / 2**20,
        "start_ms": start_ms,
        "torch": torch.__version__.split("+")[0],
    }
    if seconds > 0.0:
        result["rtf"] = real_time_factor(model, seconds)
    result["peak_mb"] = peak_mb()
    return result


def real_time_factor(model, seconds):
    mel = random_mel(model, seconds)
    check(model, mel, model(mel))
    runs = []
    for _ in range(RUNS):
        start = time.perf_counter()
        model(mel)
        runs.append(time.perf_counter() - start)
    return statistics.median(runs) / (mel.shape[2] * model.HOP / model.RATE_HZ)


def main():
    try:
        name, seconds, threads = sys.argv[1], float(sys.argv[2]), int(sys.argv[3])
        usable = name in MODELS and len(sys.argv) == 4 and 0.0 <= seconds < math.inf and threads > 0
    except (IndexError, ValueError):
        usable = False
    if not usable:
        print(f"usage: synthesis_peers.py {{{'|'.join(MODELS)}}} SECONDS THREADS", file=sys.stderr)
        return 2
    torch.set_num_threads(threads)
    torch.manual_seed(1)
    with torch.inference_mode():
        print(json.dumps(measure(name, seconds)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
