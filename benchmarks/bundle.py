"""How quickly a bundle starts, what memory it takes, and how long a recommendation does.

    python benchmarks/bundle.py                          # makes one of 5,000 climbs, untrained
    python benchmarks/bundle.py --python LIGHT/bin/python    # the same, measured with another environment
    python benchmarks/bundle.py --bundle runs/demo-bundle    # one that is there

Each figure is of a fresh process: from its start to the first answer, imports included. The weights are
untrained, which changes no time.
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

STARTS = 7

CHILD = """
import sys, time
from pathlib import Path
from recsys.api.opening import open_recommender
from recsys.recommending.request import Request
recommender = open_recommender(Path(sys.argv[1]))
climber = recommender.climbers[0]
recommender.recommend(Request(climber))
print("first", flush=True)
def ms(request, times=50):
    began = time.perf_counter()
    for _ in range(times):
        recommender.recommend(request)
    return (time.perf_counter() - began) / times * 1000
plain, span = ms(Request(climber)), ms(Request(climber, grades=(3.0, 6.0)))
why = ms(Request(climber, grades=(3.0, 6.0), explain=True), 10)
status = Path("/proc/self/status").read_text()  # not ru_maxrss: that begins with the parent's
peak = int(status.split("VmHWM:")[1].split()[0]) / 1024
book = [{"climb_id": climb, "date": f"2024-01-{1 + i % 28:02d}"} for i, climb in
        enumerate(recommender.catalogue.ids[:50])]
began = time.perf_counter()
recommender.recommend(Request(sends=book))
once = (time.perf_counter() - began) * 1000
posted = ms(Request(sends=book))
print(len(recommender.catalogue), len(recommender.climbers), plain, span, why, peak, once, posted)
"""


def make(folder: Path, n_climbs: int, n_climbers: int, n_sends: int) -> Path:
    """A run with an untrained model of the default sizes, and its bundle."""
    import numpy as np
    import pandas as pd

    from recsys.config.run import RunConfig
    from recsys.exporting.export import export
    from recsys.files import write_json
    from recsys.model.prompted_transformer import build_model
    from recsys.model.weights import save_weights
    from recsys.runs import Run
    from recsys.sequences.prepare import prepare

    draw = np.random.default_rng(0)
    climbs = np.concatenate([np.arange(n_climbs), draw.integers(0, n_climbs, n_sends - n_climbs)])
    draw.shuffle(climbs)
    frame = pd.DataFrame(
        {
            "climber_id": np.repeat(
                [f"sim-climber-{i:05d}" for i in range(n_climbers)], n_sends // n_climbers
            ),
            "climb_id": [f"sim-climb-{i:05d}" for i in climbs],
            "climb_name": [f"Climb {i}" for i in climbs],
            "region": [f"Region {i % 30}" for i in climbs],
            "grade": [f"V{i % 12}" for i in climbs],
            "rating": draw.integers(1, 6, n_sends).astype(float),
            "comment": None,
            "beta": None,
            "day": np.tile(np.arange(n_sends // n_climbers), n_climbers) + 15_000.0,
            "row": np.arange(n_sends),
        }
    )
    run, config = Run(folder / "run"), RunConfig()
    prepared = prepare(frame, np.zeros(n_sends, dtype=np.int8), True, run.folder)
    run.write_config(config)
    save_weights(build_model(prepared.schema, config.model), run.folder)
    write_json(run.folder / "metrics.json", {})
    (run.folder / "MODEL_CARD.md").write_text("# Untrained\n")
    run.write_manifest(trained=True)
    export(run, folder / "bundle")
    return folder / "bundle"


def measure(bundle: Path, python: str) -> None:
    starts, lines = [], [""]
    for _ in range(STARTS):
        began = time.perf_counter()
        command = [python, "-c", CHILD, str(bundle)]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
            assert process.stdout is not None
            process.stdout.readline()
            starts.append(time.perf_counter() - began)
            lines = process.stdout.readlines()
    n_climbs, n_climbers, plain, span, why, peak, once, posted = map(float, lines[-1].split())
    size = sum(path.stat().st_size for path in bundle.iterdir())
    version = subprocess.check_output([python, "--version"], text=True).strip()
    print(f"{version}: {n_climbs:,.0f} climbs, {n_climbers:,.0f} climbers, {size / 1e6:.1f} MB on disk")
    middle, worst = statistics.median(starts), max(starts)
    print(f"start to first answer: median {middle:.2f} s, worst {worst:.2f} s of {STARTS}")
    print(f"peak memory: {peak:.0f} MiB")
    print(f"a request: {plain:.1f} ms; four grades: {span:.1f} ms; four grades explained: {why:.1f} ms")
    print(f"a posted logbook of 50 sends: {posted:.1f} ms; the first of them: {once:.0f} ms")


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n")[0])
    parser.add_argument("--bundle", type=Path, help="a bundle [default: one is made]")
    parser.add_argument("--python", default=sys.executable, help="interpreter to measure with")
    parser.add_argument("--climbs", type=int, default=5_000)
    parser.add_argument("--climbers", type=int, default=1_000)
    parser.add_argument("--sends", type=int, default=100_000)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        bundle = given.bundle or make(Path(scratch), given.climbs, given.climbers, given.sends)
        measure(bundle.resolve(), given.python)


if __name__ == "__main__":
    main()
