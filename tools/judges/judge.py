#!/usr/bin/env python3
"""Judges of synthesized speech that no training optimises: PESQ-WB and NISQA v2.

    python tools/judges/judge.py --ref recordings --out synthesized --nisqa nisqa.tar

PESQ-WB (ITU-T P.862.2, at 16 kHz, by PyPI's `pesq`) compares every file with the recording of the same name; NISQA v2
(Mittag et al., Interspeech 2021, by PyPI's `nisqa` and its published weights, nisqa.tar) hears each file alone, and the
recordings too. A judge whose package or weights are absent is left out, and a sentence says so. Both give a mean opinion
score between 1 and 5, as listeners would.

`glowvox eval --judges` starts this script with --json. Packages: requirements.txt beside it.
"""
import argparse
import contextlib
import importlib.util
import io
import json
import math
import os
import sys
import warnings
from concurrent.futures import ProcessPoolExecutor

PESQ_RATE = 16000
EXTENSIONS = (".wav", ".flac", ".ogg")
LABELS = {"pesq_wb": "PESQ-WB", "nisqa": "NISQA v2"}
REQUIREMENTS = os.path.join(os.path.dirname(os.path.abspath(__file__)), "requirements.txt")


class Wrong(Exception):
    """What the user can mend: printed as one line."""


def files_below(folder):
    """{name without extension, relative to the folder: path}"""
    if not os.path.isdir(folder):
        raise Wrong(f"{folder}: expected a folder of sound files")
    found = {}
    for root, _, names in os.walk(folder):
        for name in names:
            stem, extension = os.path.splitext(os.path.join(root, name))
            if extension.lower() in EXTENSIONS:
                found[os.path.relpath(stem, folder)] = os.path.join(root, name)
    return found


def names_of(ref, outs):
    """The recordings' names, each of which every folder must have."""
    names = sorted(ref)
    if not names:
        raise Wrong("--ref: expected wav, flac or ogg files, found none")
    for folder, files in outs:
        for name in names:
            if name not in files:
                raise Wrong(f"{os.path.join(folder, name)}: expected a sound file of this name, as there is a recording")
    return names


def mono(path, rate=None):
    """The samples, resampled to `rate`, and their rate."""
    import soundfile
    from scipy.signal import resample_poly

    x, own = soundfile.read(path, dtype="float64", always_2d=True)
    x = x.mean(axis=1)
    if rate is None or rate == own:
        return x, own
    common = math.gcd(rate, own)
    return resample_poly(x, rate // common, own // common), rate


class Pesq:
    key, hears_recordings = "pesq_wb", False
    parallel = True  # one core a file

    @staticmethod
    def missing(_):
        for package in ("pesq", "numpy", "scipy", "soundfile"):
            if importlib.util.find_spec(package) is None:
                return f"this Python has no package '{package}'; {sys.executable} -m pip install -r {REQUIREMENTS}"
        return None

    def __init__(self, _):
        pass

    def score(self, path, reference):
        from pesq import pesq

        a, b = mono(reference, PESQ_RATE)[0], mono(path, PESQ_RATE)[0]
        count = min(len(a), len(b))
        return float(pesq(PESQ_RATE, a[:count], b[:count], "wb"))


class Nisqa:
    key, hears_recordings = "nisqa", True
    parallel = False  # PyTorch has threads of its own

    @staticmethod
    def missing(weights):
        if importlib.util.find_spec("nisqa") is None:
            return f"this Python has no package 'nisqa'; {sys.executable} -m pip install -r {REQUIREMENTS}"
        if not weights:
            return "no weights; give nisqa.tar (of github.com/gabrielmittag/NISQA) by --nisqa or GLOWVOX_NISQA"
        if not os.path.isfile(weights):
            return f"no weights at {weights}; give nisqa.tar by --nisqa or GLOWVOX_NISQA"
        return None

    def __init__(self, weights):
        self.weights = os.path.abspath(weights)
        self.model = None

    def score(self, path, _):
        with contextlib.redirect_stdout(io.StringIO()):  # it says what it does
            return self.score_aloud(path)

    def score_aloud(self, path):
        from nisqa.NISQA_model import nisqaModel

        if self.model is None:
            self.model = nisqaModel({"mode": "predict_file", "pretrained_model": self.weights, "deg": path,
                                     "tr_bs_val": 1, "tr_num_workers": 0, "tr_parallel": False, "tr_device": "cpu",
                                     "output_dir": None, "ms_channel": None})
        self.model.args["deg"] = path
        self.model._loadDatasets()  # of one file: what fails then is this file alone
        return float(self.model.predict()["mos_pred"].iloc[0])


def available(weights):
    """The judges that can be asked, and a sentence on each other one."""
    judges, skipped = [], []
    for judge in (Pesq, Nisqa):
        reason = judge.missing(weights)
        if reason is None:
            judges.append(judge)
        else:
            skipped.append(f"{LABELS[judge.key]} is left out: {reason}")
    return judges, skipped


def attempt(judge, path, reference):
    """The score and None, or None and why there is none."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of silence divided by its peak, of empty mel filters
            value = judge.score(path, reference)
        return (value, None) if math.isfinite(value) else (None, "gave no number")
    except Exception as error:  # whatever a package throws concerns this file alone
        said = error.args[0] if error.args else ""
        text = said.decode() if isinstance(said, bytes) else str(error)
        return None, (text.splitlines() or [type(error).__name__])[0]


def scores_of(judge, names, files, ref, failed, where):
    """One score for each name; None, and a line in `failed`, where the judge cannot say."""
    paths, references = [files[n] for n in names], [ref[n] for n in names]
    if judge.parallel:
        with ProcessPoolExecutor() as pool:
            results = list(pool.map(attempt, [judge] * len(names), paths, references))
    else:
        results = [attempt(judge, path, reference) for path, reference in zip(paths, references)]
    failed += [f"{os.path.join(where, name)}: {LABELS[judge.key]}: {why}"
               for name, (_, why) in zip(names, results) if why]
    return [value for value, _ in results]


def judged(ref_folder, out_folders, weights):
    ref = files_below(ref_folder)
    outs = [(folder, files_below(folder)) for folder in out_folders]
    names = names_of(ref, outs)
    classes, skipped = available(weights)
    judges, failed = [c(weights) for c in classes], []
    result = {"judges": [j.key for j in judges], "files": names, "recordings": {}, "systems": []}
    for judge in judges:
        if judge.hears_recordings:
            result["recordings"][judge.key] = scores_of(judge, names, ref, ref, failed, ref_folder)
    for folder, files in outs:
        system = {"folder": folder}
        for judge in judges:
            system[judge.key] = scores_of(judge, names, files, ref, failed, folder)
        result["systems"].append(system)
    return {**result, "skipped": skipped, "failed": failed}


def mean_and_interval(values):
    """"3.62 ±0.08": the mean and half the width of its 95% confidence interval, by Student's t."""
    from scipy.stats import t

    values = [v for v in values if v is not None]
    if not values:
        return "-"
    mean = sum(values) / len(values)
    if len(values) == 1:
        return f"{mean:.3f}"
    deviation = math.sqrt(sum((v - mean) ** 2 for v in values) / (len(values) - 1))
    return f"{mean:.3f} ±{t.ppf(0.975, len(values) - 1) * deviation / math.sqrt(len(values)):.3f}"


def show(result):
    for key in result["judges"]:
        if key in result["recordings"]:
            print(f"{LABELS[key]} of the recordings: {mean_and_interval(result['recordings'][key])}")
        for system in result["systems"]:
            print(f"{LABELS[key]} of {system['folder']}: {mean_and_interval(system[key])}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--ref", help="folder of recordings")
    parser.add_argument("--out", action="append", default=[],
                        help="folder of synthesized files of the same names; may be given several times")
    parser.add_argument("--nisqa", default=os.environ.get("GLOWVOX_NISQA", ""),
                        help="NISQA's weights, nisqa.tar (default: the environment's GLOWVOX_NISQA)")
    parser.add_argument("--json", action="store_true", help="print the scores of every file as JSON")
    parser.add_argument("--available", action="store_true", help="only say which judges can be asked, as JSON")
    options = parser.parse_args()
    if options.available:
        judges, skipped = available(options.nisqa)
        print(json.dumps({"judges": [j.key for j in judges], "skipped": skipped}))
        return 0
    if not options.ref or not options.out:
        parser.error("expected --ref FOLDER and --out FOLDER")
    try:
        result = judged(options.ref, options.out, options.nisqa)
    except Wrong as wrong:
        print(f"judge.py: error: {wrong}", file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(result))
        return 0
    for sentence in result["skipped"] + result["failed"]:
        print(sentence, file=sys.stderr)
    show(result)
    return 0


if __name__ == "__main__":
    sys.exit(main())
