"""Who was not in training is read as the mean of those with like logbooks, and nobody else's row changes."""

from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from recsys.errors import RunError
from recsys.manifest import write_manifest
from recsys.recommending import bundle as b
from recsys.recommending import climber_vectors as under_test
from recsys.recommending import newcomers
from recsys.recommending.bundle import Bundle
from recsys.recommending.catalogue import Catalogue
from recsys.recommending.climber_vectors import ClimberVectors, Stored
from recsys.recommending.features import windows
from recsys.recommending.logbook import Logbook
from recsys.recommending.newcomers import NEAREST, SHARPNESS
from recsys.recommending.questions import encode, plan
from recsys.recommending.recommender import Recommender
from recsys.recommending.request import Request
from tests.builders.light_bundle import write_light_bundle

N_CLIMBS, N_CLIMBERS, UNKNOWN, FIRST = 40, 90, 2, 3
ASKED = "\0"


def book(*climbs: str) -> Logbook:
    """A logbook that ends with the send asked for."""
    return Logbook.of({"climb_id": [*climbs, ASKED]})


@pytest.fixture
def table() -> np.ndarray:
    return np.random.default_rng(1).normal(size=(N_CLIMBERS + FIRST, 5)).astype(np.float32)


@pytest.fixture
def stored() -> Stored:
    """The last two are in no vocabulary; one logbook is empty, one holds nothing that is known."""
    draw = np.random.default_rng(2)
    lengths = draw.integers(1, 30, N_CLIMBERS + 2)
    lengths[7] = 0
    climbs = draw.integers(-1, N_CLIMBS, lengths.sum())
    climbs[lengths[:20].sum() : lengths[:21].sum()] = -1
    ids = np.array([*np.arange(N_CLIMBERS) + FIRST, UNKNOWN, UNKNOWN])
    return Stored(ids, lengths, climbs)


def made(table: np.ndarray, stored: Stored) -> ClimberVectors:
    vectors = np.random.default_rng(3).normal(size=(N_CLIMBS, 8)).astype(np.float32)
    catalogue = Catalogue.from_columns({"climb_id": [f"c{i}" for i in range(N_CLIMBS)]})
    return ClimberVectors(table, vectors, catalogue, {"held out"}, lambda: stored)


def plainly(table: np.ndarray, stored: Stored, indices: list[int]) -> np.ndarray:
    """The weighted mean by loops, in float64."""
    vectors = np.random.default_rng(3).normal(size=(N_CLIMBS, 8)).astype(np.float32).astype(np.float64)
    units = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)

    def direction(found):
        total = sum((units[i] for i in found), np.zeros(8))
        return total / np.linalg.norm(total)

    near, start = [], 0
    for row, length in zip(stored.ids, stored.lengths, strict=True):
        logged = [i for i in stored.climbs[start : start + length] if i >= 0]
        start += length
        if logged and row != UNKNOWN and (table[row] != table[UNKNOWN]).any():
            near.append((float(direction(logged) @ direction(indices)), row))
    near = sorted(near)[-NEAREST:]
    weights = np.array([np.exp(SHARPNESS * cosine) for cosine, _ in near])
    return weights @ table[[row for _, row in near]].astype(np.float64) / weights.sum()


def test_a_newcomer_is_the_weighted_mean_of_the_most_similar(table, stored):
    table[FIRST + 4] = table[UNKNOWN]  # joined without an embedding of its own
    books = [book("c1", "c5", "elsewhere", "c5"), book("c9")]
    found = made(table, stored).of(np.array([UNKNOWN, UNKNOWN]), ["somebody", None], books)
    assert found.dtype == np.float32
    assert found[0] == pytest.approx(plainly(table, stored, [1, 5, 5]), abs=1e-5)
    assert found[1] == pytest.approx(plainly(table, stored, [9]), abs=1e-5)


def test_known_climbers_and_empty_logbooks_have_their_rows(table, stored):
    vectors = made(table, stored)
    ids = np.array([FIRST, FIRST + 8, UNKNOWN, UNKNOWN, UNKNOWN, UNKNOWN])
    names = ["one", "two", None, None, None, "held out"]
    books = [book("c1"), book(), book(), book("elsewhere"), Logbook.of({"climb_id": ["c1"]}), book("c3")]
    assert np.array_equal(vectors.of(ids, names, books), table[ids])
    mixed = vectors.of(ids, names, [*books[:2], book("c3"), *books[3:]])
    assert np.array_equal(np.delete(mixed, 2, axis=0), table[np.delete(ids, 2)])
    assert mixed[2] == pytest.approx(plainly(table, stored, [3]), abs=1e-5)
    nobody = replace_ids(stored, UNKNOWN)
    assert np.array_equal(made(table, nobody).of(ids[2:3], [None], [book("c3")]), table[[UNKNOWN]])


def replace_ids(stored: Stored, value: int) -> Stored:
    return stored._replace(ids=np.full_like(stored.ids, value))


def test_it_is_read_in_pieces_and_the_last_sends_alone(table, stored, monkeypatch):
    books = [book(*(f"c{i}" for i in range(n, n + 3))) for n in range(30)]
    ids, names = np.full(len(books), UNKNOWN), [None] * len(books)
    whole = made(table, stored).of(ids, names, books)
    monkeypatch.setattr(newcomers, "_AT_ONCE", 200)
    assert made(table, stored).of(ids, names, books) == pytest.approx(whole, abs=1e-5)
    monkeypatch.setattr(under_test, "MOST", 2)
    last = made(table, stored).of(ids[:1], names[:1], [book("c7", "c1", "c5")])[0]
    assert last == pytest.approx(plainly(table, stored, [1, 5]), abs=1e-5)


def test_who_logged_nothing_that_is_known_is_like_nobody(table):
    vectors = made(table, Stored(np.array([FIRST, FIRST + 1]), np.array([1, 1]), np.array([4, -1])))
    assert vectors.of(np.array([UNKNOWN]), [None], [book("c3")])[0] == pytest.approx(table[FIRST], abs=1e-6)


def test_the_ridge_predicts_a_mean_and_what_departs_from_it():
    """Least squares with the penalty as more rows, of what is centred; then the mean is added."""
    draw = np.random.default_rng(5)
    known, vectors, new = draw.normal(size=(12, 4)), draw.normal(3.0, 1.0, (12, 2)), draw.normal(size=(5, 4))
    x = np.vstack([known - known.mean(0), np.sqrt(newcomers.RIDGE) * np.eye(4)])
    weights = np.linalg.lstsq(x, np.vstack([vectors - vectors.mean(0), np.zeros((4, 2))]), rcond=None)[0]
    found = newcomers.Acquaintances(known, vectors).encoded(new)
    assert found == pytest.approx((new - known.mean(0)) @ weights + vectors.mean(0), abs=1e-5)


@pytest.fixture
def bundle(tmp_path) -> Path:
    return write_light_bundle(tmp_path / "bundle", by_vector=True)


def test_a_bundle_looks_for_similar_climbers(bundle):
    """All of the posted logbook tells, the window of five notwithstanding; who is stored is read by row."""
    opened = Bundle.open(bundle)
    sends = [{"climb_id": f"climb-{i:02d}", "date": f"2024-05-{i + 1:02d}"} for i in range(9)]
    recommender = Recommender(opened)

    def vectors(request: Request) -> np.ndarray:
        return encode(plan(request, recommender.logbook(request), opened).questions, opened)["climber_vector"]

    table = dict(np.load(bundle / "arrays.npz"))["climber_vectors"]
    assert np.array_equal(vectors(Request("climber-2")), table[[5]])
    assert np.array_equal(vectors(Request("climber-2", sends=sends)), table[[5]])
    whole, less = vectors(Request(sends=sends)), vectors(Request(sends=sends[1:]))
    assert not np.array_equal(whole, less)
    explained = vectors(Request(sends=sends, explain=True, grades=(1.0, 3.0)))
    assert explained[:4] == pytest.approx(np.tile(whole, (4, 1)), abs=1e-6)
    assert vectors(Request("nobody", sends=sends)) == pytest.approx(whole, abs=1e-6)
    assert (opened.reads(None), opened.reads("climber-2")) == (501, 5)
    posted = Request(sends=sends)
    (question,) = plan(posted, recommender.logbook(posted), opened).questions
    long = question.logbook
    read = opened.encode([long], [None])
    plain = windows(opened.features.encode([long]), [len(long)], opened.window)
    assert len(long) == 10
    assert all(np.array_equal(read[name], values) for name, values in plain.items())  # as ever
    probability = recommender.probabilities(Request(sends=sends))
    shutil.rmtree(bundle)
    assert probability == pytest.approx(recommender.probabilities(Request("nobody", sends=sends)), abs=1e-6)


ODD = {
    "missing": None,
    "rows": np.zeros((5, 4), np.float32),
    "width": np.zeros((7, 3), np.float32),
    "no width": np.zeros((7, 0), np.float32),
    "float64": np.zeros((7, 4)),
    "flat": np.zeros(28, np.float32),
    "NaN": np.full((7, 4), np.nan, np.float32),
    "infinite": np.full((7, 4), np.inf, np.float32),
    "large": np.full((7, 4), 1e30, np.float32),
}


@pytest.mark.parametrize("kind", ODD)
def test_odd_vectors_are_refused_in_a_line(bundle, kind):
    with np.load(bundle / "arrays.npz") as arrays:
        kept = {name: values for name, values in arrays.items() if name != "climber_vectors"}
    odd = {} if ODD[kind] is None else {"climber_vectors": ODD[kind]}
    np.savez(bundle / "arrays.npz", **kept, **odd)
    write_manifest(bundle, b.FILES)
    with pytest.raises(RunError) as error:
        Bundle.open(bundle)
    assert "\n" not in str(error.value)
    assert "export it again" in str(error.value)


def test_a_bundle_that_reads_ids_looks_for_nobody(tmp_path):
    opened = Bundle.open(write_light_bundle(tmp_path / "old"))
    assert opened.reads(None) == opened.length
    asked = replace(Request(), sends=[{"climb_id": "climb-01", "date": "2024-05-01"}])
    batch = encode(plan(asked, Recommender(opened).logbook(asked), opened).questions, opened)
    assert batch["climber"].tolist() == [UNKNOWN]
    assert "climber_vector" not in batch
