"""What a training step costs beside the peers', as ratios in one run; evaluating; memory by catalogue size.

    python benchmarks/peers WORK --data-folder FOLDER --data ml1m --only popularity "RecTools SASRec"
    python benchmarks/step.py WORK [--lengths 50 200] [--rounds 9] [--only step profile evaluate memory]

The first makes the data and RecTools' environment. The same windows of MovieLens-1M's training part, 128 in a
batch, d 64, two layers and heads, climbs alone:

    gpt2-clm, xlnet-mlm   our row, and stock Transformers4Rec's model of the same body and masking
    default               the default body and objective; RecTools' SASRec in its own environment, full
                          softmax; and the default's matrix products alone, forward and backward, by MKL
                          and by oneDNN
    ...-plain             ours without oneDNN's products, the faster dropout and memory that is kept

A step is forward, backward and the optimiser (AdamW fused; upstream's and RecTools' is Adam) on a batch that
is there. Steps of all are interleaved, a few of each a round, and medians over rounds are compared. CPU
seconds are given beside the wall's, because they do not depend on who else uses the machine. Results:
benchmarks/results/step.jsonl. `profile` says where a step's milliseconds go, by PyTorch's profiler.
"""

from __future__ import annotations

import argparse
import functools
import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from records import add

HERE = Path(__file__).parent
sys.path.insert(0, str(HERE / "peers"))
RESULTS = HERE / "results" / "step.jsonl"
BATCH = 128
BESIDE = {
    "gpt2-clm": ("t4rec-gpt2-clm",),
    "xlnet-mlm": ("t4rec-xlnet-mlm",),
    "default": ("rectools-sasrec", "products", "products-onednn"),
}


class Worker:
    """A system in a process of its own that takes a few steps when it is told to."""

    def __init__(self, python: str, *words: str, threads: int) -> None:
        env = {**os.environ, "OMP_NUM_THREADS": str(threads), "PYTHONPATH": str(HERE.parent)}
        command = [python, str(HERE / "step_worker.py"), *words]
        self.process = subprocess.Popen(
            command,
            env=env,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
        )

    def ask(self) -> dict[str, Any]:
        """One answer, in JSON; other lines are what libraries say."""
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        for line in self.process.stdout:
            if line.startswith("{"):
                return json.loads(line)
        raise SystemExit(f"{self.process.args}: ended with {self.process.wait()}")

    def end(self) -> None:
        self.process.kill()
        self.process.wait()


def interleaved(workers: dict[str, Worker], rounds: int) -> dict[str, Any]:
    """Median seconds of a step of each, by the wall and of the CPU."""
    found: dict[str, list[dict[str, Any]]] = {name: [] for name in workers}
    for number in range(rounds + 1):
        for name, worker in workers.items():
            answer = worker.ask()
            if number:  # the first round warms up
                found[name].append(answer)
    for worker in workers.values():
        worker.end()
    return {
        name: {
            kind: round(statistics.median(each[kind] for each in answers), 4) for kind in ("wall", "cpu")
        } | {key: answers[0][key] for key in ("asked", "parameters") if key in answers[0]}
        for name, answers in found.items()
    }  # fmt: skip


def ratio(found: dict[str, Any], one: str, other: str) -> dict[str, float]:
    """How many times one takes the other's time."""
    return {kind: round(found[one][kind] / found[other][kind], 2) for kind in ("wall", "cpu")}


def steps(work: Path, length: int, threads: int, rounds: int, rows: list[str]) -> Iterator[dict[str, Any]]:
    """Ratios of steps of our rows at one length."""
    from environments import python_of

    batches = work / f"step-{length}.npz"
    if not batches.exists():
        draw_batches(work / "ml1m", length, batches)
    rectools = python_of("rectools", work / "environments")
    for row in rows:
        mine, theirs = (f"ours-{row}", f"ours-{row}-plain"), BESIDE[row]
        workers = {
            name: Worker(
                rectools if name.startswith("rectools") else sys.executable,
                name.removesuffix("-plain"), str(batches), str(length), str(threads),
                *(["plain"] if name.endswith("-plain") else []), threads=threads,
            )
            for name in (*mine, *theirs)
        }  # fmt: skip
        found = interleaved(workers, rounds)
        yield {
            "kind": "step", "length": length, "batch": BATCH, "threads": threads, "rounds": rounds,
            "steps": found,
            "ratios": {f"{one} / {other}": ratio(found, one, other) for other in theirs for one in mine},
        }  # fmt: skip


def profiles(work: Path, length: int, threads: int) -> Iterator[dict[str, Any]]:
    """Where our steps' time goes, and that of the same of stock Transformers4Rec."""
    batches = work / f"step-{length}.npz"
    if not batches.exists():
        draw_batches(work / "ml1m", length, batches)
    for name in [f"ours-{row}" for row in BESIDE] + ["t4rec-gpt2-clm", "t4rec-xlnet-mlm"]:
        words = (name, str(batches), str(length), str(threads), "profile")
        worker = Worker(sys.executable, *words, threads=threads)
        yield {"kind": "profile", "length": length, "threads": threads, "of": name, "ms": worker.ask()}
        worker.end()


def draw_batches(folder: Path, length: int, path: Path) -> None:
    """Windows of training sends at random places: items + 1, 0 at the start, [n, length]."""
    import numpy as np
    from exchange import Given

    given, rng = Given(folder, {}, folder), np.random.default_rng(0)
    found = np.zeros((4 * BATCH, length), dtype=np.int64)
    sequences = given.sequences()
    for row, which in enumerate(rng.integers(0, len(sequences), len(found))):
        end = rng.integers(min(length, len(sequences[which])), len(sequences[which]) + 1)
        own = sequences[which][max(0, end - length) : end]
        found[row, length - len(own) :] = own + 1
    np.savez(path, windows=found, n_items=given.n_items)


def evaluate(work: Path, threads: int, rounds: int) -> Iterator[dict[str, Any]]:
    """Ranking the catalogue for every test user, of untrained networks of length 50."""
    from environments import python_of

    rectools = python_of("rectools", work / "environments")
    words = (str(work / "ml1m"), "50", str(threads))
    workers = {
        "ours": Worker(sys.executable, "evaluate-ours", *words, threads=threads),
        "rectools recommend": Worker(rectools, "evaluate-rectools", *words, threads=threads),
    }
    found = interleaved(workers, rounds)
    yield {
        "kind": "evaluate", "threads": threads, "rounds": rounds, "steps": found,
        "ratios": {"ours / rectools recommend": ratio(found, "ours", "rectools recommend")},
    }  # fmt: skip


def memory(work: Path, threads: int) -> Iterator[dict[str, Any]]:
    """Peak memory of training steps of the default, and of recommending, by catalogue size."""
    for size in (10_000, 100_000, 1_000_000):
        worker = Worker(sys.executable, "memory", "-", str(size), str(threads), threads=threads)
        yield {"kind": "memory", "items": size, "threads": threads, **worker.ask()}
        worker.end()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("work", type=Path, nargs="?", default=Path("runs/peers"))
    parser.add_argument("--lengths", type=int, nargs="+", default=[50, 200])
    parser.add_argument("--rows", nargs="+", choices=BESIDE, default=list(BESIDE))
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--only", nargs="+", default=["step", "profile", "evaluate", "memory"])
    given = parser.parse_args()
    work, count = given.work.absolute(), given.rounds
    parts = {
        "step": [
            functools.partial(steps, length=each, rounds=count, rows=given.rows) for each in given.lengths
        ],
        "profile": [functools.partial(profiles, length=each) for each in given.lengths],
        "evaluate": [functools.partial(evaluate, rounds=min(3, count))],
        "memory": [memory],
    }
    for name in given.only:
        for part in parts[name]:
            keep(part(work, threads=given.threads))


def keep(lines: Iterator[dict[str, Any]]) -> None:
    """Write lines as they come."""
    for line in lines:
        print(add(RESULTS, line), flush=True)


if __name__ == "__main__":
    main()
