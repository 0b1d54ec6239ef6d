"""The NVTabular workflow: exact ids and bins on a log of nine sends, and the schema that it emits."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import columns as c

SCHEMAS = Path(__file__).parents[2] / "schemas"


def sends(**changes) -> pd.DataFrame:
    """Two climbers: b's second day has two sends, in the order in which they were logged."""
    frame = pd.DataFrame(
        {
            c.CLIMBER_ID: ["a", "a", "a", "b", "b", "b"],
            c.CLIMB_ID: ["x", "y", "x", "z", "x", "y"],
            c.REGION: ["Squamish", None, "Squamish", "Whistler", "Squamish", "Squamish"],
            c.GRADE: ["V4", "V4-5", "project", "V4", None, "V0"],
            c.RATING: [5.0, np.nan, 1.0, 3.0, 4.0, 2.0],
            c.COMMENT: ["crimpy", None, "  ", None, None, "x"],
            c.BETA: [None] * 5 + ["heel hook"],
            c.DAY: [0.0, 3.0, 3.5, 10.0, 12.0, 12.0],
            c.ROW: np.arange(6),
        }
    )
    return frame.assign(**changes)


@pytest.fixture(scope="module")
def fitted(tmp_path_factory):
    from workflows import sends as workflow_of

    folder = tmp_path_factory.mktemp("run") / "workflow"
    return workflow_of.fit(sends(), folder), folder


def row(table: pd.DataFrame, climber: str) -> dict:
    return table.set_index(c.CLIMBER_ID).loc[climber].to_dict()


def test_sequences_are_exact(fitted):
    from workflows import sends as workflow_of

    table = workflow_of.transform(fitted[0], sends())
    a, b = row(table, "a"), row(table, "b")
    # x is sent three times, y twice, z once: ids 3, 4, 5 by frequency.
    assert list(a["climb"]) == [3, 4, 3]
    assert list(b["climb"]) == [5, 3, 4]
    assert list(a["region"]) == [3, 1, 3]  # Squamish, null, Squamish
    assert list(b["region"]) == [4, 3, 3]
    assert list(a["comment"]) == [2, 1, 1]  # a blank comment is none
    assert list(b["beta"]) == [1, 1, 2]
    assert list(a[c.ROW]) == [0, 1, 2]
    assert list(b[c.ROW]) == [3, 4, 5]


def test_numbers_are_binned_and_standardised(fitted):
    from workflows import sends as workflow_of

    table = workflow_of.transform(fitted[0], sends())
    a, b = row(table, "a"), row(table, "b")
    # Bins: 1 not logged, 2 is V0, then two a grade: V4 is 10, V4-5 is 11.
    assert list(a["grade_bin"]) == [10, 11, 1]
    assert list(b["grade_bin"]) == [10, 1, 2]
    assert list(a["rating_bin"]) == [6, 1, 2]
    logged = np.array([4, 4.5, 4, 0])
    expected = (np.array([4, 4.5]) - logged.mean()) / logged.std(ddof=1)
    np.testing.assert_allclose(a["grade"][:2], expected, rtol=1e-3)
    assert a["grade"][2] == 0  # not logged: the mean
    # Days since the last send: none, 3, 0.5 and none, 2, 0 (the same day).
    edges = workflow_of.BOUNDARIES[c.ELAPSED_DAYS]
    assert list(a["elapsed_days_bin"]) == [1, *np.digitize([3.0, 0.5], edges)]
    assert list(b["elapsed_days_bin"]) == [1, *np.digitize([2.0, 0.0], edges)]
    days = np.log1p([3.0, 0.5, 2.0, 0.0])
    np.testing.assert_allclose(a["elapsed_days"][1], (days[0] - days.mean()) / days.std(ddof=1), rtol=1e-3)


def test_ids_are_nvtabulars_own(fitted):
    """0 padding, 1 null, 2 out of vocabulary, then the values: as NVTabular 23.8 numbers them."""
    from workflows import sends as workflow_of

    new = sends(**{c.CLIMB_ID: ["x", "new", "x", "z", "x", "y"], c.CLIMBER_ID: list("aaaccc")})
    new[c.REGION] = ["Nowhere", None, *["Squamish"] * 4]
    table = workflow_of.transform(fitted[0], new)
    a, stranger = row(table, "a"), row(table, "c")
    assert list(a["climb"]) == [3, c.UNKNOWN_ID, 3]
    assert list(a["region"]) == [c.UNKNOWN_ID, c.NULL_ID, 3]
    assert stranger["climber"] == c.UNKNOWN_ID
    assert a["climber"] >= c.FIRST_VALUE_ID
    assert workflow_of.vocabulary(fitted[1], c.CLIMB_ID)[3:] == ["x", "y", "z"]


def test_two_strangers_keep_their_own_sequences(fitted):
    """Both are unknown to the vocabulary, and are still two climbers."""
    from workflows import sends as workflow_of

    table = workflow_of.transform(fitted[0], sends(**{c.CLIMBER_ID: list("pppqqq")}))
    assert [list(r) for r in table.sort_values(c.CLIMBER_ID)[c.ROW]] == [[0, 1, 2], [3, 4, 5]]


def test_saved_workflow_gives_the_same(fitted):
    import nvtabular as nvt

    from workflows import sends as workflow_of

    loaded = nvt.Workflow.load(str(fitted[1]))
    new = sends(**{c.CLIMB_ID: list("xywzxy")})
    before, after = (workflow_of.transform(w, new) for w in (fitted[0], loaded))
    for name in before.columns:
        assert all(np.array_equal(p, q) for p, q in zip(before[name], after[name], strict=True)), name


def test_lacking_columns_are_lacking_in_the_schema(tmp_path):
    from workflows import sends as workflow_of

    bare = sends()[[c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW]]
    workflow = workflow_of.fit(bare, tmp_path / "workflow", has_time=False)
    assert workflow_of.model_schema(workflow).column_names == ["climb", "climber"]
    assert list(row(workflow_of.transform(workflow, bare), "b")["climb"]) == [5, 3, 4]


def facts(schema) -> dict:
    """What a schema says of each column, without its order."""
    return {
        column.name: (
            sorted(str(getattr(tag, "value", tag)) for tag in column.tags),
            column.properties.get("domain"),
            column.properties.get("value_count"),
            str(column.dtype.name),
            column.is_list,
        )
        for column in schema
    }


def test_emitted_schema_is_the_one_in_schemas(fitted):
    """schemas/sends.pbtxt is what the workflow emits for the sends above; `python tests/test_workflow.py`
    writes it anew after a change that is meant."""
    from workflows import sends as workflow_of

    text = workflow_of.schema_text(workflow_of.model_schema(fitted[0]))
    (fitted[1] / "schema.pbtxt").write_text(text)
    emitted = facts(workflow_of.read_schema(fitted[1] / "schema.pbtxt"))
    assert emitted == facts(workflow_of.read_schema(SCHEMAS / "sends.pbtxt"))
    tags, domain, counts, _, is_list = emitted["climb"]
    assert {"item", "id", "categorical", "list"} <= set(tags)
    assert domain["max"] == 5
    assert counts == {"min": 3, "max": 3}
    assert is_list
    assert {"user", "id", "categorical"} <= set(emitted["climber"][0])
    assert not emitted["climber"][4]
    assert "continuous" in emitted["grade"][0]
    assert emitted["grade_bin"][1]["max"] == len(workflow_of.BOUNDARIES[c.GRADE])


def test_schema_names_no_folder(fitted):
    from workflows import sends as workflow_of

    assert "/" not in workflow_of.schema_text(workflow_of.model_schema(fitted[0])).replace(
        "type.googleapis.com/", ""
    )


if __name__ == "__main__":
    import tempfile

    from workflows import sends as workflow_of

    fresh = workflow_of.fit(sends(), Path(tempfile.mkdtemp()) / "workflow")
    (SCHEMAS / "sends.pbtxt").write_text(workflow_of.schema_text(workflow_of.model_schema(fresh)))


def test_grades_that_are_text_have_bins_of_their_own_and_no_number(tmp_path):
    from recsys.exporting.constants import features_of, to_json
    from recsys.files import write_json
    from recsys.logbooks.text_grades import MOST, middles
    from recsys.recommending.features import read_features
    from recsys.recommending.logbook import Logbook
    from workflows import sends as workflow_of

    ages = ["teens", "adults", "teens", None, "teens", "adults"]
    fitted = workflow_of.fit(sends(**{c.GRADE: ages}), tmp_path / "workflow")
    later = sends(**{c.GRADE: ["adults", "teens", "nobody", None, "teens", "adults"]})
    for workflow in (fitted, workflow_of.load(tmp_path / "workflow")):
        table = workflow_of.transform(workflow, later)
        a, b = row(table, "a"), row(table, "b")
        assert [list(a["grade_bin"]), list(b["grade_bin"])] == [[3, 2, 1], [1, 2, 3]]
        assert not np.any([a["grade"], b["grade"]])
    write_json(tmp_path / "features.json", to_json(features_of(fitted, tmp_path / "workflow")))
    features = read_features(tmp_path / "features.json")
    book = Logbook.of({name: later[name].tolist()[:3] for name in (c.CLIMB_ID, c.REGION, c.GRADE, c.DAY)})
    assert features.encode([book])["grade_bin"].tolist() == [3, 2, 1]
    many = [str(n) for n in range(MOST)]
    bins = np.digitize(middles(many, many), workflow_of.BOUNDARIES[c.GRADE])
    assert bins.tolist() == list(range(2, len(workflow_of.BOUNDARIES[c.GRADE]) + 1))
