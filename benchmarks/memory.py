"""What a send costs in memory, and that the window's length costs nothing.

    python benchmarks/memory.py                      five million simulated sends
    python benchmarks/memory.py --sends 200000       the same in a few seconds

The simulated world logbooks (seed 0) are repeated under new climbers' names until there are enough sends,
go through the NVTabular workflow, and become `Sequences`. Then every window of 10, 50 and 200 sends is cut
once, in batches of 512, as an epoch of training does. The resident memory is what the system says
(`VmHWM`, the highest since it was reset).
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.logbooks.simulate import simulate
from recsys.sequences.store import Sequences
from recsys.sequences.windows import Windows
from workflows import sends as workflow_of


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sends", type=int, default=5_000_000, help="simulated sends (default: 5000000)")
    wanted = parser.parse_args().sends

    sends = many(wanted)
    print(f"{len(sends):,} simulated sends of {sends[c.CLIMBER_ID].nunique():,} climbers")
    with tempfile.TemporaryDirectory() as folder:
        began = time.perf_counter()
        workflow = workflow_of.fit(sends, Path(folder) / "workflow")
        sequences = Sequences.from_tables(workflow_of.pieces(workflow, sends))
        print(f"workflow, fit and transform: {time.perf_counter() - began:.0f} s, peak {peak_gib():.1f} GiB")
    del sends
    each = {name: values.itemsize for name, values in sequences.features.items()}
    size = sequences.nbytes
    print(f"sequences: {size / 2**20:,.0f} MiB, {size / len(sequences):.1f} bytes a send")
    print(f"  of which {each} and 4 for the row")
    targets = np.arange(len(sequences))
    for length in (10, 50, 200):
        before, began = reset_peak(), time.perf_counter()
        windows = Windows(sequences, targets, length)
        for start in range(0, len(windows), 512):
            windows.cut(targets[start : start + 512])
        seconds = time.perf_counter() - began
        materialised = len(sequences) * length * sum(each.values()) / 2**30
        print(
            f"windows of {length:>3}: peak {peak_gib() - before:+.2f} GiB over {before:.2f} while all were "
            f"cut in {seconds:.0f} s; materialised they would take {materialised:,.1f} GiB"
        )


def many(wanted: int) -> pd.DataFrame:
    """The simulated world's sends, under new names each time they are repeated, sorted and numbered."""
    world = simulate("world", seed=0)
    copies = -(-wanted // len(world))
    rows = np.tile(np.arange(len(world)), copies)[:wanted]
    sends = world.iloc[rows].reset_index(drop=True)
    copy = np.repeat(np.arange(copies), len(world))[:wanted].astype(str)
    sends[c.CLIMBER_ID] = sends[c.CLIMBER_ID] + "/" + copy
    sends[c.DAY] = pd.to_datetime(sends[c.DATE]).astype("int64") / 86_400e9
    sends[c.ROW] = np.arange(len(sends))
    return sends


def peak_gib() -> float:
    """Highest resident memory of this process since the last reset, GiB."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM"):
            return int(line.split()[1]) / 2**20
    return float("nan")


def reset_peak() -> float:
    """Start a new highest, and return it."""
    Path("/proc/self/clear_refs").write_text("5")
    return peak_gib()


if __name__ == "__main__":
    main()
