"""What a run knows of climbs that were not in its training, against a model that saw them.

    python benchmarks/new_climbs.py WORK --preset bc --scale 0.15 --epochs 15
    python benchmarks/new_climbs.py WORK --preset bc --scale 1 --epochs 15 --text words
    python benchmarks/new_climbs.py WORK --preset gym --scale 0.2 --epochs 15

BC: a tenth of the climbs, drawn by seed, is taken out of all sends. One model is trained on the rest and gets
those climbs by `recsys adapt --climbs`, the other is trained on everything. Both are asked for the test
part's sends in the same histories and of the same catalogue: those whose climb was held out, and the others,
warm. "shuffled" are the first model's scores of the held-out climbs, mixed up among themselves. With
``--text`` both models read texts, and "described" is the first with a list that has texts too: what climbers
of the training part wrote of the climbs, whose sends of them nobody trained on.

Gym: one model on a temporal split. Climbs set since are no climbs of its catalogue, and their sends are
misses; `adapt` adds them, and the same sends are asked for again. Climbs that do not hang that day are left
out, as a gym would by ``--block``; a climb hangs from its first to its last send. Runs that lie in WORK
already are used again.
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

SHARE, K, FEW = 0.1, 50, 10


def hold_out(work: Path, preset: str, scale: float, seed: int) -> Path:
    """Write all.parquet, without.parquet and climbs.csv; returns the folder."""
    from recsys.logbooks.filter import core_filter
    from recsys.logbooks.simulate import simulate

    work.mkdir(parents=True, exist_ok=True)
    sends = core_filter(simulate(preset, seed=seed, scale=scale), 5)
    ids = np.array(sorted(sends[c.CLIMB_ID].unique()))
    out = np.random.default_rng(seed).permutation(ids)[: round(SHARE * len(ids))]
    cold = sends[c.CLIMB_ID].isin(out)
    sends.to_parquet(work / "all.parquet", index=False)
    sends[~cold].to_parquet(work / "without.parquet", index=False)
    table = climbs_table(sends[cold])
    table.to_csv(work / "climbs.csv", index=False)
    return work


def train(work: Path, name: str, split: str, epochs: int, seed: int, text: str = "none") -> Path:
    """The run on a file of `hold_out`, trained unless it is there."""
    from recsys.config.run import RunConfig
    from recsys.training.pipeline import train_run

    config = RunConfig(
        data=str(work / f"{name}.parquet"), min_sends=1, split=split, seed=seed,
        model={"text": text}, training={"epochs": epochs, "accelerator": "cpu"},
    )  # fmt: skip
    train_run(config, work / f"run-{name}", resume=True)
    return work / f"run-{name}"


class Asked:
    """A run, asked for the test sends of the run that saw everything."""

    def __init__(self, folder: Path, sends: pd.DataFrame) -> None:
        from recsys.runs import Run
        from recsys.sequences.cases import Cases
        from recsys.sequences.run_tables import PART
        from recsys.sequences.store import Sequences
        from recsys.training.trained import TrainedRun
        from workflows import sends as workflow_of

        self.run = TrainedRun(Run.open(folder))
        sequences = Sequences.from_table(workflow_of.transform(self.run.workflow, sends, "cpu"))
        indices = sends[c.DAY_INDEX].to_numpy()[sequences.rows] if c.DAY_INDEX in sends else None
        sequences = Sequences(
            sequences.offsets,
            sequences.climbers,
            sequences.climber_ids,
            sequences.features,
            sequences.rows,
            indices,
        )
        if self.run.texts is not None:
            sequences = sequences.reading(self.run.texts, sends[c.DAY].to_numpy(np.float64)[sequences.rows])
        self.cases = Cases.of(sequences, sends[PART].to_numpy()[sequences.rows], "test")
        self.ids = np.array(self.run.catalogue.ids)
        self.days = sends[c.DAY].to_numpy()[sequences.rows][self.cases.sends]
        self.hangs: tuple[Array, Array] | None = (
            None  # first and last day of each climb, where others are gone
        )

    def ranks(self, prompted: bool, shuffle: Array | None = None) -> Array:
        """Rank of each case's target among the climbs not seen before, ties against it, int64 [n_cases]."""
        from recsys.model.scorer import ModelScorer

        scorer = ModelScorer(self.run.network, self.cases, self.run.window, prompted)
        ranks = []
        for start in range(0, len(self.cases), 256):
            cases = np.arange(start, min(start + 256, len(self.cases)))
            scores = scorer.scores(cases)
            if shuffle is not None:
                scores[:, np.sort(shuffle)] = scores[:, shuffle]
            targets = self.cases.targets[cases]
            own = scores[np.arange(len(cases)), targets].copy()
            scores[self.cases.seen(cases)] = -np.inf
            if self.hangs is not None:
                day = self.days[cases, None]
                scores[(day < self.hangs[0]) | (day > self.hangs[1])] = -np.inf
            ranks.append((scores >= own[:, None]).sum(1))
        return np.concatenate(ranks)


def gym(work: Path) -> dict[str, Any]:
    """Recall of what was sent after the cut, also of climbs set since; as trained, and adapted."""
    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run

    folder = work / "run-gym"
    sends = pd.read_parquet(folder / "sends.parquet")
    known = set(pd.read_parquet(folder / "climbs.parquet")[c.CLIMB_ID])
    logged = pd.read_parquet(work / "gym.parquet")
    fresh = climbs_table(logged[~logged[c.CLIMB_ID].isin(known)])
    fresh.to_csv(work / "set-since.csv", index=False)
    from recsys.logbooks.climbs import read_climbs

    add_climbs(Run(folder), read_climbs(work / "set-since.csv"), work / "run-gym-adapted", overwrite=True)
    before, after = Asked(folder, sends), Asked(work / "run-gym-adapted", sends)
    day = pd.to_datetime(logged[c.DATE]).to_numpy().astype("datetime64[D]").astype(float)
    first, last = (pd.Series(day).groupby(logged[c.CLIMB_ID].to_numpy()).agg(how) for how in ("min", "max"))
    for each in (before, after):
        each.hangs = first[each.ids].to_numpy(), last[each.ids].to_numpy()
    hanging = (after.days[:, None] >= after.hangs[0]) & (after.days[:, None] <= after.hangs[1])
    new = before.cases.targets < 0
    found: dict[str, Any] = {
        "cases": len(new), "of climbs set since": int(new.sum()), "climbs": len(after.ids),
        "added": len(fresh), "hang on a day": round(float(hanging.sum(1).mean()), 1),
        f"recall@{FEW} at random": round(float((FEW / hanging.sum(1)).mean()), 4),
    }  # fmt: skip
    for name, prompted in (("prompted", True), ("unprompted", False)):
        hits = {"as trained": (before.ranks(prompted) <= FEW) & ~new, "adapted": after.ranks(prompted) <= FEW}
        for who, each in hits.items():
            found[f"{name}, {who}"] = {
                f"recall@{FEW}": round(float(each.mean()), 4),
                f"recall@{FEW} set since": round(float(each[new].mean()), 4),
                f"recall@{FEW} known": round(float(each[~new].mean()), 4),
            }
    return found


def climbs_table(sends: pd.DataFrame) -> pd.DataFrame:
    """What is known of the climbs of some sends before anybody sends them: no stars."""
    first = sends.groupby(c.CLIMB_ID)
    return first[[c.CLIMB_NAME, c.REGION, c.AREA, c.GRADE]].first().reset_index()


def describe(work: Path) -> Path:
    """Write described.csv: climbs.csv, and of each climb all that climbers of the training part wrote."""
    from recsys.sequences.run_tables import PART
    from recsys.sequences.split import TRAIN

    parts = pd.read_parquet(work / "run-all" / "sends.parquet", columns=[c.CLIMBER_ID, PART])
    training = set(parts.loc[parts[PART] == TRAIN, c.CLIMBER_ID])
    sends = pd.read_parquet(work / "all.parquet")
    sends = sends[sends[c.CLIMBER_ID].isin(training)]
    climbs = pd.read_csv(work / "climbs.csv", dtype=str)
    for name in (c.COMMENT, c.BETA):
        texts = sends.dropna(subset=[name]).groupby(c.CLIMB_ID)[name].agg(" ".join)
        climbs[name] = climbs[c.CLIMB_ID].map(texts)
    climbs.to_csv(work / "described.csv", index=False)
    return work / "described.csv"


def compare(work: Path) -> dict[str, Any]:
    """Recall of held-out and warm climbs, prompted and not, of both runs."""
    from recsys.sequences.run_tables import PART

    sends = pd.read_parquet(work / "run-all" / "sends.parquet")
    mine = pd.read_parquet(work / "run-without" / "sends.parquet")
    both = mine.merge(
        sends[[c.CLIMBER_ID, PART]].drop_duplicates(), on=[c.CLIMBER_ID, PART], how="left", indicator=True
    )
    if (both["_merge"] != "both").any():
        raise SystemExit("the two runs do not share their test part; take another seed")
    cold = set(pd.read_csv(work / "climbs.csv")[c.CLIMB_ID])
    saw, adapted = Asked(work / "run-all", sends), Asked(work / "run-adapted", sends)
    described = Asked(work / "run-described", sends) if (work / "run-described").is_dir() else None
    is_cold = np.isin(saw.ids[saw.cases.targets], list(cold))
    if not np.array_equal(saw.ids[saw.cases.targets], adapted.ids[adapted.cases.targets]):
        raise SystemExit("the two runs are not asked for the same climbs")
    indices = np.flatnonzero(np.isin(adapted.ids, list(cold)))
    mixed = np.random.default_rng(0).permutation(indices)
    found: dict[str, Any] = {
        "cases": {"held out": int(is_cold.sum()), "warm": int((~is_cold).sum())},
        "climbs": len(adapted.ids),
        "held-out climbs": len(cold),
    }
    for name, prompted in (("prompted", True), ("unprompted", False)):
        ranks = {
            "saw them": saw.ranks(prompted),
            "adapted": adapted.ranks(prompted),
            "shuffled": adapted.ranks(prompted, mixed),
        }
        if described is not None:
            ranks["described"] = described.ranks(prompted)
        for who, each in ranks.items():
            found[f"{name}, {who}"] = {
                f"recall@{K} held out": round(float((each[is_cold] <= K).mean()), 4),
                "mrr held out": round(float((1 / np.maximum(each[is_cold], 1)).mean()), 4),
                f"recall@{K} warm": round(float((each[~is_cold] <= K).mean()), 4),
                f"recall@{K}": round(float((each <= K).mean()), 4),
            }
    return found


def main() -> None:
    """Print what was measured as JSON."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("work", type=Path)
    parser.add_argument("--preset", default="bc")
    parser.add_argument("--scale", type=float, default=0.15)
    parser.add_argument("--epochs", type=int, default=15)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--text", default="none", help="words or sentences: also climbs with a description")
    asked = parser.parse_args()
    from recsys.adapting.climbs import add_climbs
    from recsys.logbooks.climbs import read_climbs
    from recsys.runs import Run

    if asked.preset == "gym":
        from recsys.logbooks.simulate import simulate

        asked.work.mkdir(parents=True, exist_ok=True)
        simulate("gym", seed=asked.seed, scale=asked.scale).to_parquet(
            asked.work / "gym.parquet", index=False
        )
        train(asked.work, "gym", "temporal", asked.epochs, asked.seed)
        print(json.dumps(gym(asked.work), indent=1))
        return
    work = hold_out(asked.work, asked.preset, asked.scale, asked.seed)
    for name in ("all", "without"):
        train(work, name, "climber", asked.epochs, asked.seed, asked.text)
    lists = {"adapted": work / "climbs.csv"}
    if asked.text != "none":
        lists["described"] = describe(work)
    for name, path in lists.items():
        add_climbs(
            Run(work / "run-without"), read_climbs(path, texts=True), work / f"run-{name}", overwrite=True
        )
    print(json.dumps(compare(work), indent=1))


if __name__ == "__main__":
    main()
