"""The NVTabular workflow: raw sends in, one sequence a climber and a Merlin schema out.

Run it alone:    python -m workflows.sends SENDS OUT

    climb_id    ─ Categorify ───────────────────────────── climb      ITEM_ID
    climber_id  ─ Categorify ───────────────────────────── climber    USER_ID
    region      ─ Categorify ───────────────────────────── region
    grade       ─ GradeOrdinal ─┐
    rating      ────────────────┼─┬─ Normalize ─────────── grade, rating, elapsed_days
    day         ─ DifferenceLag ┘ └─ Bucketize ─────────── grade_bin, rating_bin, elapsed_days_bin
    comment, beta ─ Presence ───────────────────────────── comment, beta
                                        └─ Groupby climber, sorted by row ─ lists ─ ValueCount

Category ids are NVTabular's own: 0 padding, 1 null (nothing was logged), 2 out of vocabulary (not seen when
the workflow was fit), then the values, the most frequent first. Bins follow the same habit: 0 padding,
1 nothing logged, then the bins upwards; a number that was not logged is 0, the mean, once standardised.

The rows must come sorted, as `recsys.logbooks` hands them over: by climber, then time, ``row`` counting up.
Whatever optional column the sends lack, or leave blank throughout, the workflow and its schema lack too.
"""

from __future__ import annotations

import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys import columns as c
from recsys.columns import BIN, CLIMB, CLIMBER, ELAPSED_DAYS

if TYPE_CHECKING:
    import pandas as pd
    from merlin.schema import Schema
    from nvtabular import Workflow

INPUTS: Final = (
    c.CLIMBER_ID, c.CLIMB_ID, c.DAY, c.ROW, c.REGION, c.GRADE, c.RATING, c.COMMENT, c.BETA,
)  # fmt: skip

NOT_LOGGED: Final = -99.0
_BELOW = [-100.0, -98.0]  # bin 1 holds what was not logged, and nothing else
BOUNDARIES: Final = {
    # Half steps of the boulder ladder V0 to V17, then whole steps of the route ladder (offset by 100).
    c.GRADE: [*_BELOW, *(g / 2 - 0.25 for g in range(1, 36)), *(g - 0.25 for g in range(100, 141))],
    c.RATING: [*_BELOW, 1.5, 2.5, 3.5, 4.5],
    # Log-spaced, in days: a minute, an hour, half a day, then doublings up to two years.
    ELAPSED_DAYS: [*_BELOW, 1 / 1440, 1 / 24, 0.5, *(1.5 * 2**k for k in range(10))],
}


def device() -> tuple[bool, str]:
    """Whether the workflow runs on the CPU, and which engine was chosen and why, in one line."""
    from merlin.core.dispatch import HAS_GPU, cudf

    if not HAS_GPU:
        return True, "NVTabular on pandas (no CUDA device)"
    if cudf is None:
        return True, "NVTabular on pandas (a CUDA device, but cudf is not installed)"
    return False, "NVTabular on cudf (a CUDA device with cudf)"


def build(present: frozenset[str], has_time: bool, scratch: Path) -> Workflow:
    """Lay out the workflow for sends that hold the columns `present`.

    Parameters
    ----------
    present:
        Columns of the raw sends; region, grade, rating, comment and beta are used where present.
    has_time:
        Whether ``day`` is in days. Without it there are no elapsed days.
    scratch:
        Where Categorify keeps its category files while fitting; ``Workflow.save`` copies them.
    """
    import nvtabular as nvt
    from merlin.schema import Tags
    from nvtabular import ops

    from workflows.operators import GradeOrdinal, Presence, SequenceLengths

    def categorify(column: str, name: str, tags: list[Tags]) -> Any:
        node = [column] >> ops.Categorify(out_path=str(scratch)) >> ops.Rename(name=name)
        return node >> ops.AddTags([Tags.CATEGORICAL, *tags])

    numbers: dict[str, Any] = {}
    if c.GRADE in present:
        numbers[c.GRADE] = [c.GRADE] >> GradeOrdinal()
    if c.RATING in present:
        numbers[c.RATING] = [c.RATING]
    if has_time:
        numbers[ELAPSED_DAYS] = [c.DAY] >> ops.DifferenceLag(c.CLIMBER_ID) >> ops.Rename(name=ELAPSED_DAYS)
    flags = [name for name in (c.COMMENT, c.BETA) if name in present]

    features = categorify(c.CLIMB_ID, CLIMB, [Tags.ITEM, Tags.ITEM_ID])
    if c.REGION in present:
        features += categorify(c.REGION, c.REGION, [Tags.CONTEXT])
    for name, node in numbers.items():
        features += _standardised(name, node) + _binned(name, node)
    if flags:
        features += flags >> Presence() >> ops.AddTags([Tags.CATEGORICAL, Tags.CONTEXT])
    lists = [CLIMB, *(name for name in (c.REGION,) if name in present), *flags]
    lists += [name + suffix for name in numbers for suffix in ("", BIN)]
    climber = categorify(c.CLIMBER_ID, CLIMBER, [Tags.USER, Tags.USER_ID])

    grouped = (features + climber + [c.CLIMBER_ID, c.ROW]) >> ops.Groupby(
        groupby_cols=[c.CLIMBER_ID],
        sort_cols=[c.ROW],
        aggs={CLIMBER: ["first"], **{name: ["list"] for name in [*lists, c.ROW]}},
        name_sep="-",
    )
    grouped = grouped >> ops.Rename(f=_without_aggregation)
    histories = grouped[lists] >> SequenceLengths() >> ops.AddTags([Tags.LIST, Tags.SEQUENCE])
    return nvt.Workflow(histories + grouped[[CLIMBER, c.CLIMBER_ID, c.ROW]])


def fit(sends: pd.DataFrame, folder: Path, has_time: bool = True) -> Workflow:
    """Fit the workflow on the training sends, and on nothing else, and save it.

    Parameters
    ----------
    sends:
        Sorted sends (see the module's text), validated by ``recsys.logbooks.read``.
    folder:
        Gets ``workflow.pkl``, ``metadata.json`` and ``categories/``; made if it is not there.
    has_time:
        Whether ``day`` is in days.
    """
    folder.mkdir(parents=True, exist_ok=True)
    known = [name for name in INPUTS if name in sends and sends[name].notna().any()]
    with tempfile.TemporaryDirectory(dir=folder) as scratch, _quiet():
        workflow = build(frozenset(known), has_time, Path(scratch))
        workflow.fit(_dataset(sends, known))
        workflow.save(str(folder))  # copies the category files out of the scratch folder
    return workflow


def transform(workflow: Workflow, sends: pd.DataFrame) -> pd.DataFrame:
    """One row a climber: its categorified id, and a list for each feature, in order of time.

    ``row`` lists the places that the sends had in `sends`, so that whatever is known of a send (its split,
    its date) can be found again.
    """
    with _quiet():
        wanted = workflow.input_schema.column_names
        table = workflow.transform(_dataset(sends.reindex(columns=wanted), wanted)).to_ddf().compute()
    return table.to_pandas() if hasattr(table, "to_pandas") else table


def model_schema(workflow: Workflow) -> Schema:
    """The Merlin schema of what the model reads: the workflow's output without its keys."""
    return workflow.output_schema.excluding_by_name([c.CLIMBER_ID, c.ROW])


def vocabulary(workflow_folder: Path, column: str) -> list[str]:
    """Raw values of a categorified column by id, from the saved category files; ids below 3 are named so."""
    import pandas as pd

    table = pd.read_parquet(workflow_folder / "categories" / f"unique.{column}.parquet")
    return ["<padding>", "<null>", "<unknown>", *table[column].astype(str)]


def schema_text(schema: Schema) -> str:
    """The schema as the text form of TensorFlow Metadata's protobuf, which Merlin reads."""
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    return TensorflowMetadata.from_merlin_schema(_portable(schema)).to_proto_text()


def read_schema(path: Path) -> Schema:
    """Read a ``schema.pbtxt``."""
    from merlin.schema.io.tensorflow_metadata import TensorflowMetadata

    return TensorflowMetadata.from_proto_text(path.read_text()).to_merlin_schema()


def _standardised(name: str, node: Any) -> Any:
    """Zero mean and unit variance on the training sends (days after a logarithm); not logged is 0."""
    from nvtabular import ops

    number = node >> ops.LogOp() if name == ELAPSED_DAYS else node
    return number >> ops.Normalize() >> ops.FillMissing(0) >> ops.AddTags(["continuous", "context"])


def _binned(name: str, node: Any) -> Any:
    from nvtabular import ops

    edges = BOUNDARIES[name]
    return (
        node
        >> ops.FillMissing(NOT_LOGGED)
        >> ops.Bucketize({name: edges})
        >> ops.Rename(name=name + BIN)
        >> ops.AddMetadata(
            tags=["categorical", "context"], properties={"domain": {"min": 0, "max": len(edges)}}
        )
    )


def _without_aggregation(name: str) -> str:
    return name.split("-")[0]


def _dataset(sends: pd.DataFrame, names: list[str]) -> Any:
    """Those columns as one partition: a climber's rows must stay together."""
    import nvtabular as nvt

    on_cpu, _ = device()
    return nvt.Dataset(sends[names], npartitions=1, cpu=on_cpu)


def _portable(schema: Schema) -> Schema:
    """The schema without the folder that the categories lay in while fitting."""
    from merlin.schema import Schema

    kept = []
    for column in schema:
        properties = {k: v for k, v in column.properties.items() if k != "cat_path"}
        kept.append(type(column)(**{**column.__dict__, "properties": properties}))
    return Schema(kept)


@contextmanager
def _quiet() -> Iterator[None]:
    """Hide Merlin's notes on its own internals (dtype mappings, global Dask clients)."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield
