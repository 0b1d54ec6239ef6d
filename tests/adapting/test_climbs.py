"""Climbs that join a run without training: what they know, and that nothing old changes by a bit."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c
from recsys.adapting import similar
from recsys.adapting.similar import likeness
from recsys.errors import DataError, RunError, UsageError
from recsys.logbooks.climbs import new_places, read_climbs
from recsys.recommending.bundle import Bundle
from recsys.recommending.catalogue import Catalogue
from tests.builders.trained import trained

ROWS = """climb_id,Name,region,area,grade,stars
new-1,Blue Slab,Squamish,Nowhere,V4,4
new-2,,Atlantis,,V3,
new-3,,,,,
"""


@pytest.fixture(scope="module")
def grown(run) -> Path:
    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run

    (run.parent / "climbs.csv").write_text(ROWS)
    assert add_climbs(Run.open(run), read_climbs(run.parent / "climbs.csv"), run.parent / "grown") == 3
    return run.parent / "grown"


def asked(backend):
    books = [backend.logbook(each) for each in list(backend.climbers)[:40]]
    batch = backend.encode(books, list(backend.climbers)[:40])
    given = np.arange(40 * len(backend.attributes)).reshape(40, -1) % 3 > 0
    return backend.logits({**batch, c.GIVEN: given})


def test_old_scores_stay_to_the_bit_in_run_and_bundle(run, grown):
    for before, after in (
        (trained(run), trained(grown)),
        (Bundle.open(run / "bundle"), Bundle.open(grown / "bundle")),
    ):
        old, new = asked(before), asked(after)
        assert new.shape[1] == old.shape[1] + 3
        assert np.array_equal(old, new[:, :-3])
        assert np.array_equal(before.embeddings, after.embeddings[:-3])
        assert np.isfinite(new).all()
        assert np.ptp(new[:, -3:], axis=0).min() > 0


def test_what_was_counted_stays_and_says_nothing_of_a_new_climb(run, grown):
    from recsys.recommending.answering import added
    from recsys.recommending.counted.method import PREFIX, counted_batch
    from recsys.runs import Run

    assert Run.open(grown).config.ensemble == "ease"
    before, after = (Bundle.open(folder / "bundle").method for folder in (run, grown))
    assert after.counted.n_items == before.counted.n_items
    assert after.weight == before.weight
    logits = np.random.default_rng(0).normal(size=(4, 9)).astype(np.float32)
    counts = np.random.default_rng(1).random((4, 6), dtype=np.float32)
    scores = added(logits, counts, 0.7)
    assert np.array_equal(scores[:, :6], added(logits[:, :6], counts, 0.7))
    assert np.array_equal(scores[:, 6:], added(logits, counts, 0.0)[:, 6:])  # standard scores: mean 0
    last = before.counted.n_items + c.FIRST_VALUE_ID
    batch = counted_batch(after.counted, {c.CLIMB: np.array([3, last - 1, last, 0])}, [4])
    assert batch[PREFIX + c.CLIMB].tolist()[0][-4:] == [3, last - 1, c.UNKNOWN_ID, 0]
    batch[c.GIVEN] = np.zeros((1, len(c.ATTRIBUTES)), np.bool_)
    assert np.isfinite(after.counted.scores(batch)).all()


def test_catalogue_vocabulary_and_skill_agree(run, grown):
    before, after, bundle = trained(run), trained(grown), Bundle.open(grown / "bundle")
    assert list(after.catalogue.ids) == [*before.catalogue.ids, "new-1", "new-2", "new-3"]
    assert (
        list(bundle.catalogue.ids) == list(after.catalogue.ids) == list(bundle.features.vocabularies["climb"])
    )
    assert (after.catalogue.names[-3], after.catalogue.regions[-2], after.catalogue.stars[-3]) == (
        "Blue Slab",
        "Atlantis",
        4,
    )
    assert after.catalogue.ordinals[-3:-1].tolist() == [4.0, 3.0]
    assert list(after.catalogue.sends) == [*before.catalogue.sends, 0, 0, 0]
    n = len(before.catalogue)
    assert np.array_equal(before.skill.difficulty.value, after.skill.difficulty.value[:n], equal_nan=True)
    assert int(after.schema["climb"].int_domain.max) == int(before.schema["climb"].int_domain.max) + 3
    assert np.array_equal(before.catalogue.stars, after.catalogue.stars[:-3], equal_nan=True)


def test_a_new_climb_has_the_attributes_of_an_old_one_of_its_kind(grown):
    from recsys.columns import FIRST_VALUE_ID

    after = trained(grown)
    scores, catalogue = after.network.task.pre, after.catalogue
    like = next(
        index for index, (region, grade) in enumerate(zip(catalogue.regions, catalogue.grades, strict=True))
        if (region, grade) == ("Squamish", "V4")
    )  # fmt: skip
    index, first = len(catalogue) - 3 + FIRST_VALUE_ID, like + FIRST_VALUE_ID
    for name in ("region_of", "grade_bin_of"):
        assert scores.get_buffer(name)[index] == scores.get_buffer(name)[first] > 0
    assert scores.get_buffer("region_of")[-2:].tolist() == [0, 0]  # Atlantis is in no training send
    assert scores.get_buffer("rating_bin_of")[-3:].tolist()[1:] == [0, 0]


def test_a_logged_new_climb_is_read_as_itself(grown):
    from recsys.recommending.logbook import read_logbook

    backend = Bundle.open(grown / "bundle")
    book = read_logbook([{"climb_id": "new-1", "date": "2024-01-01"}])
    assert backend.encode([book], [None])["climb"][0, -1] == len(backend.catalogue) - 3 + c.FIRST_VALUE_ID


def test_adding_twice_keeps_both(grown, tmp_path):
    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run

    (tmp_path / "more.csv").write_text("climb_id,grade\nnew-3,V1\nnew-4,V2\n")
    run = Run.open(grown)
    assert add_climbs(run, read_climbs(tmp_path / "more.csv"), tmp_path / "twice") == 1
    assert np.array_equal(asked(trained(grown)), asked(trained(tmp_path / "twice"))[:, :-1])
    assert Run.open(tmp_path / "twice").config.facts["added"] == {"climbs": 4}
    assert "4 climbs" in (tmp_path / "twice" / "MODEL_CARD.md").read_text()
    with pytest.raises(DataError, match="no climb that the run does not have"):
        add_climbs(run, read_climbs(tmp_path / "more.csv").head(1), tmp_path / "none")
    with pytest.raises(UsageError, match="is the run itself"):
        add_climbs(run, read_climbs(tmp_path / "more.csv"), grown)
    with pytest.raises(RunError):
        add_climbs(run, read_climbs(tmp_path / "more.csv"), tmp_path / "twice")


KILLED = """
import os, signal, sys
from pathlib import Path
from recsys.adapting import climbs
from recsys.logbooks.climbs import read_climbs
from recsys.runs import Run

climbs.save_weights = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
climbs.add_climbs(Run(Path(sys.argv[1])), read_climbs(Path(sys.argv[2])), Path(sys.argv[3]))
"""


def test_a_killed_process_leaves_no_run(grown, tmp_path):
    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run

    more, folder = tmp_path / "more.csv", tmp_path / "killed"
    more.write_text("climb_id,grade\nnew-5,V1\n")
    done = subprocess.run([sys.executable, "-c", KILLED, str(grown), str(more), str(folder)], check=False)
    assert done.returncode == -signal.SIGKILL
    assert not folder.exists()
    assert add_climbs(Run(grown), read_climbs(more), folder) == 1


def test_a_climb_in_another_case_is_the_runs_own(run, tmp_path):
    from recsys.adapting.climbs import add_climbs
    from recsys.runs import Run

    known = pd.read_parquet(run / "climbs.parquet")[c.CLIMB_ID].iloc[0]
    (tmp_path / "climbs.csv").write_text(f"climb_id,grade\n{known.upper()},V1\n")
    with pytest.raises(DataError, match="no climb that the run does not have"):
        add_climbs(Run(run), read_climbs(tmp_path / "climbs.csv"), tmp_path / "x")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("name,grade\na,V1\n", "no column climb_id"),
        ("climb_id,grade\n,V1\n", "row 1: blank climb_id"),
        ("climb_id\na\nb\na\n", r"row 3: the climb_id is there already \('a'\)"),
        ("climb_id,grade\na,V1\nb,soon\n", r"row 2: a grade that cannot be read \('soon'\)"),
        ("climb_id,stars\na,9\n", "row 1: a rating that is not from 1 to 5"),
        ("climb_id,grade\na,V1,more\n", "row 1"),
    ],
)
def test_a_bad_list_is_one_clear_line(tmp_path, text, said):
    (tmp_path / "climbs.csv").write_text(text)
    with pytest.raises(DataError, match=said) as raised:
        read_climbs(tmp_path / "climbs.csv")
    assert "climbs.csv" in str(raised.value)
    assert "\n" not in str(raised.value)


def test_likeness_prefers_area_then_region_then_grade():
    def climbs(**columns):
        return Catalogue.from_columns({c.CLIMB_ID: list("abcd")[: len(columns["grade"])], **columns})

    known = climbs(region=["R", "R", "S", "R"], area=["A", "B", "C", "A"], grade=["V3", "V3", "V3", "V9"])
    new = climbs(region=["R"], area=["A"], grade=["V3"])
    weights = likeness(new, known)
    assert weights.sum() == pytest.approx(1)
    assert np.argmax(weights) == 0
    assert weights[0, 1] > weights[0, 2]
    blank = likeness(Catalogue.from_columns({c.CLIMB_ID: ["x"]}), known)
    assert blank == pytest.approx(np.full((1, 4), 0.25))
    route = likeness(
        climbs(grade=["V3"], climb_type=["route"]),
        climbs(grade=["V3", "V4"], climb_type=["boulder", "route"]),
    )
    assert np.argmax(route) == 1


def test_likeness_is_a_softmax_over_the_nearest_of_what_agrees_less_what_differs():
    """By loops, of climbs that lack a part of everything."""
    draw = np.random.default_rng(0)
    texts = {name: ["x", "y", None] for name in (c.AREA, c.REGION, c.CLIMB_TYPE, c.STYLE)}
    choices = {**texts, c.GRADE: ["V3", "V5", "V9", None], "stars": [1.0, 2.5, 5.0, None]}

    def drawn(count):
        columns = {
            name: [each[i] for i in draw.integers(0, len(each), count)] for name, each in choices.items()
        }
        return Catalogue.from_columns({c.CLIMB_ID: [str(i) for i in range(count)], **columns})

    new, known = drawn(8), drawn(60)
    counts = {
        "areas": similar.AREA,
        "regions": similar.REGION,
        "types": similar.TYPE,
        "styles": similar.STYLE,
    }
    costs = {"ordinals": similar.GRADE, "stars": similar.STAR}
    for row, found in enumerate(likeness(new, known)):
        score = np.zeros(60)
        for column in range(60):
            for name, worth in counts.items():
                one, other = getattr(new, name)[row], getattr(known, name)[column]
                score[column] += worth * (one is not None and one == other)
            for name, cost in costs.items():
                apart = abs(getattr(new, name)[row] - getattr(known, name)[column])
                score[column] -= cost * (1.5 if np.isnan(apart) else apart)
        weights = np.where(score >= np.sort(score)[-similar.NEAREST], np.exp(score), 0)
        assert found == pytest.approx(weights / weights.sum())


def test_a_type_is_kept_where_there_are_several(tmp_path):
    from recsys.sequences.catalogue import catalogue_table

    sends = pd.DataFrame({c.CLIMB_ID: ["a", "b", "a"], c.CLIMB_TYPE: ["route", "boulder", "route"]})
    vocabulary = [""] * c.FIRST_VALUE_ID + ["b", "a"]
    assert catalogue_table(sends, vocabulary)[c.CLIMB_TYPE].tolist() == ["boulder", "route"]
    assert c.CLIMB_TYPE not in catalogue_table(sends.assign(**{c.CLIMB_TYPE: "boulder"}), vocabulary)
    (tmp_path / "new.csv").write_text("id,Type,comment\nx,route,crimps\n")
    assert read_climbs(tmp_path / "new.csv")[c.CLIMB_TYPE].tolist() == ["route"]


def test_the_command_refuses_to_add_nothing(run, tmp_path):
    from typer.testing import CliRunner

    from recsys.cli.app import build_app

    result = CliRunner().invoke(build_app(["adapt"]), ["adapt", str(run), "-o", str(tmp_path / "x")])
    assert isinstance(result.exception, UsageError)
    assert "either SENDS of new climbers or climbs" in str(result.exception)


def test_the_new_catalogue_keeps_the_order_of_ids(run):
    from recsys.adapting.climbs import grown_catalogue

    known = pd.read_parquet(run / "climbs.parquet")
    fresh = pd.DataFrame({c.CLIMB_ID: ["z"], c.GRADE: ["V1"], c.RATING: [np.nan], c.STYLE: [None]})
    grown = grown_catalogue(known, fresh)
    assert grown[c.CLIMB_ID].tolist() == [*known[c.CLIMB_ID], "z"]
    assert c.STYLE not in grown or c.STYLE in known


def test_a_workflow_is_changed_under_a_name_that_is_swept(run, tmp_path, monkeypatch):
    """A run that is continued keeps its folder: what a kill left there stayed (`benchmarks/faults.py`)."""
    from recsys.adapting import vocabulary
    from recsys.temporaries import sweep_within

    target = tmp_path / "new" / "workflow"
    monkeypatch.setattr(vocabulary.shutil, "rmtree", lambda *_, **__: None)  # as where it is killed before
    vocabulary.grow_workflow(run / "workflow", target, {c.CLIMB_ID: ["new-1"]})
    monkeypatch.undo()
    assert len(list(target.parent.iterdir())) == 2
    monkeypatch.setattr("recsys.temporaries._used", lambda *_: False)  # its process has ended
    sweep_within(target.parent)
    assert list(target.parent.iterdir()) == [target]
    assert "new-1" in pd.read_parquet(target / "categories" / "unique.climb_id.parquet").iloc[-1].tolist()


@pytest.mark.parametrize(
    ("text", "said"), [("", "is empty"), ("climb_id,grade\n", "has a header and no rows")]
)
def test_a_file_without_climbs_is_not_asked_for_sends(tmp_path, text, said):
    (tmp_path / "new.csv").write_text(text)
    with pytest.raises(DataError, match=said) as refused:
        read_climbs(tmp_path / "new.csv")
    assert "send" not in str(refused.value)


def test_places_that_the_run_has_not_are_named_and_those_of_another_case_first():
    known = pd.DataFrame({c.REGION: ["Squamish", None, "Font"], c.AREA: ["Wall", "Wall", "Roof"]})
    new = pd.DataFrame(
        {c.REGION: ["Atlantis", "squamish", "Font", None], c.AREA: ["Wall", "Slab", None, None]}
    )
    said = "new to the run: region 'squamish' (it has 'Squamish'), 'Atlantis'; area 'Slab'"
    assert new_places(new, known) == said
    assert new_places(new.assign(region="Font", area=None), known) is None
    assert new_places(new, known[[c.REGION]].dropna()) == f"{said}, 'Wall'"
