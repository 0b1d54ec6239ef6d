"""The NVTabular workflow beside a plain one of the same features, and beside pandas: seconds and memory.

    python benchmarks/preprocess.py                             one million simulated sends
    python benchmarks/preprocess.py --sends 5000000 --ways recsys,pandas --output five.json

recsys      `workflows.sends`: fit, then transform to the flat arrays with offsets that training takes
nvtabular   as a user of Merlin writes it: Categorify, Bucketize, Normalize, one Groupby to lists, ListSlice
pandas      by hand: factorize, digitize, groupby to lists; it fits nothing that could be kept

Each way gets a process of its own, reads the same Parquet file, then is timed; CPU seconds are given beside
the wall clock's because they do not depend on who else uses the machine. Memory is the process's highest
(`VmHWM`), libraries and the frame that was read included. The plain workflow's
lists are cut to their last 200.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import platform
import subprocess
import sys
import tempfile
import time
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns as c

WAYS = ("recsys", "nvtabular", "pandas")
LONGEST = 200  # sends of a list that the plain workflow keeps


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sends", type=int, default=1_000_000, help="simulated sends (default: 1000000)")
    parser.add_argument("--ways", default=",".join(WAYS), help="which to run (default: all)")
    parser.add_argument("--data", type=Path, help="sends in Parquet, in place of simulated ones")
    parser.add_argument("--output", type=Path, help="results in JSON")
    parser.add_argument("--way", choices=WAYS, help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.way:
        print(json.dumps(measure(given.way, given.data)))
        return
    with tempfile.TemporaryDirectory() as folder:
        data = given.data or simulated(given.sends, Path(folder) / "sends.parquet")
        found = {way: in_own_process(way, data) for way in given.ways.split(",")}
        results = {"machine": machine(), "data": described(data), "ways": found}
    report(results)
    if given.output:
        given.output.write_text(json.dumps(results, indent=2) + "\n")


def simulated(wanted: int, path: Path) -> Path:
    """The simulated world's sends (seed 0), repeated under new names until there are enough."""
    from memory import many

    many(wanted).to_parquet(path, index=False)
    return path


def in_own_process(way: str, data: Path) -> dict[str, Any]:
    words = [sys.executable, __file__, "--way", way, "--data", str(data)]
    done = subprocess.run(words, check=True, stdout=subprocess.PIPE, text=True)
    return json.loads(done.stdout.splitlines()[-1])


def measure(way: str, data: Path) -> dict[str, Any]:
    """Seconds of a way, by the wall and of the CPU, and its memory in GiB."""
    import nvtabular  # noqa: F401  what is imported is not timed
    from memory import peak_gib

    import workflows.operators  # noqa: F401

    names = [c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW, c.REGION, c.GRADE, c.RATING, c.COMMENT, c.BETA]
    sends = pd.read_parquet(data, columns=names)
    before = peak_gib()
    began, cpu = time.perf_counter(), time.process_time()
    with tempfile.TemporaryDirectory() as folder:
        climbers, rows = {"recsys": recsys, "nvtabular": plain, "pandas": by_hand}[way](sends, Path(folder))
    return {
        "seconds": round(time.perf_counter() - began, 2),
        "cpu_seconds": round(time.process_time() - cpu, 2),
        "gib_before": round(before, 2),
        "gib_highest": round(peak_gib(), 2),
        "climbers": climbers,
        "rows": rows,
    }


def recsys(sends: pd.DataFrame, folder: Path) -> tuple[int, int]:
    from recsys.sequences.store import Sequences
    from workflows import sends as workflow_of

    sequences = Sequences.from_tables(workflow_of.pieces(workflow_of.fit(sends, folder), sends))
    return len(sequences.climbers), len(sequences)


def plain(sends: pd.DataFrame, folder: Path) -> tuple[int, int]:
    """The same features in NVTabular's own operators, in the order of its examples."""
    import nvtabular as nvt
    from nvtabular import ops

    from recsys.logbooks.grades import ordinals
    from workflows.sends import BOUNDARIES

    def ordinal(column: pd.Series) -> pd.Series:
        texts = column.dropna().unique()
        return column.map(dict(zip(texts, ordinals([str(each) for each in texts]), strict=True)))

    sends = sends.assign(**{c.RATING: sends[c.RATING].astype("float64")})
    ids = [c.CLIMBER_ID, c.CLIMB_ID, c.REGION] >> ops.Categorify(out_path=str(folder))
    grade = [c.GRADE] >> ops.LambdaOp(ordinal, dtype="float64")
    elapsed = [c.DAY] >> ops.DifferenceLag(c.CLIMBER_ID) >> ops.Rename(name=c.ELAPSED_DAYS)
    logged = grade + c.RATING
    scaled = logged + (elapsed >> ops.LogOp()) >> ops.Normalize() >> ops.FillMissing(0)
    binned = logged + elapsed >> ops.FillMissing(-99.0) >> ops.Bucketize(BOUNDARIES)
    flags = [c.COMMENT, c.BETA] >> ops.LambdaOp(lambda column: column.notna() + 1, dtype="int32")
    features = ids + scaled + (binned >> ops.Rename(postfix=c.BIN)) + flags + [c.ROW]
    numbers = [c.GRADE, c.RATING, c.ELAPSED_DAYS]
    listed = [c.CLIMB_ID, c.REGION, *numbers, *(n + c.BIN for n in numbers), c.COMMENT, c.BETA, c.ROW]
    grouped = features >> ops.Groupby(
        groupby_cols=[c.CLIMBER_ID], sort_cols=[c.ROW], aggs={name: ["list"] for name in listed}, name_sep="-"
    )
    lists = grouped[[f"{name}-list" for name in listed]] >> ops.ListSlice(-LONGEST)
    workflow = nvt.Workflow(lists + grouped[[c.CLIMBER_ID]])
    dataset = nvt.Dataset(sends, npartitions=1, cpu=True)
    table = workflow.fit_transform(dataset).to_ddf().compute()
    return len(table), int(table[f"{c.ROW}-list"].map(len).sum())


def by_hand(sends: pd.DataFrame, folder: Path) -> tuple[int, int]:
    from recsys.logbooks.grades import ordinals
    from workflows.sends import BOUNDARIES

    out = pd.DataFrame({c.CLIMBER_ID: sends[c.CLIMBER_ID], c.ROW: sends[c.ROW]})
    for name in (c.CLIMB_ID, c.REGION):
        out[name] = pd.factorize(sends[name])[0] + 3
    texts = sends[c.GRADE].dropna().unique()
    elapsed = sends[c.DAY].diff().where(sends[c.CLIMBER_ID].eq(sends[c.CLIMBER_ID].shift()))
    numbers = {
        c.GRADE: sends[c.GRADE].map(dict(zip(texts, ordinals(list(texts)), strict=True))),
        c.RATING: sends[c.RATING].astype("float64"),
        c.ELAPSED_DAYS: elapsed,
    }
    for name, values in numbers.items():
        out[name + c.BIN] = np.digitize(values.fillna(-99.0), BOUNDARIES[name])
        values = np.log1p(values) if name == c.ELAPSED_DAYS else values
        out[name] = ((values - values.mean()) / values.std()).fillna(0)
    for name in (c.COMMENT, c.BETA):
        out[name] = sends[name].notna() + 1
    table = out.groupby(c.CLIMBER_ID).agg(list)
    return len(table), int(table[c.ROW].map(len).sum())


def machine() -> dict[str, Any]:
    packages = ("nvtabular", "merlin-core", "dask", "pandas", "pyarrow", "numpy")
    return {
        "processor": platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "load_at_start": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        **{name: metadata.version(name) for name in packages},
    }


def described(data: Path) -> dict[str, Any]:
    sends = pd.read_parquet(data, columns=[c.CLIMBER_ID, c.CLIMB_ID])
    return {
        "sends": len(sends),
        "climbers": int(sends[c.CLIMBER_ID].nunique()),
        "climbs": int(sends[c.CLIMB_ID].nunique()),
        "sha256": hashlib.sha256(data.read_bytes()).hexdigest(),
    }


def report(results: dict[str, Any]) -> None:
    """A table: each way's seconds, and how many times those of the plain workflow they are."""
    print(json.dumps(results["machine"]))
    print(json.dumps(results["data"]))
    base = results["ways"].get("nvtabular")
    print(
        f"{'way':<10} {'seconds':>8} {'CPU s':>8} {'of plain':>9} {'CPU':>6} {'GiB read':>11} {'highest':>8}"
    )
    for way, found in results["ways"].items():
        ratios = ("-", "-") if base is None else (
            f"{found['seconds'] / base['seconds']:.2f}", f"{found['cpu_seconds'] / base['cpu_seconds']:.2f}"
        )  # fmt: skip
        print(
            f"{way:<10} {found['seconds']:>8.1f} {found['cpu_seconds']:>8.1f} {ratios[0]:>9} {ratios[1]:>6} "
            f"{found['gib_before']:>11.2f} {found['gib_highest']:>8.2f}"
        )


if __name__ == "__main__":
    main()
