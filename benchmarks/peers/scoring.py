"""Scores lists with the project's evaluator: one for all systems."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from exchange import TOP, Cases

from recsys.evaluation.evaluate import from_ranks

SHOWN = ("accuracy", "recall@5", "recall@10", "recall@20", "ndcg@10", "ndcg@20", "mrr@20")


def ranks_of(lists: np.ndarray, targets: np.ndarray, n_items: int) -> np.ndarray:
    """Place of each target in its list [n, k], from 1; n_items + 1 where it is not there: int64 [n]."""
    hit = (lists == targets[:, None]) & (targets >= 0)[:, None]
    return np.where(hit.any(1), hit.argmax(1) + 1, n_items + 1).astype(np.int64)


def check(lists: np.ndarray, cases: Cases, n_items: int) -> int:
    """Refuse lists that are none; how many of the items named were in the case's own history."""
    if lists.shape != (len(cases), min(TOP, n_items)):
        raise ValueError(f"lists are {lists.shape}, not {(len(cases), min(TOP, n_items))}")
    if lists.max() >= n_items:
        raise ValueError(f"item {lists.max()} is outside the catalogue of {n_items}")
    named = np.sort(lists, axis=1)
    if ((named[:, 1:] == named[:, :-1]) & (named[:, 1:] >= 0)).any():
        raise ValueError("a list names an item twice")
    rows = np.repeat(np.arange(len(cases)), lists.shape[1])
    own = cases.rows() * np.int64(n_items) + cases.items
    return int(np.isin(rows * np.int64(n_items) + lists.ravel(), own)[lists.ravel() >= 0].sum())


def score(folder: Path, out: Path, n_items: int) -> dict[str, Any]:
    """The metrics of a system's lists, with intervals over users."""
    lists = np.load(out / "lists.npz")["items"]
    kept = np.load(folder / "kept-back.npz")
    test = np.load(folder / "test.npz")
    seen = check(lists, Cases(test["offsets"], test["items"]), n_items)
    result = from_ranks(ranks_of(lists, kept["targets"], n_items), kept["climbers"], n_items)
    ci = {name: [round(v, 4) for v in result.ci95[name]] for name in ("recall@10", "ndcg@10")}
    return {
        **{name: round(result.values[name], 4) for name in SHOWN},
        "ci95": ci,
        "seen_items_named": seen,
        "short_lists": int((lists < 0).any(1).sum()),
    }
