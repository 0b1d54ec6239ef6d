"""Whether training stays finite in long windows, and what they cost: lengths 50, 200, 1,000, fp32, bf16.

    python benchmarks/lengths.py --steps 10000
    python benchmarks/lengths.py --seconds 60 --length 50 --length 200
    python benchmarks/lengths.py --tiny --length 50         (10,000 steps in minutes)

Random logbooks of 1,200 sends each (2,000 climbs, nothing to be learned from them but their popularity, whose
draws are long-tailed) train the default body; windows are full, batches of 16. After every step loss and
gradient must be finite; after the last one every weight, and scores of a window of the longest kind. A line a
length and precision: steps, seconds a step, peak memory of the process, first and last loss. One process
each, so that peaks are their own. `--positions` and `--time-bias` are the model's; `--tiny` is a body of one
layer, 16 wide, in batches of 4.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from typing import Any

import numpy as np

from recsys import columns as c

CLIMBS, CLIMBERS, EACH = 2_000, 40, 1_200
TINY = {"d_model": 16, "layers": 1, "heads": 1, "climb_dim": 16, "climber_dim": 4, "attribute_dim": 4}


def logbooks(seed: int = 0) -> Any:
    """Random sends, a day each, as they are read."""
    import pandas as pd

    draw = np.random.default_rng(seed)
    n = CLIMBERS * EACH
    share = 1 / np.arange(1, CLIMBS + 1)
    return pd.DataFrame(
        {
            c.CLIMBER_ID: np.repeat([f"p{i:03d}" for i in range(CLIMBERS)], EACH),
            c.CLIMB_ID: draw.choice([f"x{i}" for i in range(CLIMBS)], n, p=share / share.sum()),
            c.REGION: draw.choice(["Squamish", "Font"], n),
            c.GRADE: draw.choice(["V2", "V4", "V6"], n),
            c.RATING: draw.choice([np.nan, 3.0, 5.0], n),
            c.DAY: np.tile(np.arange(EACH) * 2.0, CLIMBERS),
            c.ROW: np.arange(n),
        }
    )


def measure(length: int, precision: str, asked: argparse.Namespace) -> dict[str, Any]:
    """Train for so many steps or seconds; what came of it."""
    import tempfile
    from pathlib import Path

    import torch

    from recsys.config.model import ModelConfig
    from recsys.model.prompted_transformer import build_model
    from recsys.sequences.epochs import TrainingWindows, epoch
    from recsys.sequences.prepare import prepare

    frame = logbooks()
    with tempfile.TemporaryDirectory() as folder:
        prepared = prepare(frame, np.zeros(len(frame), np.int8), True, Path(folder), "cpu")
    torch.manual_seed(0)
    device = "cuda" if torch.cuda.is_available() else "cpu"
    sizes, windows_a_step = (TINY, 4) if asked.tiny else ({}, 16)
    config = ModelConfig(length=length, positions=asked.positions, time_bias=asked.time_bias, **sizes)
    model = build_model(prepared.schema, config).to(device).train()
    sends = np.arange(len(prepared.sequences))
    model.read_sends(prepared.sequences, sends)
    windows = TrainingWindows(prepared.sequences, sends, length, model.asking(length))
    tuning = torch.optim.AdamW(model.parameters(), lr=3e-3)
    rng, losses, began = np.random.default_rng(0), [], 0.0
    pairs: list[tuple[int, int]] = []
    while len(losses) < asked.steps and (not began or time.perf_counter() - began < asked.seconds):
        if len(pairs) < windows_a_step:
            pairs += list(epoch(windows, 50 * windows_a_step, rng))
        batch = {name: each.to(device) for name, each in windows.__getitems__(pairs[:windows_a_step]).items()}
        pairs = pairs[windows_a_step:]
        with torch.autocast(device, torch.bfloat16, enabled=precision == "bf16"):
            loss = model.training_loss(batch)
        tuning.zero_grad()
        loss.backward()
        norm = torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        if not (torch.isfinite(loss) and torch.isfinite(norm)):
            raise SystemExit(f"length {length}, {precision}: not finite after {len(losses)} steps")
        tuning.step()
        losses.append(float(loss))
        began = began or time.perf_counter()  # the first step warms up
    seconds = (time.perf_counter() - began) / max(1, len(losses) - 1)
    weights = all(bool(torch.isfinite(each).all()) for each in model.parameters())
    with torch.inference_mode():
        scores = bool(torch.isfinite(model.eval().next_scores(batch)).all())
    on_gpu = torch.cuda.max_memory_allocated() if device == "cuda" else 0
    peak = on_gpu or resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return {
        "length": length, "precision": precision, "device": device, "steps": len(losses),
        "finite": weights and scores, "seconds a step": round(seconds, 4), "peak MiB": round(peak / 2**20),
        "first loss": round(losses[0], 3), "last loss": round(float(np.mean(losses[-20:])), 3),
    }  # fmt: skip


def main() -> None:
    """Print a line of JSON a length and precision; exit 1 where anything was not finite."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--length", type=int, action="append", help="default: 50, 200 and 1,000")
    parser.add_argument("--precision", choices=["fp32", "bf16"], action="append", help="default: both")
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=float("inf"), help="for each, at the most")
    parser.add_argument("--positions", default="learned")
    parser.add_argument("--time-bias", action="store_true")
    parser.add_argument("--tiny", action="store_true", help="a tiny body, for many steps")
    parser.add_argument("--alone", action="store_true", help=argparse.SUPPRESS)
    asked = parser.parse_args()
    lengths, precisions = asked.length or [50, 200, 1000], asked.precision or ["fp32", "bf16"]
    if asked.alone:
        found = measure(lengths[0], precisions[0], asked)
        print(json.dumps(found), flush=True)
        sys.exit(0 if found["finite"] else 1)
    failed = 0
    rest = ["--steps", str(asked.steps), "--seconds", str(asked.seconds), "--positions", asked.positions]
    rest += ["--time-bias"] * asked.time_bias + ["--tiny"] * asked.tiny
    for length in lengths:
        for precision in precisions:
            one = ["--alone", "--length", str(length), "--precision", precision, *rest]
            failed |= subprocess.run([sys.executable, __file__, *one], check=False).returncode
    sys.exit(failed)


if __name__ == "__main__":
    main()
