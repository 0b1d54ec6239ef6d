"""Seconds of a run of two networks: trained at the same time, beside one after another with all threads.

    python benchmarks/networks.py [--rounds 3]

The default on simulated BC logbooks of as many climbers as a small gym has, each run a process of its own, in
turns; the ratio is of medians. What differs is `recsys/training/networks.py` alone.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from records import add

RESULTS = Path(__file__).parent / "results" / "networks.jsonl"
ONE_RUN = """
import sys
from recsys.training import networks
if sys.argv[3] == "in turns":
    networks._at_once = lambda *_: 1
import recsys
recsys.train(sys.argv[1], output=sys.argv[2], networks=2)
"""
WAYS = ("at once", "in turns")


def main() -> None:
    import recsys

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=0.15)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        sends = recsys.simulate("bc", scale=given.scale)
        sends.to_parquet(data := Path(folder) / "sends.parquet")
        seconds: dict[str, list[float]] = {way: [] for way in WAYS}
        for round_ in range(given.rounds):
            for way in WAYS:
                run = Path(folder) / f"{way}-{round_}"
                subprocess.run([sys.executable, "-c", ONE_RUN, data, run, way], check=True)
                seconds[way].append(json.loads((run / "metrics.json").read_text())["seconds"]["train"])
        middle = {way: statistics.median(each) for way, each in seconds.items()}
    print(add(RESULTS, {"sends": len(sends), "seconds": seconds, "ratio": middle[WAYS[0]] / middle[WAYS[1]]}))


if __name__ == "__main__":
    main()
