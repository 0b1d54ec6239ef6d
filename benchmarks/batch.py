"""The nightly batch: climbers a second from a bundle, every climber's 20 climbs into one file.

    python benchmarks/batch.py                       an untrained model of the default sizes, 2,844 climbs
    python benchmarks/batch.py --bundle BUNDLE       a bundle of your own

The time is that of `recsys batch`: starting the processes, asking, filtering, ranking and writing.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from bundle import make

from recsys.api.opening import open_recommender
from recsys.api.tables import write_rows
from recsys.recommending.batch import COLUMNS, answers_by

TIMES = 3


def measure(bundle: Path, k: int, jobs: int) -> None:
    """Print the climbers a second of each of three runs, without and with a region asked for."""
    recommender = open_recommender(bundle)
    n = len(recommender.climbers)
    region = recommender.catalogue.known_regions[0]
    for name, asked in (("unprompted", {}), (f"in {region}", {"region": region})):
        speeds = []
        for _ in range(TIMES):
            with tempfile.TemporaryDirectory() as folder:
                began = time.perf_counter()
                found = answers_by(
                    jobs, open_recommender, bundle, recommender.climbers, {}, {"k": k, **asked}
                )
                rows = (row for each in found for row in each.rows())
                write_rows(rows, Path(folder) / "next.csv", COLUMNS)
                speeds.append(n / (time.perf_counter() - began))
        print(f"{name}: {', '.join(f'{each:,.0f}' for each in speeds)} climbers/s of {n:,} climbers, k {k}")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--bundle", type=Path)
    parser.add_argument("-k", type=int, default=20)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    given = parser.parse_args()
    if given.bundle:
        measure(given.bundle, given.k, given.jobs)
        return
    with tempfile.TemporaryDirectory() as folder:
        measure(make(Path(folder), 2_844, 1_500, 75_000), given.k, given.jobs)


if __name__ == "__main__":
    main()
