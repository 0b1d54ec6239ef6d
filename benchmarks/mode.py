"""What the modes do to recommendations: recall of the next climb, and how hard the ten picks are.

    python benchmarks/mode.py bundles/NAME --run-sends runs/NAME/sends.parquet

Test climbers, unprompted, at most ten cuts of each log after its fifth send. "two above" and "four below" are
shares of the picks that lie so many grades from the ability that was estimated up to the cut. Intervals are
95%, over climbers; the differences to "any" are paired.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.evaluation.bootstrap import intervals, paired_difference
from recsys.recommending import hardness
from recsys.recommending.ahead import after
from recsys.recommending.bundle import Bundle
from recsys.recommending.recommender import Recommender

K, CUTS, FEWEST = 10, 10, 5
NAMES = ("recall@10", "recall@10 in mode", "two above", "four below", "target in mode")


def measure(folder: Path, sends: Path, most: int) -> dict[str, object]:
    from recsys.sequences.run_tables import PART
    from recsys.sequences.split import TEST

    bundle = Bundle.open(folder)
    recommender, catalogue = Recommender(bundle), bundle.catalogue
    skill = recommender.skill
    frame = pd.read_parquet(sends)
    values: dict[str, dict[str, list[float]]] = {m: {n: [] for n in NAMES} for m in hardness.MODES}
    owners = []
    for climber in sorted(set(frame.loc[frame[PART] == TEST, c.CLIMBER_ID]))[:most]:
        book = bundle.logbook(climber)
        if len(book) <= FEWEST:
            continue
        cuts = np.unique(np.linspace(FEWEST, len(book) - 1, CUTS).astype(int))
        books = [book.take(np.arange(cut)) for cut in cuts]
        for cut, before, chance in zip(cuts, books, after(bundle, books, climber), strict=True):
            target = catalogue.indices.get(book.climbs[cut], -1)
            levels = hardness.levels(skill, catalogue, before)
            if not levels:
                continue
            owners.append(climber)
            reach, ability = skill.chances(levels), levels["boulder"].mean
            unsent = catalogue.without(before.climbs)
            for mode, row in values.items():
                inside = unsent & hardness.in_mode(mode, reach, skill, levels)
                picks = np.argsort(-np.where(inside, chance, -1), kind="stable")[: min(K, int(inside.sum()))]
                margin = skill.difficulty.value[picks] - ability
                within = bool(target >= 0 and inside[target])
                row["recall@10"].append(float(target in picks))
                row["recall@10 in mode"].append(float(target in picks) if within else np.nan)
                row["two above"].append(float((margin >= 2).mean()) if len(picks) else 0.0)
                row["four below"].append(float((margin <= -4).mean()) if len(picks) else 0.0)
                row["target in mode"].append(float(within))
    return summary(values, np.array(owners))


def summary(values: dict[str, dict[str, list[float]]], owners: np.ndarray) -> dict[str, object]:
    found: dict[str, object] = {"cases": len(owners), "climbers": len(set(owners))}
    for mode, row in values.items():
        table = {}
        for name, each in row.items():
            column = np.array(each)
            kept = np.isfinite(column)
            table[name] = [float(column[kept].mean()), *intervals({name: column[kept]}, owners[kept])[name]]
        base = np.array(values["any"]["recall@10"])
        difference = paired_difference(np.array(row["recall@10"]), base, owners)
        found[mode] = {**table, "recall@10 less any's": list(vars(difference).values())}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--run-sends", type=Path, required=True, help="sends.parquet of the bundle's run")
    parser.add_argument("--climbers", type=int, default=1000)
    given = parser.parse_args()
    print(json.dumps(measure(given.bundle, given.run_sends, given.climbers), indent=1))


if __name__ == "__main__":
    main()
