"""What `train.py --continue` is worth: twelve simulated months, one after another, against training anew.

    python benchmarks/continuing.py WORK --scale 0.15

A tenth of the climbers is held out of everything. A month is a fiftieth of all sends, since the simulated
community logs for fourteen years and few a calendar month; the last twelve of them are given one at a time:
"continued" goes on from the run of the month before, "anew" is trained on all sends so far. After each
month both are asked for the sends of the next month (recall@10, unprompted, of climbs that the run knows or
not: an unknown one is a miss), and for the sends of the climbers who were held out, those before the first
of the months ("last year's climbers": what continuing forgets shows there). "kept" is the first run, as it
was. Seconds are those of preparing and training, without evaluation and imports. `--anew` months are
trained anew, evenly spread.
"""

from __future__ import annotations

import argparse
import json
import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns as c

MONTHS, FIFTIETHS, HELD, K, MOST = 12, 50, 0.1, 10, 4000


def split(work: Path, scale: float, seed: int) -> pd.DataFrame:
    """All sends, with `month` (0 before the twelve, then 1 to 12) and `held`."""
    from recsys.logbooks.simulate import simulate

    work.mkdir(parents=True, exist_ok=True)
    sends = simulate("bc", seed=seed, scale=scale)
    date = pd.to_datetime(sends[c.DATE])
    climbers = np.array(sorted(sends[c.CLIMBER_ID].unique()))
    held = np.random.default_rng(seed).permutation(climbers)[: round(HELD * len(climbers))]
    return sends.assign(
        month=np.maximum(0, MONTHS + 1 - (FIFTIETHS - _fiftieth(date))), held=sends[c.CLIMBER_ID].isin(held)
    )


def _fiftieth(date: pd.Series) -> pd.Series:
    """Which of the fiftieths of all sends, by date, each is of: 0 to 49; those of a day stay together."""
    return np.minimum((date.rank(method="min", pct=True) * FIFTIETHS).astype(int), FIFTIETHS - 1)


def trained(folder: Path, data: pd.DataFrame, source: Path | None, seed: int) -> float:
    """Train a run, anew or from another, and return the seconds of preparing and training."""
    import recsys

    path = folder.with_suffix(".parquet")
    data.drop(columns=["month", "held"]).to_parquet(path, index=False)
    began = time.perf_counter()
    settings = {} if source else {"split": "temporal", "seed": seed}
    run = recsys.train(path, continue_from=source, output=folder, accelerator="cpu", **settings)
    seconds = run.metrics["seconds"]
    print(f"# {folder.name}: {time.perf_counter() - began:.0f} s in all", flush=True)
    return float(seconds["preprocess"] + seconds["train"])


def recall(folder: Path, sends: pd.DataFrame, asked: pd.Series) -> float:
    """Recall@10, unprompted, of the `asked` sends, after the sends before each."""
    from recsys.adapting.climbers import histories
    from recsys.evaluation.evaluate import evaluate
    from recsys.logbooks.read import read_sends
    from recsys.model.scorer import ModelScorer
    from recsys.runs import Run
    from recsys.sequences.cases import Cases, item_index
    from recsys.sequences.days import order_days
    from recsys.training.trained import TrainedRun

    path = folder.with_suffix(".asked.parquet")
    plain = sends.drop(columns=["month", "held"])
    plain.assign(area=np.where(asked, "asked", "")).to_parquet(path, index=False)
    frame = order_days(read_sends(path).frame, "set", 0)
    path.unlink()
    run = TrainedRun(Run.open(folder))
    found = histories(run.workflow, frame)
    wanted = np.flatnonzero((frame[c.AREA] == "asked").to_numpy()[found.rows])
    wanted = wanted[found.before(wanted) > found.offsets[found.owner(wanted)]]
    wanted = wanted[np.linspace(0, len(wanted) - 1, min(MOST, len(wanted))).astype(int)]
    targets = item_index(found.features[c.CLIMB][wanted])
    cases = Cases(found, wanted, targets, found.owner(wanted))
    scorer = ModelScorer(run.network, cases, run.window, False)
    result = evaluate(scorer, targets, cases.climbers, cases.seen, len(run.catalogue))
    return round(float(result.values[f"recall@{K}"]), 4)


def months(work: Path, scale: float, anew: int, seed: int) -> list[dict[str, Any]]:
    """A line a month."""
    sends = split(work, scale, seed)
    open_ones = sends[~sends.held]
    lines = []
    kept = last = work / "run-0"
    first = trained(kept, open_ones[open_ones.month == 0], None, seed)
    chosen = set(np.linspace(1, MONTHS - 1, anew).round().astype(int).tolist()) if anew else set()
    for month in range(1, MONTHS + 1):
        data = open_ones[open_ones.month == month]
        now = work / f"run-{month}"
        line: dict[str, Any] = {"month": month, "new_sends": len(data), "all_sends": 0}
        so_far = open_ones[open_ones.month <= month]
        line["all_sends"] = len(so_far)
        line["seconds continued"] = round(trained(now, data, last, seed), 1)
        runs = {"kept": kept, "continued": now}
        if month in chosen:
            runs["anew"] = work / f"anew-{month}"
            line["seconds anew"] = round(trained(runs["anew"], so_far, None, seed), 1)
        for name, folder in runs.items():
            if month < MONTHS:
                upto = open_ones[open_ones.month <= month + 1]
                line[f"next month, {name}"] = recall(folder, upto, upto.month == month + 1)
            past = sends[sends.held & (sends.month == 0)]
            line[f"last year's climbers, {name}"] = recall(folder, past, pd.Series(True, past.index))
        last = now
        lines.append(line)
        print(json.dumps(line), flush=True)
    print(json.dumps({"seconds of the first run": round(first, 1)}), flush=True)
    return lines


def main() -> None:
    """Print a line of JSON a month, and a summary."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--scale", type=float, default=0.15)
    parser.add_argument("--anew", type=int, default=3, help="months that are trained anew too")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--replay", type=float, help="windows of old sends to each new one, in place of ours")
    asked = parser.parse_args()
    if asked.replay is not None:
        from recsys.sequences import continuing

        continuing.REPLAY = asked.replay  # type: ignore[misc]
    table = pd.DataFrame(months(asked.work, asked.scale, asked.anew, asked.seed))
    print(table.mean(numeric_only=True).round(4).to_json())


if __name__ == "__main__":
    main()
