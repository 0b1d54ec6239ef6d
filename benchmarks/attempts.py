"""Does the margin of ability over grade tell which attempts succeed? A log that holds the failed ones too.

    python benchmarks/attempts.py ascents.parquet      # theCrag's columns, schemas/thecrag.toml

A case is a climber's first ascent or attempt of a climb on a day, on lead or solo, with ten sends before that
day. The ability is read from those sends alone (`recsys.skill`, its constants not learnt: climbers are too
few); success is any free send. By area under the curve, 95% intervals over climbers' months:

    margin     ability less the climb's grade
    best       hardest send so far less the grade
    mean       mean grade of the sends so far less the grade
    grade      the grade alone, negated
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import pandas as pd

from recsys.arrays import Array
from recsys.logbooks.grades import parse_grade
from recsys.skill.model import Skill

SENT = (
    "onsight",
    "flash",
    "redpoint",
    "pinkpoint",
    "lead",
    "tick",
    "clean",
    "groundupredpoint",
    "firstascent",
)
FAILED = ("dog", "attempt", "retreat", "working")
BEFORE, RESAMPLES = 10, 2000


def curve(score: Array, success: Array) -> float:
    """Area under the ROC curve, by ranks (Mann & Whitney 1947)."""
    ranks, n = pd.Series(score).rank().to_numpy(), int(success.sum())
    return float((ranks[success].sum() - n * (n + 1) / 2) / (n * (len(success) - n)))


def cases(log: pd.DataFrame) -> pd.DataFrame:
    """A row a case: climber, month, success, and what is known before it."""
    rows = []
    skill = Skill.plain(np.zeros(0))
    for climber, own in log.groupby("climber_id", sort=True):
        for day, today in own.groupby("day", sort=True):
            before = own[(own["day"] < day) & own["sent"]]
            if len(before) < BEFORE:
                continue
            known = before["ordinal"].to_numpy()
            level = skill.now(known, before["day"].to_numpy()).get("route")
            if level is None:
                continue
            at = (level.mean, known.max(), known.mean(), 0.0)
            rows += [
                (climber, f"{climber} {each.date:%Y-%m}", each.sent, *(x - each.ordinal for x in at))
                for each in today.drop_duplicates("climb_id").itertuples()
            ]
    return pd.DataFrame(rows, columns=["climber", "month", "success", "margin", "best", "mean", "grade"])


def read(path: Path) -> pd.DataFrame:
    log = pd.read_parquet(path)
    log = log[log["ascent_style"].isin((*SENT, *FAILED))].copy()
    log["sent"] = log["ascent_style"].isin(SENT)
    log["day"] = log["date"].to_numpy().astype("datetime64[D]").astype(float)
    steps = {each: parse_grade(str(each), "Ewbank").ordinal for each in log["grade"].unique()}
    log["ordinal"] = log["grade"].map(steps).astype(float)
    return log.sort_values(["climber_id", "day"], kind="stable")


def measure(path: Path) -> dict[str, object]:
    table = cases(read(path))
    success, draw = table["success"].to_numpy(bool), np.random.default_rng(0)
    groups = [rows.to_numpy() for rows in table.groupby("month").groups.values()]
    drawn = [
        np.concatenate([groups[i] for i in draw.integers(0, len(groups), len(groups))])
        for _ in range(RESAMPLES)
    ]
    found: dict[str, object] = {
        "cases": len(table), "climbers": table["climber"].nunique(), "months": len(groups),
        "succeeded": float(success.mean()),
    }  # fmt: skip
    for name in ("margin", "best", "mean", "grade"):
        score = table[name].to_numpy()
        around = np.quantile([curve(score[at], success[at]) for at in drawn], [0.025, 0.975])
        found[f"area under the curve, {name}"] = [curve(score, success), *around]
    bins = [-20.0, -2, -1, 0, 1, 2, 4, 40]
    by = table.groupby(pd.cut(table["margin"], bins), observed=True)["success"]
    found["success by margin (grades), n"] = {str(k): [float(v.mean()), len(v)] for k, v in by}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("data", type=Path)
    print(json.dumps(measure(parser.parse_args().data), indent=1, default=float))


if __name__ == "__main__":
    main()
