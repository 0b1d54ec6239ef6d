"""The nightly batch: climbers a second from a bundle, every climber's 20 climbs into one file.

    python benchmarks/batch.py                       untrained models of the default sizes, 2,844 climbs
    python benchmarks/batch.py --bundle BUNDLE       a bundle of your own

The time is that of the command `recsys batch` from its start to its end: Python, opening, processes where the
command takes several, asking, filtering, ranking and writing. It is least beside few climbers, of whom the
start is a good part. The seconds of the processor say the same of a machine that others use too.
"""

from __future__ import annotations

import argparse
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bundle import make

from recsys.api.opening import open_recommender

TIMES = 3
SITES = ((1_500, 75_000), (20_000, 600_000))  # climbers and sends


def measure(bundle: Path, k: int, jobs: int) -> None:
    """Print the climbers a second of each of three runs, without and with a region asked for."""
    recommender = open_recommender(bundle)
    n = len(recommender.climbers)
    region = recommender.catalogue.known_regions[0]
    for name, asked in (("unprompted", []), (f"in {region}", ["--region", region])):
        speeds, before = [], _seconds_of_children()
        for _ in range(TIMES):
            with tempfile.TemporaryDirectory() as folder:
                command = [sys.executable, "-m", "recsys", "batch", str(bundle), "-o", f"{folder}/next.csv"]
                began = time.perf_counter()
                subprocess.run(
                    [*command, "-k", str(k), "--jobs", str(jobs), *asked], check=True, capture_output=True
                )
                speeds.append(n / (time.perf_counter() - began))
        micro = (_seconds_of_children() - before) / TIMES / n * 1e6
        told = ", ".join(f"{each:,.0f}" for each in speeds)
        print(
            f"{name}: {told} climbers/s of {n:,} climbers, k {k}; {micro:.0f} us of the processor a climber"
        )


def _seconds_of_children() -> float:
    """Seconds of the processor, of user and of system, of all processes that were started and have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("-k", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=0, help="processes (0: as the command decides)")
    given = parser.parse_args()
    if given.bundle:
        measure(given.bundle, given.k, given.jobs)
        return
    for climbers, sends in SITES:
        with tempfile.TemporaryDirectory() as folder:
            measure(make(Path(folder), 2_844, climbers, sends), given.k, given.jobs)


if __name__ == "__main__":
    main()
