"""Do paths lead where climbers went? Chains to a hard problem, for held-out climbers who sent one.

    recsys export runs/NAME -o bundles/NAME
    python benchmarks/path.py bundles/NAME --run runs/NAME

A case is a test climber's first send of a grade above all sends before it, with `--steps` sends in between
and ten before those; five a climber at the most. The logbook is cut before the steps, the project is
given, and a path is asked for. Per method, with 95% intervals over climbers:

    recall        share of the climbs sent between the cut and the project that the path names
    later         share of the path's climbs that the climber sent at any time after the cut
    step          mean change of grade from one climb to the next, ability and project included
    largest       largest change
    raise         true skill (V) that sending the path gives a simulated climber, by the simulator's own rule

The methods share every constraint (grades, unsent, leap), so that what differs is the choice alone. `hole`
needs `--run`: a model that was trained with mlm, span or rtd.
"""

from __future__ import annotations

import argparse
import json
import re
import time
from pathlib import Path as File
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns as c
from recsys.arrays import Array
from recsys.errors import UsageError
from recsys.evaluation.bootstrap import intervals, paired_difference
from recsys.logbooks.grades import ordinals
from recsys.logbooks.simulate.truth import Truth, numbers
from recsys.recommending.bundle import Bundle
from recsys.recommending.logbook import Logbook
from recsys.recommending.path import Path, PathRequest, find_path
from recsys.recommending.recommender import Recommender

BEFORE, EACH = 10, 5
VARIANT = re.compile(r"(?P<method>[a-z]+)(?P<wait>-wait)?(-crowd(?P<crowd>[0-9.]+))?")


class Both:
    """A bundle, its logbooks replaced by the case's, and the run's model to fill holes with."""

    def __init__(self, bundle: Bundle, run: Any) -> None:
        self.bundle, self.run, self.book = bundle, run, None
        self.fills = run is not None and run.fills

    def __getattr__(self, name: str) -> Any:
        return getattr(self.bundle, name)

    def logbook(self, climber: str) -> Logbook | None:
        return self.book

    def fill(self, batch: dict[str, Array]) -> Array:
        return self.run.fill(batch)


def cases(bundle: Bundle, test: set[str], steps: int, most: int) -> list[tuple[str, Logbook, int, Logbook]]:
    """Climber, logbook before, index of the project in the log, whole logbook."""
    found = []
    for climber in sorted(test):
        book = bundle.logbook(climber)
        grade = ordinals(list(book.columns[c.GRADE]))
        best = np.fmax.accumulate(np.append(-np.inf, grade))[:-1]
        new = np.flatnonzero((grade > best) & (np.arange(len(grade)) >= BEFORE + steps))
        new = [at for at in new if book.climbs[at] in bundle.catalogue.indices][:EACH]
        found += [(climber, book.take(np.arange(at - steps)), int(at), book) for at in new]
    keep = np.linspace(0, len(found) - 1, min(most, len(found))).astype(int)
    return [found[each] for each in keep]


def score(
    path: Path, at: int, steps: int, whole: Logbook, grades: Array, indices: dict[str, int]
) -> dict[str, float]:
    chain = [each.item.climb_id for each in path.steps]
    true, later = set(whole.climbs[at - steps : at]), set(whole.climbs[at - steps :])
    line = [path.ability, *(grades[indices[each]] for each in chain), grades[indices[path.project.climb_id]]]
    changes = np.abs(np.diff(line))
    return {
        "recall": len(true & set(chain)) / steps,
        "later": len(later & set(chain)) / len(chain),
        "step": float(changes.mean()),
        "largest": float(changes.max()),
        "project, before": path.before,
        "project, after": path.project.score,
    }


def variant(name: str) -> dict[str, Any]:
    """What `PathRequest` is told for "ahead", "ahead-crowd0.5" or "ahead-wait-crowd1"."""
    found = VARIANT.fullmatch(name)
    assert found is not None, name
    told: dict[str, Any] = {"method": found["method"], "wait": found["wait"] is not None}
    return told if found["crowd"] is None else {**told, "crowd": float(found["crowd"])}


def raised(truth: Truth, climber: str, before: int, chain: list[str]) -> float:
    """True skill gained by the chain: the simulator's rule counts kept climbs, whichever they are."""
    who = int(climber.rsplit("-", 1)[1])
    goal, growth = truth.climbers.sends[who], truth.climbers.growth[who]
    kept = int((~truth.crags.fringe[numbers(pd.Series(chain))]).sum())
    return float(growth * (((before + kept) / goal) ** 0.7 - (before / goal) ** 0.7))


def measure(given: argparse.Namespace) -> dict[str, Any]:
    from recsys.sequences.run_tables import PART
    from recsys.sequences.split import TEST, VALIDATION

    bundle, run = Bundle.open(given.bundle), None
    if given.run:
        from recsys.runs import Run
        from recsys.training.trained import TrainedRun

        run = TrainedRun(Run.open(given.run))
    sends = pd.read_parquet(given.run_sends)
    part = VALIDATION if given.validation else TEST
    test = set(sends.loc[sends[PART] == part, c.CLIMBER_ID])
    both = Both(bundle, run)
    truth = Truth.of("bc", given.seed, given.scale) if given.truth else None
    grades, indices = bundle.catalogue.ordinals, bundle.catalogue.indices
    methods = [m for m in given.methods.split(",") if not m.startswith("hole") or both.fills]
    rows: dict[str, list[dict[str, float]]] = {m: [] for m in methods}
    owners, skipped, seconds = [], 0, dict.fromkeys(methods, 0.0)
    for climber, book, at, whole in cases(bundle, test, given.steps, given.cases):
        both.book, found = book, {}
        for method in methods:
            recommender = Recommender(both)
            asked = PathRequest(
                whole.climbs[at], climber, steps=given.steps, leap=given.leap, seed=at, **variant(method)
            )
            began = time.perf_counter()
            try:
                path = find_path(recommender, asked)
            except UsageError:
                break
            seconds[method] += time.perf_counter() - began
            found[method] = score(path, at, given.steps, whole, grades, indices)
            if truth is not None:
                chain = [each.item.climb_id for each in path.steps]
                found[method]["raise"] = raised(truth, climber, len(book), chain)
        if len(found) < len(methods):
            skipped += 1
            continue
        owners.append(climber)
        for method, values in found.items():
            rows[method].append(values)
    return summary(rows, np.array(owners), skipped, seconds)


def summary(
    rows: dict[str, list[dict[str, float]]], owners: Array, skipped: int, seconds: dict[str, float]
) -> dict[str, Any]:
    table, columns = {}, {m: pd.DataFrame(each) for m, each in rows.items()}
    for method, frame in columns.items():
        values = {name: frame[name].to_numpy() for name in frame}
        around = intervals(values, owners)
        table[method] = {name: [float(values[name].mean()), *around[name]] for name in values}
        table[method]["seconds a path"] = seconds[method] / max(len(owners), 1)
    base = columns["ahead"]
    pairs = {
        f"ahead - {m}": {
            name: list(vars(paired_difference(base[name].to_numpy(), each[name].to_numpy(), owners)).values())
            for name in ("recall", "later")
        }
        for m, each in columns.items()
        if m != "ahead"
    }
    return {
        "cases": len(owners), "climbers": len(set(owners)), "no path fits": skipped,
        "methods": table, "differences (value, low, high, p)": pairs,
    }  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("bundle", type=File)
    parser.add_argument("--run", type=File, help="the bundle's run, for `hole`")
    parser.add_argument("--run-sends", type=File, help="sends.parquet of the run [default: in --run]")
    parser.add_argument("--methods", default="ahead,hole,greedy,popular,random")
    parser.add_argument("--validation", action="store_true", help="validation climbers, to choose by")
    parser.add_argument("--cases", type=int, default=200)
    parser.add_argument("--steps", type=int, default=5)
    parser.add_argument("--leap", type=float, default=1.0)
    parser.add_argument("--truth", action="store_true", help="the sends are simulate('bc', seed, scale)")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    given.run_sends = given.run_sends or given.run / "sends.parquet"
    print(json.dumps(measure(given), indent=1, default=float))


if __name__ == "__main__":
    main()
