"""What passes between the project and a peer: NumPy files, so that any environment reads them.

    sends.npz              users, items, times int64 [n_sends] of training, in the order of each user
    validation.npz, test.npz   offsets [n_cases + 1] and items: everything before each target, flat
    answers.npz            the validation targets [n_cases]; those of the test are not handed out
    split.json             data, number of items, hashes

A case's history holds what any system may read. Items are indices into the catalogue, 0 to n_items - 1; one
that is not in it is left out. A peer writes ``lists.npz``: `items` int64 [n_test_cases, TOP], best first,
-1 where it named fewer, and ``facts.json``.
"""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

TOP = 100
BATCH = 256


@dataclass
class Cases:
    """Histories of some cases, `items` from `offsets[i]` to `offsets[i + 1]`, and their targets if told."""

    offsets: np.ndarray
    items: np.ndarray
    targets: np.ndarray | None = None

    def __len__(self) -> int:
        return len(self.offsets) - 1

    def history(self, case: int) -> np.ndarray:
        """Items of one case, oldest first."""
        return self.items[self.offsets[case] : self.offsets[case + 1]]

    def rows(self) -> np.ndarray:
        """The case of each item."""
        return np.repeat(np.arange(len(self)), np.diff(self.offsets))

    def padded(self, cases: np.ndarray, length: int, right: bool = False, shift: int = 1) -> np.ndarray:
        """The last `length` items of some cases plus `shift`, 0 where there are fewer, [n, length]."""
        found = np.zeros((len(cases), length), dtype=np.int64)
        for row, case in enumerate(cases):
            last = self.history(case)[-length:] + shift
            if len(last):
                place = slice(0, len(last)) if right else slice(length - len(last), length)
                found[row, place] = last
        return found


@dataclass
class Given:
    """What a peer is given."""

    folder: Path
    settings: dict[str, Any]
    out: Path
    users: np.ndarray = field(init=False)
    items: np.ndarray = field(init=False)
    times: np.ndarray = field(init=False)

    def __post_init__(self) -> None:
        sends = np.load(self.folder / "sends.npz")
        self.users, self.items, self.times = sends["users"], sends["items"], sends["times"]
        self.split = json.loads((self.folder / "split.json").read_text())
        self.n_items = int(self.split["n_items"])
        targets = np.load(self.folder / "answers.npz")["targets"]
        self.validation = self._cases("validation", targets)
        self.test = self._cases("test", None)

    def _cases(self, part: str, targets: np.ndarray | None) -> Cases:
        found = np.load(self.folder / f"{part}.npz")
        return Cases(found["offsets"], found["items"], targets)

    def sequences(self) -> list[np.ndarray]:
        """The training items of each user, oldest first."""
        return np.split(self.items, np.flatnonzero(np.diff(self.users)) + 1)


def top(scores: np.ndarray, cases: Cases, some: np.ndarray, k: int = TOP) -> np.ndarray:
    """The `k` best items of scores [n, n_items], not in the histories, int64 [n, k]; scores change."""
    for row, case in enumerate(some):
        scores[row, cases.history(case)] = -np.inf
    k = min(k, scores.shape[1])
    best = np.argpartition(-scores, k - 1, axis=1)[:, :k]
    order = np.argsort(-np.take_along_axis(scores, best, 1), axis=1, kind="stable")
    found = np.take_along_axis(best, order, 1)
    found[np.isneginf(np.take_along_axis(scores, found, 1))] = -1
    return found


def top_of(score: Any, cases: Cases, k: int = TOP) -> np.ndarray:
    """`top` of all cases, a batch at a time; `score` takes case indices [n] to scores [n, n_items]."""
    every = np.arange(len(cases))
    parts = [top(score(some), cases, some, k) for some in np.split(every, range(BATCH, len(every), BATCH))]
    return np.concatenate(parts)


def measured(lists: np.ndarray, targets: np.ndarray) -> dict[str, float]:
    """Recall@10, NDCG@10 and MRR@20 of lists [n, k]: what a peer chooses by, on validation."""
    hit = (lists == targets[:, None]) & (targets >= 0)[:, None]
    rank = np.where(hit.any(1), hit.argmax(1) + 1, np.inf)
    ten = rank <= 10
    return {
        "recall@10": float(ten.mean()),
        "ndcg@10": float(np.where(ten, 1 / np.log2(rank + 1), 0).mean()),
        "mrr@20": float(np.where(rank <= 20, 1 / rank, 0).mean()),
    }


class Curve:
    """Validation scores over processor seconds; knows when to stop and which state was the best.

    The seconds are of the process, of all its threads, from when the training began: what other work a
    machine does meanwhile does not count.
    """

    def __init__(self, given: Given) -> None:
        self.given, self.points = given, []
        self.budget, self.patience = given.settings["budget"], given.settings.get("patience", 10)
        self.began, self.best, self.state = time.process_time(), -1.0, None

    def add(self, epoch: float, score: Any, state: Any) -> bool:
        """Score the validation cases after an epoch; whether to go on."""
        spent = time.process_time() - self.began
        validation = self.given.validation
        found = measured(top_of(score, validation, 20), validation.targets)
        self.points.append(
            {"epoch": epoch, "cpu": round(spent, 1), **{k: round(v, 4) for k, v in found.items()}}
        )
        print(self.points[-1], flush=True)
        if found["ndcg@10"] > self.best:
            self.best, self.best_epoch, self.state = found["ndcg@10"], epoch, state()
        scored = time.process_time() - self.began - spent
        self.began += scored  # scoring is no training
        late = len(self.points) - 1 - max(range(len(self.points)), key=lambda i: self.points[i]["ndcg@10"])
        return spent < self.budget and late < self.patience

    def facts(self) -> dict[str, Any]:
        """For the results."""
        spent = time.process_time() - self.began
        return {"curve": self.points, "best_epoch": self.best_epoch, "cpu": round(spent, 1)}


def finish(out: Path, lists: np.ndarray, facts: dict[str, Any]) -> None:
    """Write what the project scores."""
    np.savez(out / "lists.npz", items=lists.astype(np.int64))
    (out / "facts.json").write_text(json.dumps(facts))


def version(*packages: str) -> dict[str, str]:
    """Versions of what is installed here."""
    from importlib.metadata import version

    return {package: version(package) for package in packages}
