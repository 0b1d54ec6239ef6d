"""What the texts of climbs are worth, beside the style that they hint at.

    python benchmarks/text.py WORK --scale 0.25 --seeds 3

Simulated BC, whose comments and beta hint at a climb's hidden style: the default network alone, trained
without texts ("none"), with them as words or as sentences (extra `text`), with texts in the history but not
in what climbs are scored by ("words, history alone"), and with the true style in place of the texts, written
into the climb's region ("style", asked unprompted alone, for a prompt would tell it). Each seed draws
logbooks, split and weights. Recall@10 and MRR@20 on the validation part, also of climbs with fewer than 15
training sends; in brackets the difference from "none", 95% by a paired bootstrap over climbers, the seeds'
cases pooled.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from records import prepared_in

from recsys import columns as c
from recsys.arrays import Array
from recsys.evaluation.bootstrap import paired_difference

ROWS: dict[str, dict[str, Any]] = {
    "none": {},
    "words": {"text": "words"},
    "sentences": {"text": "sentences"},
    "words, history alone": {"text": "words", "text_output": False},
    "style": {},
}
FEW = 15
METRICS = ("recall@10", "mrr@20")


def sends_of(work: Path, seed: int, scale: float, style: bool) -> Path:
    """Simulated logbooks, written once; with `style`, a region is a region and a style."""
    from recsys.logbooks.simulate import simulate
    from recsys.logbooks.simulate.crags import STYLES
    from recsys.logbooks.simulate.truth import Truth, numbers

    path = work / f"{'style' if style else 'sends'}-{seed}.parquet"
    if not path.exists():
        work.mkdir(parents=True, exist_ok=True)
        sends = simulate("bc", seed=seed, scale=scale)
        if style:
            told = np.array(STYLES)[Truth.of("bc", seed, scale).crags.style[numbers(sends[c.CLIMB_ID])]]
            sends[c.REGION] = sends[c.REGION].astype(str) + "/" + pd.Series(told, index=sends.index)
        sends.to_parquet(path, index=False)
    return path


def measured(work: Path, row: str, seed: int, scale: float) -> dict[str, Array]:
    """The validation cases' values by prompting, their climbers, and how often each target was sent."""
    from recsys.config.settings import configure
    from recsys.evaluation.evaluate import evaluate
    from recsys.evaluation.metrics import case_values
    from recsys.sequences.cases import Cases
    from recsys.training.answer import fit_run

    path = sends_of(work, seed, scale, row == "style")
    config, _ = configure({"data": path, "seed": seed, **ROWS[row]})
    kind = "style" if row == "style" else config.model.text
    prepared = prepared_in(work / f"prepared-{seed}-{kind}", config)
    method = fit_run(prepared, config, work / "training", resume=False)
    cases = Cases.of(prepared.sequences, prepared.parts, "validation")
    found = {"climber": cases.climbers + 1_000_000 * seed, "sends": prepared.popularity[cases.targets]}
    for prompted in (False,) if row == "style" else (False, True):
        scorer = method.scorer(cases, prompted)
        result = evaluate(scorer, cases.targets, cases.climbers, cases.seen, prepared.n_items)
        each = case_values(result.ranks, prepared.n_items)
        asked = "prompted" if prompted else "unprompted"
        found |= {f"{asked} {metric}": each[metric] for metric in METRICS}
    return found


def values(found: dict[str, Array], asked: str) -> list[Array]:
    """Each case's values by column of the table, NaN where it is not of the kind."""
    recall, mrr = (found[f"{asked} {metric}"] for metric in METRICS)
    return [recall, mrr, np.where(found["sends"] < FEW, recall, np.nan)]


def shown(one: Array, base: Array | None, climbers: Array) -> str:
    """A mean, and its difference from another with an interval."""
    there = ~np.isnan(one)
    mean = one[there].mean()
    if base is None:
        return f"{mean:.4f}"
    difference = paired_difference(one[there], base[there], climbers[there])
    return f"{mean:.4f} [{difference.low:+.4f}, {difference.high:+.4f}]"


def main() -> None:
    """Print a table of Markdown."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--scale", type=float, default=0.25)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rows", nargs="+", default=list(ROWS), choices=list(ROWS))
    given = parser.parse_args()
    pooled: dict[str, dict[str, Array]] = {}
    print("| texts | asked | recall@10 | MRR@20 | recall@10, fewer than 15 sends |\n|---|---|--:|--:|--:|")
    for row in dict.fromkeys(["none", *given.rows]):
        each = [measured(given.work, row, seed, given.scale) for seed in range(given.seeds)]
        pooled[row] = {name: np.concatenate([part[name] for part in each]) for name in each[0]}
        for asked in ("unprompted", "prompted"):
            if f"{asked} {METRICS[0]}" not in pooled[row]:
                continue
            bases = [None] * 3 if row == "none" else values(pooled["none"], asked)
            pairs = zip(values(pooled[row], asked), bases, strict=True)
            cells = [shown(one, base, pooled[row]["climber"]) for one, base in pairs]
            print(f"| {row} | {asked} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
