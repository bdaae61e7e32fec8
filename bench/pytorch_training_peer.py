"""Times PyTorch on training steps of a twin of configs/mdct-causal.yaml, as a line of JSON.

Usage: pytorch_training_peer.py BATCH FRAMES [SECONDS]

The twin is what a good plain PyTorch program is: the lapped transform is given (our own step makes it),
the likelihood, backward pass, clipping, AdamW (fused where this PyTorch can) and an average of the weights
are in the step. Each variant trains from the same weights on the same batch; its loss has to fall. "fastest" names the
one with the shortest median step, "ms" has all of them.
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

C, BANDS, FEATURES, H, STEPS, DILATIONS = 256, 80, 120, 192, 8, (1, 2, 1, 2)
FEWEST_RUNS = 5
HOPELESS = 2.0  # times slower than the fastest so far at the first step: not timed any longer


class Conv(nn.Module):
    """[T, B, inputs] -> [T, B, outputs], causal; unfolded into one product, or Conv1d."""

    by_conv1d = False

    def __init__(self, inputs, outputs, taps=1, dilation=1, zero=False):
        super().__init__()
        bound = 0.0 if zero else 1.0 / math.sqrt(inputs * taps)
        self.taps, self.dilation = taps, dilation
        self.weight = nn.Parameter(torch.empty(outputs, taps, inputs).uniform_(-bound, bound))
        self.bias = nn.Parameter(torch.empty(outputs).uniform_(-bound, bound))

    def forward(self, x):
        if self.taps == 1:
            return F.linear(x, self.weight[:, 0], self.bias)
        span = (self.taps - 1) * self.dilation
        if Conv.by_conv1d:
            padded = F.pad(x.permute(1, 2, 0), (span, 0))
            y = F.conv1d(padded, self.weight.transpose(1, 2), self.bias, dilation=self.dilation)
            return y.permute(2, 0, 1)
        padded = F.pad(x, (0, 0, 0, 0, span, 0))
        T = x.shape[0]
        columns = [padded[k * self.dilation : k * self.dilation + T] for k in range(self.taps)]
        return F.linear(torch.cat(columns, 2), self.weight.flatten(1), self.bias)


class Conditioner(nn.Module):
    def __init__(self):
        super().__init__()
        self.input = Conv(BANDS, FEATURES)
        self.first = nn.ModuleList(Conv(FEATURES, FEATURES, 3) for _ in range(2))
        self.second = nn.ModuleList(Conv(FEATURES, FEATURES) for _ in range(2))

    def forward(self, mel):
        h = self.input((mel + 5.0) / 2.5)
        for first, second in zip(self.first, self.second):
            h = h + second(F.gelu(first(h)))
        return h


class Wavenet(nn.Module):
    def __init__(self):
        super().__init__()
        self.start = Conv(C // 2, H)
        self.cond = Conv(FEATURES, 2 * H * len(DILATIONS))
        self.dilated = nn.ModuleList(Conv(H, 2 * H, 3, d) for d in DILATIONS)
        last = len(DILATIONS) - 1
        self.res_skip = nn.ModuleList(Conv(H, H if i == last else 2 * H) for i in range(last + 1))
        self.end = Conv(H, C, zero=True)

    def forward(self, x, features):
        h, skip = self.start(x), 0
        conditions = self.cond(features).split(2 * H, 2)
        for i, condition in enumerate(conditions):
            u, v = (self.dilated[i](h) + condition).chunk(2, 2)
            outputs = self.res_skip[i](torch.tanh(u) * torch.sigmoid(v))
            if i + 1 < len(DILATIONS):
                h = h + outputs[..., :H]
            skip = skip + outputs[..., -H:]
        return self.end(skip)


class Lu(nn.Module):
    def __init__(self):
        super().__init__()
        self.triangles = nn.Parameter(torch.zeros(C, C))
        self.log_s = nn.Parameter(torch.zeros(C))

    def matrix(self):
        lower = self.triangles.tril(-1) + torch.eye(C)
        return lower @ (self.triangles.triu(1) + torch.diag(self.log_s.exp()))


class Flow(nn.Module):
    def __init__(self):
        super().__init__()
        self.conditioner = Conditioner()
        self.scale_shift = Conv(FEATURES, 2 * C, zero=True)
        self.mel_scale = nn.Parameter(torch.full((C, BANDS), 1.0 / BANDS), requires_grad=False)
        self.bias = nn.Parameter(torch.zeros(C))
        self.mixings = nn.ModuleList(Lu() for _ in range(STEPS))
        self.nets = nn.ModuleList(Wavenet() for _ in range(STEPS))

    def log_prob(self, x, mel):
        """x [T, B, C], mel [T, B, BANDS] -> [T, B]; the mixing is float32 whatever the rest is."""
        features = self.conditioner(mel)
        t, more = self.scale_shift(features).float().chunk(2, 2)
        with torch.autocast("cpu", enabled=False):
            log_s = F.linear(mel, self.mel_scale, self.bias) + more
            z = x * torch.exp(-log_s) - t
        log_det = -log_s.sum(2)
        for step in range(STEPS):
            with torch.autocast("cpu", enabled=False):
                z = F.linear(z, self.mixings[step].matrix())
            log_det = log_det + self.mixings[step].log_s.sum()
            halves = [z[..., 0::2], z[..., 1::2]]
            passes, changes = step % 2, 1 - step % 2
            t, log_s = self.nets[step](halves[passes], features).float().chunk(2, 2)
            halves[changes] = halves[changes] * torch.exp(log_s) + t
            log_det = log_det + log_s.sum(2)
            z = torch.stack(halves, 3).flatten(2)
        return -0.5 * z.square().sum(2) - 0.5 * C * math.log(2.0 * math.pi) + log_det


def measure(x, mel, seconds, best, bf16=False, conv1d=False):
    """Median milliseconds of a step, None where it is hopeless; the first step is not counted."""
    torch.manual_seed(1)
    Conv.by_conv1d = conv1d
    model = Flow()
    weights = [p for p in model.parameters() if p.requires_grad]
    averages = [p.detach().clone() for p in weights]
    try:
        optimizer = torch.optim.AdamW(weights, lr=1e-4, fused=True)
    except RuntimeError:  # before 2.4 on CPUs
        optimizer = torch.optim.AdamW(weights, lr=1e-4, foreach=True)

    def step():
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            loss = -model.log_prob(x, mel).mean() / C
        loss.backward()
        nn.utils.clip_grad_norm_(weights, 1.0)
        optimizer.step()
        with torch.no_grad():
            torch._foreach_lerp_(averages, weights, 0.01)
        return loss.item()

    start = time.perf_counter()
    losses = [step()]
    if best is not None and time.perf_counter() - start > HOPELESS * best * 1e-3 + 1.0:
        return None
    runs = []
    while len(runs) < FEWEST_RUNS or sum(runs) < seconds:
        start = time.perf_counter()
        losses.append(step())
        runs.append(time.perf_counter() - start)
    if not math.isfinite(losses[-1]) or losses[-1] >= losses[0]:
        sys.exit(f"pytorch_training_peer.py: the loss went from {losses[0]} to {losses[-1]}")
    return 1e3 * statistics.median(runs)


def main():
    try:
        batch, frames = int(sys.argv[1]), int(sys.argv[2])
        seconds = float(sys.argv[3]) if len(sys.argv) > 3 else 4.0
    except (IndexError, ValueError):
        print("usage: pytorch_training_peer.py BATCH FRAMES [SECONDS]", file=sys.stderr)
        return 2
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    torch.manual_seed(2)
    mel = torch.randn(frames, batch, BANDS) - 5.0
    x = torch.randn(frames, batch, C) * torch.exp(mel.mean(2, keepdim=True))
    variants = {
        "float32, unfolded": {},
        "float32, conv1d": {"conv1d": True},
        "bfloat16, unfolded": {"bf16": True},
    }
    times = {}
    for name, options in variants.items():
        elapsed = measure(x, mel, seconds, min(times.values(), default=None), **options)
        if elapsed is not None:
            times[name] = elapsed
    fastest = min(times, key=times.get)
    print(json.dumps({"fastest": fastest, "step_ms": times[fastest], "ms": times,
                      "torch": torch.__version__}))
    return 0


if __name__ == "__main__":
    sys.exit(main())
