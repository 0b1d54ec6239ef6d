"""What an embedding of their own is worth to climbers who were not trained on.

    python benchmarks/newcomers.py WORK --scale 0.15 --epochs 15

A quarter of the climbers is taken out of training. Each gets an embedding from a logbook of 1 to 50 sends,
in each way of `recsys adapt`, and is asked for the five sends that follow. "included" is a second model,
trained with those first sends as well: the upper bound, which "asked as unknown" reads without its
embeddings. Histories and climbs asked for are the same for all; sends before a target are always read. In
brackets: the paired 95% interval, over climbers, of the difference from "unknown". Runs that lie in WORK
already are used again.
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
from recsys.arrays import Array
from recsys.evaluation.bootstrap import paired_difference

LENGTHS = (1, 2, 5, 10, 20, 50)
SHARE, FOLLOWING, K = 0.25, 5, 10


def hold_out(work: Path, scale: float, seed: int) -> Path:
    """Write base.parquet, included.parquet, and held.parquet, whose `first` says how many may be read."""
    from recsys.logbooks.filter import core_filter
    from recsys.logbooks.simulate import simulate

    work.mkdir(parents=True, exist_ok=True)
    draw = np.random.default_rng(seed)
    sends = core_filter(simulate("bc", seed=seed, scale=scale), 5)
    climbers = draw.permutation(np.array(sorted(sends[c.CLIMBER_ID].unique())))
    held = climbers[: round(SHARE * len(climbers))]
    counts = sends[c.CLIMBER_ID].value_counts()
    first = {}
    for index, climber in enumerate(held):
        fits = [length for length in LENGTHS if length < counts[climber]]
        wanted = LENGTHS[index % len(LENGTHS)]
        first[climber] = fits[int(np.argmin([abs(each - wanted) for each in fits]))]
    out = sends[sends[c.CLIMBER_ID].isin(held)].copy()
    out["first"] = out[c.CLIMBER_ID].map(first)
    early = out[out.groupby(c.CLIMBER_ID).cumcount() < out["first"]].drop(columns="first")
    base = sends[~sends[c.CLIMBER_ID].isin(held)]
    base.to_parquet(work / "base.parquet", index=False)
    pd.concat([base, early]).to_parquet(work / "included.parquet", index=False)
    out.to_parquet(work / "held.parquet", index=False)
    return work


def train(work: Path, name: str, epochs: int, seed: int) -> Path:
    """The run on a file of `hold_out`, trained unless it is there."""
    from recsys.config.run import RunConfig
    from recsys.training.pipeline import train_run

    training = {"epochs": epochs, "accelerator": "cpu"}
    data = str(work / f"{name}.parquet")
    train_run(
        RunConfig(data=data, min_sends=1, seed=seed, training=training), work / f"run-{name}", resume=True
    )
    return work / f"run-{name}"


class Asked:
    """A run, asked for what follows the first sends of those who were held out."""

    def __init__(self, folder: Path, held: pd.DataFrame) -> None:
        from recsys.adapting.climbers import histories
        from recsys.runs import Run
        from recsys.sequences.cases import Cases, item_index
        from recsys.sequences.run_tables import PART
        from recsys.sequences.split import TRAIN
        from recsys.training.trained import TrainedRun

        self.run = TrainedRun(Run.open(folder))
        self.new = new = histories(self.run.workflow, held)
        known = self.run.sends
        self.met = histories(self.run.workflow, known[known[PART] == TRAIN])
        first = held.drop_duplicates(c.CLIMBER_ID).set_index(c.CLIMBER_ID)["first"]
        self.ends = first.loc[new.climber_ids].to_numpy()
        index = np.arange(len(new)) - np.repeat(new.offsets[:-1], np.diff(new.offsets))
        ends = np.repeat(self.ends, np.diff(new.offsets))
        targets = np.flatnonzero((index >= ends) & (index < ends + FOLLOWING))
        targets = targets[new.before(targets) > new.offsets[new.owner(targets)]]
        self.cases = Cases(new, targets, item_index(new.features[c.CLIMB][targets]), new.owner(targets))

    def ranks(self, prompted: bool, vectors: Array | None) -> Array:
        """Rank of each target among the climbs not seen before, ties against it: int64 [n_cases]."""
        import torch

        from recsys.sequences.windows import Windows

        ranks = []
        for start in range(0, len(self.cases), 256):
            cases = np.arange(start, min(start + 256, len(self.cases)))
            batch = Windows(self.new, self.cases.sends, self.run.window).cut(self.cases.sends[cases])
            batch[c.GIVEN] = torch.full((len(cases), len(c.ATTRIBUTES)), prompted)
            if vectors is not None:
                batch[c.CLIMBER_VECTOR] = torch.from_numpy(vectors[self.cases.climbers[cases]])
            with torch.inference_mode():
                scores = self.run.network.next_scores(batch).numpy()
            own = scores[np.arange(len(cases)), self.cases.targets[cases]].copy()
            scores[self.cases.seen(cases)] = -np.inf
            ranks.append((scores >= own[:, None]).sum(1))
        return np.concatenate(ranks)


def compare(work: Path) -> dict[str, Any]:
    """Recall@10 and MRR of each way, by length, of the climbers whom the second model was trained on."""
    from recsys.adapting.checks import WAYS
    from recsys.adapting.climbers import embed
    from recsys.columns import UNKNOWN_ID

    held = pd.read_parquet(work / "held.parquet")
    held = _ordered(held, work)
    base, upper = Asked(work / "run-base", held), Asked(work / "run-included", held)
    trained = upper.new.climbers[upper.cases.climbers] > UNKNOWN_ID
    kept = trained & (base.cases.targets >= 0) & (upper.cases.targets >= 0)
    found: dict[str, Any] = {"climbers": len(np.unique(base.cases.climbers[kept])), "cases": int(kept.sum())}
    vectors = {}
    for way in WAYS:
        began = time.perf_counter()
        vectors[way] = embed(base.run.network, base.met, base.new, base.ends, base.run.window, way)
        found[f"seconds a climber, {way}"] = round((time.perf_counter() - began) / len(base.ends), 4)
    length = base.ends[base.cases.climbers]
    for name, prompted in (("prompted", True), ("unprompted", False)):
        ranks = {way: base.ranks(prompted, each)[kept] for way, each in vectors.items()}
        ranks["included"] = upper.ranks(prompted, None)[kept]
        nobody = embed(upper.run.network, upper.met, upper.new, upper.ends, upper.run.window, "unknown")
        ranks["included, asked as unknown"] = upper.ranks(prompted, nobody)[kept]
        found[name] = {
            way: _row(each, ranks["unknown"], length[kept], base.cases.climbers[kept])
            for way, each in ranks.items()
        }
    return found


def _ordered(held: pd.DataFrame, work: Path) -> pd.DataFrame:
    """The held-out sends as a run of days as sets reads them."""
    from recsys.logbooks.read import read_sends
    from recsys.sequences.days import order_days

    first = held.groupby(c.CLIMBER_ID)["first"].first()
    path = work / "asked.parquet"
    held.drop(columns="first").to_parquet(path, index=False)
    frame = order_days(read_sends(path).frame, "set", 0)
    path.unlink()
    return frame.assign(first=frame[c.CLIMBER_ID].map(first))


def _row(ranks: Array, unknown: Array, length: Array, climbers: Array) -> dict[str, Any]:
    gain = paired_difference(1.0 / ranks, 1.0 / unknown, climbers, resamples=2000)
    return {
        f"recall@{K}": round(float((ranks <= K).mean()), 4),
        "mrr": round(float((1.0 / ranks).mean()), 4),
        "mrr from unknown": f"{gain.value:+.4f} [{gain.low:+.4f}, {gain.high:+.4f}]",
        "mrr by sends": {
            int(n): round(float((1.0 / ranks[length == n]).mean()), 4) for n in np.unique(length)
        },
    }


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--scale", type=float, default=0.15)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    asked = parser.parse_args()
    work = hold_out(asked.work, asked.scale, asked.seed)
    for name in ("base", "included"):
        train(work, name, asked.epochs, asked.seed)
    print(json.dumps(compare(work), indent=1))


if __name__ == "__main__":
    main()
