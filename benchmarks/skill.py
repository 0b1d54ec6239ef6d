"""How well skill is recovered from simulated logs, where it is known, beside its rivals.

    python benchmarks/skill.py                     # the BC community, seed 1: about two minutes
    python benchmarks/skill.py --scale 0.2 --seed 3

Constants are learnt from 85% of the climbers (the filter's: five sends or more), and everything is measured
on the other 15%. Intervals are bootstraps over climbers. Nothing was chosen on seed 1: the largest values in
`recsys.skill.learn` were, on seed 0, by the Brier score of `reach`, which needs no truth.
"""

from __future__ import annotations

import argparse
import json

import numpy as np
import pandas as pd
from rivals import RIVALS

from recsys import columns as c
from recsys.arrays import Array
from recsys.logbooks.filter import core_filter
from recsys.logbooks.grades import ordinals
from recsys.logbooks.simulate import simulate
from recsys.logbooks.simulate.truth import Truth, numbers
from recsys.recommending.skills import CERTAIN, LEAST
from recsys.skill import reach as reaches
from recsys.skill.model import Skill, as_told
from recsys.skill.posterior import filtered, smoothed
from recsys.skill.tracks import Tracks

RESAMPLES = 300


def ranks(values: Array) -> Array:
    return pd.Series(values).rank().to_numpy()


def spearman(a: Array, b: Array) -> float:
    return float(np.corrcoef(ranks(a), ranks(b))[0, 1])


def interval(a: Array, b: Array, groups: Array) -> tuple[float, float, float]:
    """Rank correlation of two columns and its 95% interval, whole groups drawn again."""
    draw, ids = np.random.default_rng(0), np.unique(groups)
    rows = {each: np.flatnonzero(groups == each) for each in ids}
    drawn = []
    for _ in range(RESAMPLES):
        at = np.concatenate([rows[each] for each in draw.choice(ids, len(ids))])
        drawn.append(spearman(a[at], b[at]))
    return spearman(a, b), *np.quantile(drawn, [0.025, 0.975])


def rises(values: Array, tracks: Tracks) -> Array:
    return values[tracks.sessions[1:] - 1] - values[tracks.sessions[:-1]]


def measure(preset: str, seed: int, scale: float) -> dict[str, object]:
    frame = simulate(preset, seed=seed, scale=scale)
    truth = Truth.of(preset, seed, scale)
    frame["true"] = truth.skill(frame)
    frame[c.DAY] = pd.to_datetime(frame[c.DATE]).to_numpy().astype("datetime64[D]").astype(float)
    frame = core_filter(frame, 5).reset_index(drop=True)
    climber = numbers(frame[c.CLIMBER_ID])
    ids, climb = np.unique(frame[c.CLIMB_ID], return_inverse=True)
    logged, day = ordinals(frame[c.GRADE].tolist()), frame[c.DAY].to_numpy()
    people = np.random.default_rng(seed).permutation(np.unique(climber))
    held = np.isin(climber, people[: round(0.15 * len(people))])
    usual = pd.Series(logged[~held]).groupby(climb[~held]).agg(lambda x: x.mode()[0])
    usual = usual.reindex(np.arange(len(ids))).to_numpy()
    skill = Skill.fit(climber[~held], day[~held], climb[~held], logged[~held], usual)
    known = np.where(np.isfinite(skill.difficulty.value[climb]), skill.difficulty.value[climb], logged)
    tracks = Tracks.of(climber[held], day[held], known[held])
    true = frame["true"].to_numpy()[held][tracks.rows[tracks.sends[1:] - 1]]
    ladder = skill.ladders["boulder"]
    now, after = filtered(ladder, tracks), smoothed(ladder, tracks)
    estimates = {"ladder, whole log": after.mean, "ladder, log so far": now.mean}
    estimates |= {name: rival(tracks) for name, rival in RIVALS.items()}
    ends = tracks.sessions[1:] - 1
    owner = tracks.owners[tracks.track_of]
    table = {
        name: {
            "all sessions": interval(each, true, owner),
            "last session": interval(each[ends], true[ends], tracks.owners),
            "rise over the log": interval(rises(each, tracks), rises(true, tracks), tracks.owners),
        }
        for name, each in estimates.items()
    }
    inside = np.abs(after.mean - true) <= 1.96 * as_told(after.deviation)
    book = truth.crags.grade[numbers(pd.Series(ids))]
    feel, n = truth.feel(pd.Series(ids)), np.bincount(climb[~held], minlength=len(ids))
    many = n >= 30
    return {
        "climbers": {"learnt from": len(people) - len(tracks), "measured on": len(tracks)},
        "rank correlation with the true skill": table,
        "error of the whole log's (V)": float(np.sqrt(np.mean((after.mean - true) ** 2))),
        "true skill inside the 95% interval": float(inside.mean()),
        "difficulty": {
            "rank correlation with the feel": interval(skill.difficulty.value, feel, np.arange(len(ids))),
            "of the usual grade": interval(usual, feel, np.arange(len(ids))),
            "softness, climbs of 30 sends": interval(
                (skill.difficulty.value - usual)[many], (feel - book)[many], np.arange(many.sum())
            ),
            "their number": int(many.sum()),
            "listed as soft or hard": listed(skill, usual, feel - usual),
        },
        "reach": calibration(skill, tracks, now),
    }


def listed(skill: Skill, usual: Array, soft: Array) -> dict[str, object]:
    """Of the climbs that `recsys skill` lists: how many there are, and how many are in truth so."""
    off = skill.difficulty.value - usual
    rows = np.abs(off) >= np.maximum(LEAST, CERTAIN * skill.difficulty.deviation)
    truly = (np.sign(off) * soft)[rows]
    if not rows.any():
        return {"n": 0}
    return {
        "n": int(rows.sum()),
        "of the sign told": float((truly > 0).mean()),
        "by 0.3 grades or more": float((truly >= 0.3).mean()),
    }


def calibration(skill: Skill, tracks: Tracks, now: object) -> dict[str, object]:
    """Chances foretold on held-out logs against what came: Brier score, and the share that came by tenth."""
    sessions, owner, hardest = reaches.cases(tracks)
    margins, reached = reaches.at_margins(now, sessions, hardest)
    curve = skill.reaches["boulder"]
    chance = reaches._logistic(curve.level - curve.slope * margins)
    tenth = np.minimum((10 * chance).astype(int), 9)
    error = sum(abs((chance - reached)[tenth == k].sum()) for k in range(10)) / chance.size
    grades = np.rint(2 * (now.mean[sessions, None] + reaches.MARGINS)) / 2
    base = (hardest[:, None, None] >= grades[None] - 0.25).mean(0)  # the grade alone, whoever it is
    table = [
        [
            round(float(chance[tenth == k].mean()), 3),
            round(float(reached[tenth == k].mean()), 3),
            int((tenth == k).sum()),
        ]
        for k in range(10)
        if (tenth == k).any()
    ]
    return {
        "cuts": len(sessions),
        "climbers": len(np.unique(owner)),
        "Brier score": float(((chance - reached) ** 2).mean()),
        "Brier score by the grade alone": float(((base - reached) ** 2).mean()),
        "expected calibration error": float(error),
        "foretold, came, n": table,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--preset", default="bc")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--scale", type=float, default=1.0)
    given = parser.parse_args()
    print(json.dumps(measure(given.preset, given.seed, given.scale), indent=1, default=float))


if __name__ == "__main__":
    main()
