"""`benchmarks/peers`: what goes to a peer, and that its lists are scored as the evaluator scores anything."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import numpy as np
import pytest

from recsys.evaluation.metrics import case_values, pessimistic_rank

FOLDER = Path(__file__).parents[1] / "benchmarks" / "peers"
N_ITEMS = 6


@pytest.fixture
def module(monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER))
    return importlib.import_module


@pytest.fixture
def cases(module):
    return module("exchange").Cases(
        np.array([0, 2, 3, 6]), np.array([0, 1, 5, 3, 4, 2]), np.array([3, 0, -1])
    )


def test_lists_leave_the_history_out_and_rank_as_the_scores_do(module, cases):
    scores = np.random.default_rng(0).random((3, N_ITEMS)).astype(np.float32)
    lists = module("exchange").top_of(lambda some: scores[some].copy(), cases)
    assert (
        module("scoring").check(np.pad(lists, ((0, 0), (0, N_ITEMS - lists.shape[1]))), cases, N_ITEMS) == 0
    )
    seen = np.zeros(scores.shape, dtype=bool)
    seen[cases.rows(), cases.items] = True
    ranks = module("scoring").ranks_of(lists, cases.targets, N_ITEMS)
    assert ranks.tolist() == pessimistic_rank(scores, cases.targets, seen).tolist()


def test_what_a_peer_chooses_by_is_what_it_is_scored_by(module):
    lists, targets = np.array([[3, 1], [2, 0], [1, 4]]), np.array([1, 2, 0])
    measured = module("exchange").measured(lists, targets)
    values = case_values(module("scoring").ranks_of(lists, targets, N_ITEMS), N_ITEMS)
    assert measured == pytest.approx({name: values[name].mean() for name in measured})


@pytest.mark.parametrize(
    ("lists", "problem"),
    [
        (np.array([[1, 2, 3, 4, 5, 1]] * 3), "twice"),
        (np.array([[1, 2, 3, 4, 5, 6]] * 3), "outside"),
        (np.array([[1, 2]] * 3), "lists are"),
    ],
)
def test_what_is_no_list_is_refused(module, cases, lists, problem):
    with pytest.raises(ValueError, match=problem):
        module("scoring").check(lists, cases, N_ITEMS)


def test_items_of_the_history_are_counted(module, cases):
    lists = np.array([[0, 2, 1, 3, -1, -1], [0, 1, 2, 3, 4, -1], [0, 1, 5, -1, -1, -1]])
    assert module("scoring").check(lists, cases, N_ITEMS) == 2


@pytest.mark.parametrize("changed", ["offsets", "items", "targets"])
def test_the_hash_holds_histories_and_targets(module, cases, tmp_path, changed):
    def write(**other):
        arrays = {"offsets": cases.offsets, "items": cases.items, "targets": cases.targets, **other}
        np.savez(tmp_path / "kept-back.npz", targets=arrays.pop("targets"))
        np.savez(tmp_path / "test.npz", **arrays)
        return module("data").targets_hash(tmp_path)

    whole = {"offsets": cases.offsets, "items": cases.items, "targets": cases.targets}[changed].copy()
    whole[-1] += 1
    assert write() == write() != write(**{changed: whole})


def test_windows_hold_the_last_items_on_the_side_asked_for(module, cases):
    assert cases.padded(np.array([0, 2]), 2).tolist() == [[1, 2], [5, 3]]
    assert cases.padded(np.array([1]), 3, right=True).tolist() == [[6, 0, 0]]


def test_training_stops_when_validation_stops_growing(module, tmp_path):
    exchange = module("exchange")
    given = exchange.Given.__new__(exchange.Given)
    given.settings = {"budget": 1e9, "patience": 2}
    given.validation = exchange.Cases(np.array([0, 1]), np.array([0]), np.array([3]))
    curve = exchange.Curve(given)

    def score(rank):  # the target at that place
        return lambda some: -np.abs(np.arange(6.0)[None] - 3 + (rank - 1) * 10 * (np.arange(6) == 3))

    going = [curve.add(epoch, score(rank), lambda e=epoch: e) for epoch, rank in enumerate((2, 1, 2, 2))]
    assert going == [True, True, True, False]
    assert (curve.state, curve.best_epoch) == (1, 1)


@pytest.mark.parametrize("name", sorted(FOLDER.glob("*.txt")), ids=lambda path: path.stem)
def test_a_peer_is_pinned_and_names_no_registry(name):
    pins = name.read_text().split()
    assert "==" in pins[0]
    assert not any("://" in each or each.startswith("-") for each in pins)
    assert (FOLDER / f"run_{name.stem}.py").exists()
    assert name.stem not in sys.stdlib_module_names
