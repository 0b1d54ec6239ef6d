"""Training steps on a CUDA device beside stock Transformers4Rec: sequences a second, share of its peak.

    python benchmarks/gpu.py [--lengths 50 200] [--batches 128 1024] [--rounds 5]

Random full windows of 3,416 items (MovieLens-1M's number), d 64, two layers and heads, items alone, as
`step.py` has them. A step is forward, backward and the optimiser on a batch that is on the card. All are
timed in turn, a few steps a round, the card waited for; medians over rounds are compared. "compiled" has its
body through `torch.compile`. The peak is what a product of two matrices of 8,192 x 8,192 reaches in the same
precision in the same run; a step's operations are those that PyTorch's `FlopCounterMode` counts, before
anything is compiled. Results: benchmarks/results/gpu.jsonl.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch
from records import add
from step_worker import ours, t4rec
from torch.utils.flop_counter import FlopCounterMode

from recsys.model.softmax import SCORES_ON_GPU

RESULTS = Path(__file__).parent / "results" / "gpu.jsonl"
ITEMS, STEPS, WARM = 3_416, 20, 5
DTYPES = {"fp32": torch.float32, "bf16": torch.bfloat16}
PAIRED = ("gpt2-clm", "xlnet-mlm")  # that both systems have


def seconds(work: Callable[[], Any]) -> float:
    """Of a call, the card's work included."""
    torch.cuda.synchronize()
    began = time.perf_counter()
    work()
    torch.cuda.synchronize()
    return time.perf_counter() - began


def peak(dtype: torch.dtype, size: int = 8192) -> float:
    """Operations a second of a large matrix product."""
    one, two = (torch.randn(size, size, device="cuda", dtype=dtype) for _ in range(2))
    many = 10
    times = [seconds(lambda: [one @ two for _ in range(many)]) for _ in range(4)][1:]
    return many * 2 * size**3 / statistics.median(times)


class Row:
    """A model that takes steps on the card in one precision."""

    def __init__(self, name: str, windows: np.ndarray, batch: int, precision: str) -> None:
        system, _, rest = name.partition(" ")
        kind, compiled = rest.removesuffix(" compiled"), rest.endswith(" compiled")
        make = ours if system == "ours" else t4rec
        self.name, self.batch, self.precision = name, batch, precision
        self.plain, model = make(kind, windows, ITEMS, "cuda", batch)
        self.count, self.times = 0, list[float]()
        with FlopCounterMode(display=False) as counter:
            self.step()
        self.flops = counter.get_total_flops()
        if compiled:
            model.heads[0].body[1].transformer.compile()
        torch.cuda.reset_peak_memory_stats()
        for _ in range(WARM):
            self.step()
        self.memory = torch.cuda.max_memory_allocated()

    def step(self) -> None:
        with torch.autocast("cuda", torch.bfloat16, enabled=self.precision == "bf16"):
            self.plain(self.count)
        self.count += 1

    def measure(self) -> None:
        self.times.append(seconds(lambda: [self.step() for _ in range(STEPS)]) / STEPS)


def compared(length: int, batch: int, precision: str, rounds: int) -> dict[str, Any]:
    """All rows of one length, batch and precision."""
    rng = np.random.default_rng(0)
    windows = rng.integers(1, ITEMS + 1, (4 * batch, length))
    names = ["ours default", "ours default compiled"]
    names += [f"{system} {pair}" for system in ("ours", "t4rec") for pair in PAIRED]
    rows = [Row(name, windows, batch, precision) for name in names]
    for _ in range(rounds):
        for row in rows:
            row.measure()
    most = peak(DTYPES[precision])
    found = {}
    for row in rows:
        each = statistics.median(row.times)
        found[row.name] = {
            "ms": round(1e3 * each, 3),
            "sequences/s": round(batch / each),
            "share of peak": round(row.flops / each / most, 5),
            "GFLOP": round(row.flops / 1e9, 2),
            "peak MiB": round(row.memory / 2**20),
        }
    ratios = {
        f"ours {x} / t4rec {x}": round(found[f"ours {x}"]["ms"] / found[f"t4rec {x}"]["ms"], 2)
        for x in PAIRED
    }
    return {
        "kind": "step", "length": length, "batch": batch, "precision": precision, "rounds": rounds,
        "scores at a time": SCORES_ON_GPU,
        "peak TFLOP/s": round(most / 1e12, 1), "rows": found, "ratios": ratios,
    }  # fmt: skip


def main() -> int:
    """Exit code 2 where there is no CUDA device."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--lengths", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--batches", type=int, nargs="+", default=[128, 1024])
    parser.add_argument("--precisions", nargs="+", choices=DTYPES, default=list(DTYPES))
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--results", type=Path, default=RESULTS)
    asked = parser.parse_args()
    if not torch.cuda.is_available():
        print("no CUDA device: nothing to measure", file=sys.stderr)
        return 2
    warnings.simplefilter("ignore")
    torch.manual_seed(0)
    for length in asked.lengths:
        for batch in asked.batches:
            for precision in asked.precisions:
                print(add(asked.results, compared(length, batch, precision, asked.rounds)), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
