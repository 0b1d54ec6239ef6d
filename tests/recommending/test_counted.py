"""Counting methods as files, and asked as a recommender asks them."""

from __future__ import annotations

import json
import random

import numpy as np
import pytest

from recsys.baselines.ease import EASE
from recsys.baselines.itemknn import ItemKNN
from recsys.baselines.popularity import Popularity
from recsys.baselines.prompted import PromptedPopularity
from recsys.baselines.recent import RecentPopularity
from recsys.baselines.sequentialknn import SequentialKNN
from recsys.columns import ATTRIBUTES, CLIMB, ELAPSED_DAYS, GIVEN
from recsys.errors import RunError
from recsys.recommending.answering import (
    Answering,
    ByPrompt,
    added,
    read_about,
    read_method,
    write_method,
)
from recsys.recommending.counted.method import PREFIX, counted_batch
from recsys.sequences.cases import Cases
from recsys.sequences.split import TEST, TRAIN
from tests.builders.interaction_tables import METHODS, of
from tests.recommending.test_hostile_bundle import mutated_arrays, mutated_bytes, mutated_json

ITEMS = 15


@pytest.fixture(scope="module")
def interactions():
    rng = np.random.default_rng(0)
    histories, extra = [], {"region": [], "grade_bin": [], ELAPSED_DAYS: []}
    for climber in range(24):
        n = int(rng.integers(4, 9))
        days = np.sort(rng.integers(0, 60, n))
        part = TEST if climber >= 20 else TRAIN
        histories.append([(int(rng.integers(-1, ITEMS)), part, float(day)) for day in days])
        extra["region"].append(rng.integers(3, 6, n).tolist())
        extra["grade_bin"].append(rng.integers(2, 5, n).tolist())
        extra[ELAPSED_DAYS].append(np.diff(days, prepend=days[0]).astype(float).tolist())
    return of(histories, ITEMS, **extra)


def asked(interactions, counted, cases, prompted):
    """The cases as a recommender's batch: whole logbooks end to end, the target's climb unknown."""
    sequences = interactions.sequences
    owners = sequences.owner(cases.sends)
    spans = [np.arange(sequences.offsets[o], s + 1) for o, s in zip(owners, cases.sends, strict=True)]
    at = np.concatenate(spans)
    features = {name: values[at].copy() for name, values in sequences.features.items()}
    ends = np.cumsum([len(span) for span in spans]) - 1
    features[CLIMB][ends] = 2
    features["day"] = interactions.days[at]
    batch = counted_batch(counted, features, [len(span) for span in spans])
    return {**batch, GIVEN: np.full((len(cases), len(ATTRIBUTES)), prompted)}


@pytest.mark.parametrize("prompted", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_recommending_asks_what_evaluation_asks(interactions, method, prompted):
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    counted = method().count(interactions, 0)
    expected = method().fit(interactions, 0)(cases, prompted).scores(np.arange(len(cases)))
    batch = asked(interactions, counted, cases, prompted)
    np.testing.assert_allclose(counted.scores(batch), expected, rtol=1e-5, atol=1e-6)  # ALS: by BLAS
    # Logbooks of different lengths are scored the same in two batches.
    for p in (slice(0, 3), slice(3, None)):
        some = Cases(cases.sequences, cases.sends[p], cases.targets[p], cases.climbers[p])
        apart = counted.scores(asked(interactions, counted, some, prompted))
        np.testing.assert_allclose(apart, expected[p], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_kept_as_arrays_without_pickle_and_read_back(interactions, method, tmp_path):
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    counted = method().count(interactions, 3)
    temperature = ByPrompt(0.5, 2.0)
    write_method(Answering("row", None, counted, method.prompted, temperature=temperature), tmp_path)
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        assert all(arrays[name].dtype != object for name in arrays)
    back = read_method(tmp_path, None, read_about(tmp_path), ITEMS)
    assert back.reads_prompt == method.prompted
    assert back.temperature == temperature
    assert back.counted.embeddings.shape[0] == ITEMS
    for prompted, factor in ((False, 0.5), (True, 2.0)):
        batch = asked(interactions, counted, cases, prompted)
        np.testing.assert_array_equal(back.scores(batch), counted.scores(batch))
        np.testing.assert_allclose(back.logits(batch), counted.scores(batch) / factor, rtol=1e-6)


def test_other_files_are_refused_in_one_line(interactions, tmp_path):
    counted = EASE().count(interactions, 0)
    write_method(Answering("ease", None, counted, False), tmp_path)
    about = read_about(tmp_path)
    with pytest.raises(RunError, match="scores 15 climbs, the catalogue has 16"):
        read_method(tmp_path, None, about, 16)
    written = json.loads((tmp_path / "method.json").read_text())
    for changes, words in (
        ({"counted": {"kind": "magic", "settings": {}}}, "kind is none of popularity"),
        ({"counted": {"kind": "ease", "settings": {"last": -1}}}, "last is no number of sends"),
        ({"counted": None}, "nothing was counted"),
        ({"format": 9}, "format is not 1"),
        ({"temperature": {"unprompted": 0, "prompted": 1}}, "unprompted is no number from 1e-09"),
    ):
        (tmp_path / "method.json").write_text(json.dumps({**written, **changes}))
        with pytest.raises(RunError, match=words):
            read_method(tmp_path, None, read_about(tmp_path), ITEMS)
    np.savez(tmp_path / "model.npz", vectors=np.zeros((15, 0), np.float32), weights=np.array([object()]))
    with pytest.raises(RunError, match=r"weights (is|holds objects)"):
        read_method(tmp_path, None, about, ITEMS)


@pytest.mark.parametrize(
    ("setting", "value", "words"),
    [
        ("fade", 0, "fade is no number"),
        ("fade", "1", "fade is no number"),
        ("days", -1.0, "days is no number"),
        ("days", 10**400, "days is no number"),
        ("days", 1e-310, "days is no number"),
    ],
)
def test_settings_that_cannot_be_are_refused(interactions, tmp_path, setting, value, words):
    write_method(Answering("row", None, SequentialKNN().count(interactions, 0)), tmp_path)
    written = json.loads((tmp_path / "method.json").read_text())
    written["counted"]["settings"][setting] = value
    (tmp_path / "method.json").write_text(json.dumps(written))
    with pytest.raises(RunError, match=words):
        read_method(tmp_path, None, read_about(tmp_path), ITEMS)


@pytest.mark.parametrize(
    ("method", "name", "change", "words"),
    [
        (EASE, "weights", lambda v: v[:, :-1], "not one for each two climbs"),
        (EASE, "weights", lambda v: v * np.float32(np.nan), "not from -1e"),
        (ItemKNN, "neighbours", lambda v: v + 1, "neighbours are not all of the catalogue"),
        (ItemKNN, "starts", lambda v: v[::-1], "starts do not part"),
        (SequentialKNN, "starts", lambda v: v[::-1], "starts do not part"),
        (Popularity, "vectors", lambda v: v[1:], "vectors are not one a climb"),
        (PromptedPopularity, "items", lambda v: v - 1, "items are not all"),
        (PromptedPopularity, "counts", lambda v: v[1:], "counts are not one a row"),
        (RecentPopularity, "days", lambda v: v[::-1], "days do not rise"),
        (RecentPopularity, "items", lambda v: v + 15, "items are not all"),
    ],
)
def test_arrays_that_do_not_belong_together_are_refused(interactions, tmp_path, method, name, change, words):
    write_method(Answering("row", None, method().count(interactions, 0)), tmp_path)
    with np.load(tmp_path / "model.npz") as arrays:
        kept = dict(arrays)
    np.savez(tmp_path / "model.npz", **{**kept, name: np.ascontiguousarray(change(kept[name]))})
    with pytest.raises(RunError, match=words):
        read_method(tmp_path, None, read_about(tmp_path), ITEMS)


def test_recent_popularity_of_a_logbook_without_dates_is_that_after_the_last_day(interactions):
    counted = RecentPopularity(5).count(interactions, 0)
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    batch = asked(interactions, counted, cases, False)
    day = PREFIX + "day"
    undated = {**batch, day: np.full_like(batch[day], np.nan)}
    later = {**batch, day: np.full_like(batch[day], counted.days[-1] + 1)}
    np.testing.assert_array_equal(counted.scores(undated), counted.scores(later))


def test_an_ensemble_by_hand_and_its_weight_by_prompt():
    logits, counts = np.array([[0.0, 0.0], [2.0, 2.0]], np.float32), np.array([[1.0, 3.0], [5.0, 5.0]])
    found = added(logits, counts, np.array([[2.0], [2.0]], np.float32))
    np.testing.assert_allclose(found, [[np.log(0.5) - 2, np.log(0.5) + 2], [np.log(0.5)] * 2], rtol=1e-6)
    given = np.zeros((3, len(ATTRIBUTES)), bool)
    given[1, 0] = given[2, ATTRIBUTES.index(ELAPSED_DAYS)] = True  # a date alone is no prompt
    assert ByPrompt(3.0, 4.0).of({GIVEN: given}).tolist() == [[3.0], [4.0], [3.0]]


@pytest.mark.parametrize("method", METHODS)
def test_mutated_files_are_refused_or_answer(interactions, tmp_path, method):
    """Whoever wrote the files wrote their manifest as well: one clear line, or scores."""
    cases = Cases.of(interactions.sequences, interactions.parts, "test")
    counted = method().count(interactions, 0)
    batches = [asked(interactions, counted, cases, prompted) for prompted in (False, True)]
    write_method(Answering("row", None, counted, method.prompted), tmp_path)
    whole = {name: (tmp_path / name).read_bytes() for name in ("method.json", "model.npz")}
    refused: list[str] = []
    for seed in range(80):
        rng = random.Random(seed)
        name = rng.choice(list(whole))
        change = mutated_bytes if rng.random() < 0.2 else mutated_json
        if name == "model.npz":
            change = mutated_bytes if rng.random() < 0.2 else mutated_arrays
        try:
            content = change(whole[name], rng)
        except ValueError:  # an array without values, in which nothing can be changed
            content = mutated_bytes(whole[name], rng)
        (tmp_path / name).write_bytes(content)
        try:
            back = read_method(tmp_path, None, read_about(tmp_path), ITEMS)
            shapes = [back.logits(batch).shape for batch in batches]
            assert shapes == [(len(cases), ITEMS)] * 2
            assert back.vectors.shape[0] == ITEMS
        except RunError as error:
            refused.append(str(error))
        except Exception as error:
            raise AssertionError(f"seed {seed}, {name}: {type(error).__name__}: {error}") from error
        (tmp_path / name).write_bytes(whole[name])
    assert len(refused) > 20
    assert all(map(str.isprintable, refused))
