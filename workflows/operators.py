"""NVTabular operators of our own: grades as ordinals, notes as whether there are any, lengths of sequences.

They run on pandas and on cudf: only the distinct grade strings, a few dozen, ever leave the GPU.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from merlin.core.dispatch import DataFrameType
from merlin.schema import Tags
from nvtabular.ops import Operator, ValueCount
from nvtabular.ops.operator import ColumnSelector

ABSENT, PRESENT = 1, 2


class GradeOrdinal(Operator):
    """Grade strings as ordinals of their ladder ("V4" 4.0, "V4-5" 4.5); unreadable or blank ones as null.

    See ``recsys.logbooks.grades`` for the ladders.
    """

    def transform(self, col_selector: ColumnSelector, df: DataFrameType) -> DataFrameType:
        """Columns of text to columns of float32, row for row."""
        from recsys.logbooks.grades import ordinals

        out = type(df)()
        for name in col_selector.names:
            known = [str(text) for text in _to_list(df[name].dropna().unique())]
            ordinal = {t: float(v) for t, v in zip(known, ordinals(known), strict=True) if not np.isnan(v)}
            out[name] = df[name].map(ordinal).astype("float32")
        return out

    @property
    def output_dtype(self) -> Any:
        """A float, in steps of the grade's ladder."""
        return np.float32

    @property
    def output_tags(self) -> list[Tags]:
        """Continuous until it is binned."""
        return [Tags.CONTINUOUS]


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
    return column.fillna("").astype(str).str.strip() != ""


class SequenceLengths(ValueCount):
    """NVTabular's ValueCount for columns whose lists are of one length: it counts one of them for all.

    Upstream runs the whole workflow twice for every column; with ten features that was most of a fit.
    """

    def fit(self, col_selector: ColumnSelector, ddf: Any) -> Any:
        """Shortest and longest list of the first column, stated of every column."""
        first = col_selector.names[0]
        counted = super().fit(ColumnSelector([first]), ddf)[first]
        return dict.fromkeys(col_selector.names, counted)


def _to_list(values: Any) -> list[Any]:
    """Distinct values of a pandas or cudf column as a list on the host."""
    return list(values.to_arrow().to_pylist() if hasattr(values, "to_arrow") else values)
