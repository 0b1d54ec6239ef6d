"""The quicker operators beside NVTabular's own, value for value; and what a cudf frame asks of ours."""

from __future__ import annotations

import itertools
from collections import Counter
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from recsys import columns as c
from tests.builders.random_sends import sends


def same(left: pd.DataFrame, right: pd.DataFrame) -> None:
    assert set(left.columns) == set(right.columns)
    for name in right.columns:
        for p, q in zip(left[name], right[name], strict=True):
            assert np.asarray(p).dtype.kind == np.asarray(q).dtype.kind
            if np.asarray(q).dtype.kind == "f":  # means that were summed in another order
                np.testing.assert_allclose(p, q, rtol=1e-5, atol=1e-6, err_msg=name)
            else:
                np.testing.assert_array_equal(p, q, err_msg=name)


def without_ties() -> pd.DataFrame:
    """Of 5 climbers 12, 11, 10, 9 and 8 sends, no two climbs or regions as often as each other.

    The order of a tie is NVTabular's sort's, and another on a processor with AVX-512.
    """
    for seed in itertools.count():
        table = sends(5, 12, 8, seed)
        table = table[table.index % 12 < 12 - table.index // 12].reset_index(drop=True)
        counts = [table[name].value_counts() for name in (c.CLIMB_ID, c.REGION)]
        if all(each.is_unique for each in counts):
            return table.assign(**{c.ROW: np.arange(len(table))})
    raise AssertionError


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    """Fit by the quicker operators and by NVTabular's own."""
    from workflows import sends as workflow_of

    folders = [tmp_path_factory.mktemp(name) for name in ("quick", "plain")]
    table = without_ties()
    quick = workflow_of.fit(table, folders[0])
    plain = workflow_of.fit(table, folders[1], plain=True)
    return quick, plain, folders


def test_values_are_nvtabulars(both):
    from workflows import sends as workflow_of

    quick, plain, _ = both
    for table in (without_ties(), sends(7, 3, 20, seed=1), sends(3, 1, 4, seed=2)):
        same(workflow_of.transform(quick, table), workflow_of.transform(plain, table))


def test_statistics_and_schema_are_nvtabulars(both):
    from workflows.sends import description

    quick, plain, folders = both
    first, second = description.describe(quick), description.describe(plain)
    for name, number in second.numbers.items():  # NVTabular sums float32; partitions differ
        assert first.numbers[name].mean == pytest.approx(number.mean, rel=1e-6)
        assert first.numbers[name].std == pytest.approx(number.std, rel=1e-6)
    assert first.model_dump(exclude={"numbers"}) == second.model_dump(exclude={"numbers"})
    for name in (c.CLIMB_ID, c.CLIMBER_ID, c.REGION):
        one, other = (pd.read_parquet(f / "categories" / f"unique.{name}.parquet") for f in folders)
        pd.testing.assert_frame_equal(one, other)
    stated = [
        {
            column.name: (
                sorted(map(str, column.tags)), str(column.dtype), column.shape,
                {k: v for k, v in column.properties.items() if k != "cat_path"},
            )
            for column in workflow.output_schema.excluding_by_name([c.ROW])
        }
        for workflow in (quick, plain)
    ]  # fmt: skip
    assert stated[0] == stated[1]


def test_ids_go_by_frequency_then_name(tmp_path):
    """With many values of one frequency NVTabular's order is open; the ids mean the same all the same."""
    from workflows import sends as workflow_of

    table = sends(20, 30, 300)
    tables, orders = [], []
    for plain in (False, True):
        folder = tmp_path / str(plain)
        workflow = workflow_of.fit(table, folder, plain=plain)
        names = np.array(workflow_of.vocabulary(folder, c.CLIMB_ID))
        tables.append([names[ids].tolist() for ids in workflow_of.transform(workflow, table)["climb"]])
        orders.append(names[3:].tolist())
    assert tables[0] == tables[1]
    counts = table[c.CLIMB_ID].value_counts()
    assert orders[0] == sorted(counts.index, key=lambda climb: (-counts[climb], climb))


def test_pieces_and_categories_change_nothing(both, monkeypatch):
    """A frame cut into pieces of whole climbers, and one whose texts are categories already."""
    from workflows import sends as workflow_of

    table = sends(9, 7, 8, seed=3)
    whole = workflow_of.transform(both[0], table)
    texts = [name for name in table if table[name].dtype == object]
    same(workflow_of.transform(both[0], table.astype(dict.fromkeys(texts, "category"))), whole)
    for piece in (1, 50):
        monkeypatch.setattr(workflow_of, "PIECE", piece)
        same(workflow_of.transform(both[0], table), whole)


def test_fit_in_pieces_is_the_same(both, tmp_path, monkeypatch):
    from workflows import sends as workflow_of
    from workflows.sends import description, frames

    monkeypatch.setattr(frames, "PIECE", 13)
    again = description.describe(workflow_of.fit(without_ties(), tmp_path))
    before = description.describe(both[0])
    assert again.numbers["grade"].mean == pytest.approx(before.numbers["grade"].mean, rel=1e-6)
    assert (again.shortest, again.longest) == (before.shortest, before.longest) == (8, 12)
    for name in (c.CLIMB_ID, c.CLIMBER_ID, c.REGION):
        one, other = (
            pd.read_parquet(f / "categories" / f"unique.{name}.parquet") for f in (tmp_path, both[2][0])
        )
        pd.testing.assert_frame_equal(one, other)


def test_sequences_keep_nothing_of_the_table(both):
    """Not even through a view of the climbers' ids: the lists are many times the arrays."""
    from recsys.sequences.store import Sequences
    from workflows import sends as workflow_of

    table = sends(9, 7, 8, seed=3)
    found = Sequences.from_tables(workflow_of.pieces(both[0], table))
    assert len(found) == len(table)
    arrays = (found.offsets, found.climbers, found.climber_ids, found.rows, *found.features.values())
    assert all(each.base is None for each in arrays)
    one = Sequences._arrays(workflow_of.transform(both[0], table))
    assert all(each.base is None for each in one.values())


def test_rows_that_come_apart_are_put_together(both):
    """Climbers' rows mixed, and a climber's out of order: as if they had come sorted."""
    from workflows import sends as workflow_of

    table = sends(4, 6, 8, seed=4)
    mixed = table.sample(frac=1, random_state=0)
    sorted_out = workflow_of.transform(both[0], mixed).sort_values(c.CLIMBER_ID, ignore_index=True)
    same(sorted_out, workflow_of.transform(both[0], table))


def test_the_graph_alone_puts_groups_together(both):
    """As Merlin's tools call it, without `transform`: rows of one climber need not be beside each other."""
    table = sends(2, 3, 8)
    mixed = table.iloc[[0, 3, 1, 4, 2, 5]].reset_index(drop=True)
    found = both[0].transform(mixed)
    assert [rows.tolist() for rows in found[c.ROW]] == [[0, 1, 2], [3, 4, 5]]


def test_merlins_dataset_reads_and_writes_it(both, tmp_path):
    """Workflow.transform of a Dataset, written as Parquet: lists of Arrow's, as the loader reads."""
    import nvtabular as nvt

    from workflows import sends as workflow_of

    table = sends(4, 6, 8, seed=5)
    both[0].transform(nvt.Dataset(table, cpu=True)).to_parquet(str(tmp_path / "out"))
    written = pd.concat(map(pd.read_parquet, (tmp_path / "out").glob("*.parquet")), ignore_index=True)
    same(written, workflow_of.transform(both[0], table))


def test_sequences_are_written_as_flat_lists(both, tmp_path):
    from workflows import sends as workflow_of
    from workflows.coded import write_sequences

    found = workflow_of.transform(both[0], sends(4, 6, 8))
    halves = [found.iloc[:2], found.iloc[2:]]
    assert write_sequences(iter(halves), tmp_path / "sequences.parquet") == len(found)
    assert str(pq.read_schema(tmp_path / "sequences.parquet").field("grade_bin").type).startswith("list<")
    same(pd.read_parquet(tmp_path / "sequences.parquet"), found)


def test_the_vocabulary_is_read_anew_where_the_files_are(both, tmp_path):
    """What was read of one folder is forgotten when the workflow is pointed at another."""
    from merlin.dag import Graph

    from workflows import sends as workflow_of
    from workflows.operators import Codes

    rebuilt = workflow_of.load(both[2][0])
    workflow_of.transform(rebuilt, sends(2, 3, 8))
    workflow_of.fit(sends(5, 12, 8).assign(**{c.CLIMB_ID: "only"}), tmp_path)
    for node in Graph.get_nodes_by_op_type([rebuilt.output_node], Codes):
        node.op.set_storage_path(str(tmp_path))
    found = workflow_of.transform(rebuilt, sends(2, 3, 8).assign(**{c.CLIMB_ID: "only"}))
    assert found["climb"].map(list).tolist() == [[3, 3, 3]] * 2


class Column:
    """What the operators ask of a cudf column, on a pandas one: no empty map, values through Arrow."""

    def __init__(self, values: pd.Series) -> None:
        self.values = values

    def dropna(self) -> Column:
        return Column(self.values.dropna())

    def unique(self) -> Column:
        return Column(pd.Series(self.values.unique()))

    def to_arrow(self):
        return SimpleNamespace(to_pylist=self.values.tolist)

    def map(self, table: dict) -> pd.Series:
        if not table:
            raise ValueError("cudf: cannot make a column of nothing")
        return self.values.map(table)


class Frame(dict):
    """A frame that is not pandas'."""


@pytest.mark.parametrize("grades", [["project", "?", None], [None, None, None], ["V4", "project", None]])
def test_grades_of_a_cudf_frame(grades):
    """Filled but unreadable throughout, blank throughout, and as usual."""
    from nvtabular.ops.operator import ColumnSelector

    from workflows.operators import GradeOrdinal

    frame = Frame(grade=Column(pd.Series(grades, dtype=object)))
    found = GradeOrdinal().transform(ColumnSelector(["grade"]), frame)["grade"]
    expected = GradeOrdinal().transform(ColumnSelector(["grade"]), pd.DataFrame({"grade": grades}))["grade"]
    pd.testing.assert_series_equal(found, expected, check_names=False)
    assert found.dtype == np.float32


def test_grades_are_text_where_none_of_them_is_a_grade_and_so_many_as_have_bins():
    from recsys.logbooks.text_grades import MOST
    from workflows.operators import GradeBins

    bins, many = GradeBins(), Counter(f"{n:03}th" for n in range(MOST + 5))
    bins.fit_finalize([many, Counter({"050th": 2, "051th": 1})])
    others = [name for name in sorted(many) if name not in ("050th", "051th")]
    assert bins.texts == ["050th", "051th", *others][:MOST]
    bins.clear()
    assert bins.texts == []
    bins.fit_finalize([many, Counter({"V4": 1})])
    assert bins.texts == []


def test_lists_are_as_long_as_in_any_partition():
    from workflows.operators import ListLengths

    lengths = ListLengths()
    lengths.fit_finalize([(2, 5), (1, 4), (3, 9)])
    assert (lengths.least, lengths.most) == (1, 9)
    lengths.clear()
    assert lengths.least is lengths.most is None


def test_values_that_were_read_are_forgotten_and_not_pickled(both):
    from merlin.dag import Graph

    from workflows import sends as workflow_of
    from workflows.operators import Codes

    rebuilt = workflow_of.load(both[2][0])
    workflow_of.transform(rebuilt, sends(2, 3, 8))
    read = [node.op for node in Graph.get_nodes_by_op_type([rebuilt.output_node], Codes)]
    assert any("_read" in vars(each) for each in read)
    for each in read:
        assert "_read" not in each.__getstate__()
        each.set_storage_path(str(both[2][0]))
        assert "_read" not in vars(each)  # the files there may be others by now
    workflow_of.transform(rebuilt, sends(2, 3, 8))
    for each in read:
        each.clear()
        assert "_read" not in vars(each)


def test_accelerator_cpu_is_pandas(monkeypatch):
    import merlin.core.dispatch as dispatch

    from workflows.sends import device

    monkeypatch.setattr(dispatch, "HAS_GPU", True)
    monkeypatch.setattr(dispatch, "cudf", object())
    assert device() == (False, "NVTabular on cudf (a CUDA device with cudf)")
    assert device("cpu") == (True, "NVTabular on pandas (accelerator cpu)")
