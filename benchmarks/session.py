"""Does a planned session hold what climbers did? Held-out climbers' days at one crag, planned the day before.

    python benchmarks/session.py runs/NAME/bundle --sends runs/NAME/sends.parquet

A case is a test climber's day of four first sends or more at one area (region, where there are none), with
ten sends before it; five days a climber at the most. The logbook is cut before the day, and a session of as
many climbs at that place is planned. With 95% intervals over climbers:

    covered    share of the day's climbs that the plan names
    grade      planned less real mean grade;  hardest   the same of the hardest
    order      rank correlation of grade with place in the day: planned, and real

`model alone` leaves out how often climbs are sent; `popular` and `random` fill the same slots by the same
rules, the model's scores replaced.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import UsageError
from recsys.evaluation.bootstrap import intervals, paired_difference
from recsys.recommending.bundle import Bundle
from recsys.recommending.logbook import Logbook
from recsys.recommending.recommender import Recommender
from recsys.recommending.session import CROWD, MOST, SessionRequest, plan_session
from recsys.sequences.run_tables import PART
from recsys.sequences.split import TEST, VALIDATION

BEFORE, LEAST, EACH = 10, 4, 5
METHODS = ("model", "model alone", "popular", "random")


class Cut:
    """A bundle with a logbook in place of its own, and scores of another making."""

    def __init__(self, bundle: Bundle, method: str) -> None:
        self.bundle, self.method, self.book = bundle, method, None
        self.draw = np.random.default_rng(0)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bundle, name)

    def logbook(self, climber: str) -> Logbook | None:
        return self.book

    def logits(self, batch: dict[str, Array]) -> Array:
        n = len(batch[c.GIVEN])
        if self.method == "popular":
            return np.tile(np.log(np.maximum(self.bundle.catalogue.popularity, 1e-12)), (n, 1))
        if self.method == "random":
            return self.draw.normal(size=(n, len(self.bundle.catalogue)))
        return self.bundle.logits(batch)


def days(bundle: Bundle, climber: str) -> list[tuple[Logbook, str, list[int]]]:
    """Logbook before, place, and the first sends there in order: every day that is a case."""
    table, book = bundle.catalogue, bundle.logbook(climber)
    index = np.array([table.indices.get(each, -1) for each in book.climbs])
    day, found = np.floor(book.columns[c.DAY]), []
    places = table.areas if any(table.areas) else table.regions
    for each in np.unique(day[BEFORE:]):
        rows = np.flatnonzero(day == each)
        if rows[0] < BEFORE:
            continue
        new = [
            i for i in index[rows] if i >= 0 and i not in index[: rows[0]] and np.isfinite(table.ordinals[i])
        ]
        there = pd.Series([places[i] for i in new], dtype=object).value_counts()
        if len(there) and LEAST <= there.iloc[0] <= MOST:
            place = there.index[0]
            found.append((book.take(np.arange(rows[0])), place, [i for i in new if places[i] == place]))
    return found[:EACH]


def order(grades: Array) -> float:
    """Rank correlation of grade with place; 0 where all are of one grade."""
    ranks = pd.Series(grades).rank().to_numpy()
    return float(np.corrcoef(ranks, np.arange(len(ranks)))[0, 1]) if np.ptp(ranks) else 0.0


def score(plan: list[int], real: list[int], grades: Array) -> dict[str, float]:
    return {
        "covered": len(set(plan) & set(real)) / len(real),
        "grade": float(grades[plan].mean() - grades[real].mean()),
        "hardest": float(grades[plan].max() - grades[real].max()),
        "order, planned": order(grades[plan]),
        "order, real": order(grades[real]),
    }


def measure(given: argparse.Namespace) -> dict[str, Any]:
    bundle = Bundle.open(given.bundle)
    sends, table = pd.read_parquet(given.sends), bundle.catalogue
    part = VALIDATION if given.validation else TEST
    test = sorted(set(sends.loc[sends[PART] == part, c.CLIMBER_ID]))
    cases = [(climber, *each) for climber in test for each in days(bundle, climber)]
    kept = np.linspace(0, len(cases) - 1, min(given.cases, len(cases))).astype(int)
    rows: dict[str, list[dict[str, float]]] = {method: [] for method in METHODS}
    owners, skipped, area = [], 0, any(table.areas)
    for climber, book, place, real in (cases[each] for each in kept):
        where = {"area": place} if area else {"region": place}
        found = {}
        for method in rows:
            cut = Cut(bundle, method)
            cut.book, crowd = book, given.crowd if method == "model" else 0.0
            ask = SessionRequest(climber, count=len(real), crowd=crowd, **where)
            try:
                plan = plan_session(Recommender(cut), ask)
            except UsageError:
                break
            found[method] = score(
                [table.indices[each.item.climb_id] for each in plan.climbs], real, table.ordinals
            )
        if len(found) < len(rows):
            skipped += 1
            continue
        owners.append(climber)
        for method, values in found.items():
            rows[method].append(values)
    return {
        "days": len(owners),
        "climbers": len(set(owners)),
        "no plan": skipped,
        **summary(rows, np.array(owners)),
    }


def summary(rows: dict[str, list[dict[str, float]]], owners: Array) -> dict[str, Any]:
    frames = {method: pd.DataFrame(each) for method, each in rows.items()}
    table = {}
    for method, frame in frames.items():
        values = {name: frame[name].to_numpy() for name in frame}
        around = intervals(values, owners)
        table[method] = {name: [float(values[name].mean()), *around[name]] for name in values}
    covered = {method: frame["covered"].to_numpy() for method, frame in frames.items()}
    pairs = {
        f"model - {method}": list(vars(paired_difference(covered["model"], covered[method], owners)).values())
        for method in METHODS[1:]
    }
    return {"methods": table, "covered (value, low, high, p)": pairs}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=Path)
    parser.add_argument("--sends", type=Path, required=True, help="sends.parquet of the bundle's run")
    parser.add_argument("--cases", type=int, default=300)
    parser.add_argument("--validation", action="store_true", help="validation climbers, to choose by")
    parser.add_argument("--crowd", type=float, default=CROWD, help="weight of a climb's share of all sends")
    print(json.dumps(measure(parser.parse_args()), indent=1, default=float))


if __name__ == "__main__":
    main()
