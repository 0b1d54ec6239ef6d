"""NVTabular operators of our own, and NVTabular's made quicker for pandas frames whose rows come sorted.

`GradeOrdinal`, `GradeBins`, `Presence` and `ListLengths` add what NVTabular lacks. `Codes`, `Elapsed` and
`Lists` are its Categorify, DifferenceLag and Groupby: the same arguments, the same schema and the same
values, but on pandas they work on integers (places in a column's distinct values) in place of Python strings,
and give lists as pieces of one flat array. On cudf they are NVTabular's own, unchanged.

Only the distinct grade strings, a few dozen, ever leave a GPU.
"""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from merlin.core.dispatch import DataFrameType
from merlin.dag.ops.stat_operator import StatOperator
from merlin.schema import Tags
from nvtabular import ops
from nvtabular.ops import Operator, ValueCount
from nvtabular.ops.operator import ColumnSelector

from recsys.arrays import Array
from recsys.columns import FIRST_VALUE_ID, NULL_ID, UNKNOWN_ID
from workflows.coded import as_lists, coded, first_rows

ABSENT, PRESENT = 1, 2


class GradeOrdinal(Operator):
    """Grade strings as ordinals of their ladder ("V4" 4.0, "V4-5" 4.5); unreadable or blank ones as null.

    See ``recsys.logbooks.grades`` for the ladders.
    """

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of text to columns of float32, row for row."""
        out = type(df)()
        for name in col_selector.names:
            if isinstance(df, pd.DataFrame):
                out[name] = _by_text(df[name], lambda texts: _ordinals(texts).astype(np.float32), np.nan)
            else:
                out[name] = self._mapped(df[name])
        return out

    def _mapped(self, column: Any) -> Any:
        """The same by the frame's own map: cudf's takes no empty table, so one value at least is in it."""
        known = [str(text) for text in column.dropna().unique().to_arrow().to_pylist()]
        ordinal = {t: float(v) for t, v in zip(known, _ordinals(known), strict=True) if not np.isnan(v)}
        return column.map(ordinal or {"": float("nan")}).astype("float32")

    @property
    def output_dtype(self) -> Any:
        """A float, in steps of the grade's ladder."""
        return np.float32

    @property
    def output_tags(self) -> list[Tags]:
        """Continuous until it is binned."""
        return [Tags.CONTINUOUS]


class GradeBins(GradeOrdinal, StatOperator):
    """What is put into a grade's bins: its ordinal, as of `GradeOrdinal`.

    Where none of the grades that it is fit on can be read, they are text, and each has a bin of its own
    (`recsys.logbooks.text_grades`), the most frequent first.
    """

    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def fit(self, col_selector: ColumnSelector, ddf: Any) -> Any:
        """Delayed counts of each partition's texts."""
        from dask.delayed import delayed

        (name,) = col_selector.names
        return [delayed(_text_counts)(part, name) for part in ddf.to_delayed()]

    def fit_finalize(self, dask_stats: Any) -> None:
        """Keep the texts, unless one of them is a grade."""
        from recsys.logbooks.text_grades import MOST

        counts: Counter[str] = sum(dask_stats, start=Counter())
        texts = sorted(counts, key=lambda text: (-counts[text], text))
        self.texts = [] if np.isfinite(_ordinals(texts)).any() else texts[:MOST]

    def clear(self) -> None:
        """Forget the texts."""
        self.texts = []

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of text to columns of float32, row for row."""
        if not self.texts:
            return super().transform(col_selector, df)
        from recsys.logbooks.text_grades import middles

        out = type(df)()
        known = dict(zip(self.texts, middles(self.texts, self.texts).tolist(), strict=True))
        for name in col_selector.names:
            if isinstance(df, pd.DataFrame):
                out[name] = _by_text(df[name], lambda texts: middles(texts, self.texts), np.nan)
            else:
                out[name] = df[name].map(known).astype("float32")
        return out


class Presence(Operator):
    """Whether there is any text: 1 for none or blank, 2 for some (0 is left to padding)."""

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of text to columns of int32, row for row."""
        out = type(df)()
        for name in col_selector.names:
            out[name] = has_text(df[name]).astype("int32") * (PRESENT - ABSENT) + ABSENT
        return out

    @property
    def output_dtype(self) -> Any:
        """A category id."""
        return np.int32

    @property
    def output_tags(self) -> list[Tags]:
        """Categorical."""
        return [Tags.CATEGORICAL]

    @property
    def output_properties(self) -> dict[str, Any]:
        """The domain that the schema states."""
        return {"domain": {"min": 0, "max": PRESENT}}


def has_text(column: Any) -> Any:
    """Whether there is more than blanks, row for row of a pandas or cudf column."""
    if not isinstance(column, pd.Series):
        return column.fillna("").astype(str).str.strip() != ""
    written = _by_text(column, lambda texts: np.array([text.strip() != "" for text in texts], bool), False)
    return pd.Series(written, index=column.index)


class Codes(ops.Categorify):
    """NVTabular's Categorify for single columns: the same ids, found through each column's distinct values.

    Ids go by frequency, as upstream's; values of one frequency go by name, where upstream's order is open.
    """

    def fit(self, col_selector: ColumnSelector, ddf: Any) -> Any:
        """Delayed {column: file of its values}, as Categorify's."""
        if not isinstance(ddf._meta, pd.DataFrame):
            return super().fit(col_selector, ddf)
        from dask.delayed import delayed

        parts = ddf.to_delayed()
        counts = {name: [delayed(_counts)(part, name) for part in parts] for name in col_selector.names}
        return delayed(self._write)(counts)

    def _write(self, counts: dict[str, list[pd.Series]]) -> dict[str, str]:
        """The files of values, in Categorify's own form and place."""
        folder = Path(self.out_path) / "categories"
        folder.mkdir(parents=True, exist_ok=True)
        for name, parts in counts.items():
            total = pd.concat(parts).groupby(level=0, sort=True).sum()
            total = total.sort_values(ascending=False, kind="stable")
            values = pd.DataFrame({name: total.index.to_numpy(), f"{name}_size": total.to_numpy()})
            values.index = pd.RangeIndex(FIRST_VALUE_ID, FIRST_VALUE_ID + len(values))
            values.to_parquet(folder / f"unique.{name}.parquet", compression=None)
        return {name: str(folder / f"unique.{name}.parquet") for name in counts}

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of values to columns of ids, row for row."""
        if not isinstance(df, pd.DataFrame):
            return super().transform(col_selector, df)
        out = {}
        for name in col_selector.names:
            codes, values = coded(df[name])
            indices = self._known(name).get_indexer(pd.Index(values, dtype=object))
            ids = np.where(indices < 0, UNKNOWN_ID, indices + FIRST_VALUE_ID)
            out[name] = np.append(ids, NULL_ID).astype(np.int64)[codes]  # -1 takes the last
        return pd.DataFrame(out, index=df.index)

    def _known(self, name: str) -> pd.Index:
        """The values by id, read once for a file."""
        path = self.categories[self.storage_name.get(name, name)]
        with _KNOWN_LOCK:
            cache = self.__dict__.setdefault("_read", {})
            if path not in cache:
                table = pd.read_parquet(path, columns=[name])
                cache[path] = pd.Index(table[name].dropna().to_numpy(dtype=object))
            return cache[path]

    def clear(self) -> None:
        """Forget what was fit."""
        super().clear()
        self.__dict__.pop("_read", None)

    def set_storage_path(self, new_path: str, copy: bool = False) -> None:
        """Point at the files of values elsewhere."""
        super().set_storage_path(new_path, copy=copy)
        self.__dict__.pop("_read", None)

    def __getstate__(self) -> dict[str, Any]:
        """Without the values that were read: the pickle holds their file's name alone."""
        return {name: value for name, value in self.__dict__.items() if name != "_read"}


class Elapsed(ops.DifferenceLag):
    """NVTabular's DifferenceLag of one step within one column's runs, NaN at the start of each."""

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of numbers to float32 differences, row for row."""
        if not isinstance(df, pd.DataFrame):
            return super().transform(col_selector, df)
        (key,) = self.partition_cols
        starts = first_rows(df[key])
        out = {}
        for name in col_selector.names:
            difference = np.diff(df[name].to_numpy(np.float64, na_value=np.nan), prepend=np.nan)
            difference[starts] = np.nan
            out[self._column_name(name, 1)] = difference.astype(np.float32)
        return pd.DataFrame(out, index=df.index)


class ListLengths(StatOperator):
    """The shortest and the longest list that grouping by a column will give; the column goes through."""

    def __init__(self) -> None:
        super().__init__()
        self.least: int | None = None
        self.most: int | None = None

    def fit(self, col_selector: ColumnSelector, ddf: Any) -> Any:
        """Delayed (shortest, longest) of each partition."""
        from dask.delayed import delayed

        (name,) = col_selector.names
        return [delayed(_run_lengths)(part, name) for part in ddf.to_delayed()]

    def fit_finalize(self, dask_stats: Any) -> None:
        """Keep them, over all partitions."""
        self.least = min(least for least, _ in dask_stats)
        self.most = max(most for _, most in dask_stats)

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """The column as it is."""
        return df[col_selector.names]

    def clear(self) -> None:
        """Forget what was fit."""
        self.least = self.most = None


class Lists(ops.Groupby):
    """NVTabular's Groupby to lists, of rows that come in groups; lengths as `ListLengths` counted them.

    On pandas the groups keep their order and the lists are views of one array. The aggregations are "list"
    and "first".

    Parameters
    ----------
    lengths:
        The operator that counts the groups in the same workflow.
    """

    def __init__(self, lengths: ListLengths, **options: Any) -> None:
        super().__init__(**options)
        self.lengths = lengths

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Rows to groups: one row a group."""
        if not isinstance(df, pd.DataFrame):
            return super().transform(col_selector, df)
        (key,) = self.groupby_cols
        codes, values = coded(df[key])
        starts = np.flatnonzero(np.diff(codes, prepend=-1))
        if len(starts) != len(np.unique(codes[starts])):  # a group in several pieces
            order = np.argsort(codes, kind="stable")
            df, codes = df.iloc[order], codes[order]
            starts = np.flatnonzero(np.diff(codes, prepend=-1))
        out: dict[str, Any] = {key: values[codes[starts]]}
        for name, (aggregation,) in self.list_aggs.items():
            column = df[name].to_numpy()
            grouped = column[starts] if aggregation == "first" else as_lists(column, starts)
            out[f"{name}{self.name_sep}{aggregation}"] = grouped
        return pd.DataFrame(out)

    def _compute_properties(self, col_schema: Any, input_schema: Any) -> Any:
        schema = super()._compute_properties(col_schema, input_schema)
        if not self._is_list(col_schema.name):
            return schema
        counts = {"min": self.lengths.least or 0, "max": self.lengths.most}
        return schema.with_properties({**schema.properties, "value_count": counts})

    def _compute_shape(self, col_schema: Any, input_schema: Any) -> Any:
        schema = super()._compute_shape(col_schema, input_schema)
        if not self._is_list(col_schema.name):
            return schema
        return schema.with_shape((None, (self.lengths.least or 0, self.lengths.most)))

    def _is_list(self, name: str) -> bool:
        return name.endswith(f"{self.name_sep}list")


class SequenceLengths(ValueCount):
    """NVTabular's ValueCount for columns whose lists are of one length: it counts one of them for all.

    Upstream runs the whole workflow twice for every column; with ten features that was most of a fit.
    """

    def fit(self, col_selector: ColumnSelector, ddf: Any) -> Any:
        """Shortest and longest list of the first column, stated of every column."""
        first = col_selector.names[0]
        counted = super().fit(ColumnSelector([first]), ddf)[first]
        return dict.fromkeys(col_selector.names, counted)


_KNOWN_LOCK = threading.Lock()


def _ordinals(texts: list[str]) -> Array:
    from recsys.logbooks.grades import ordinals

    return np.asarray(ordinals(texts), dtype=np.float64)


def _by_text(column: pd.Series, values_of: Callable[[list[str]], Array], missing: Any) -> Array:
    """Values of a column of text [n], worked out once for each distinct one; `missing` for null."""
    codes, texts = coded(column)
    values = values_of([str(text) for text in texts])
    return np.append(values, np.array(missing, values.dtype))[codes]  # -1 takes the last


def _text_counts(part: DataFrameType, name: str) -> Counter[str]:
    """How often each text is there, nulls left out."""
    if isinstance(part, pd.DataFrame):
        found = _counts(part, name)
    else:
        found = part[name].dropna().value_counts().to_pandas()
    return Counter({str(text): int(n) for text, n in found.items() if n})


def _counts(part: pd.DataFrame, name: str) -> pd.Series:
    """How often each value is there, nulls left out: by value, int64."""
    codes, values = coded(part[name])
    counts = np.bincount(codes[codes >= 0], minlength=len(values))
    there = counts > 0
    return pd.Series(counts[there], index=pd.Index(values[there], dtype=object), dtype=np.int64)


def _run_lengths(part: Any, name: str) -> tuple[int, int]:
    if not isinstance(part, pd.DataFrame):
        counts = part[name].value_counts()
        return int(counts.min()), int(counts.max())
    codes, _ = coded(part[name])
    counts = np.bincount(codes)
    counts = counts[counts > 0]
    return (int(counts.min()), int(counts.max())) if counts.size else (0, 0)
