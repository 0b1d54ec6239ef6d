"""The NVTabular workflow: raw sends in, one sequence a climber and a Merlin schema out.

Run it alone:    python -m workflows.sends SENDS OUT

    climb_id    ─ Categorify ──────────────────────── climb      ITEM_ID     ─┐
    region      ─ Categorify ──────────────────────── region                  │
    grade       ─ GradeOrdinal ─┐                                             │
    rating      ────────────────┼─┬─ Normalize ────── grade, rating, ...      ├─ Groupby climber ─ lists
    day         ─ DifferenceLag ┘ └─ Bucketize ────── grade_bin, rating_bin, ...
    comment, beta ─ Presence ──────────────────────── comment, beta           │
    climber_id  ─ Categorify ──────────────────────── climber    USER_ID     ─┘  (one a climber, no list)

Category ids are NVTabular's own: 0 padding, 1 null (nothing was logged), 2 out of vocabulary (not seen when
the workflow was fit), then the values, the most frequent first. Bins follow the same habit: 0 padding,
1 nothing logged, then the bins upwards; a number that was not logged is 0, the mean, once standardised.

Rows that do not come sorted by climber, ``row`` counting up, are sorted so. Whatever optional column the
sends lack, or leave blank throughout, the workflow and its schema lack too.

On pandas, Categorify, DifferenceLag and Groupby are the quicker ones of `workflows.operators`, and a
DataFrame is transformed 250,000 sends at a time; ``plain=True`` takes NVTabular's own.
"""

from __future__ import annotations

import itertools
import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.errors import RunError
from workflows.sends.description import load
from workflows.sends.frames import INPUTS, PIECE, bounds, dataset, device, ordered, plain_text, quiet
from workflows.sends.graph import BOUNDARIES, NOT_LOGGED, Layout, build
from workflows.sends.graph import _without_aggregation as _without_aggregation  # as older pickles name it
from workflows.sends.schema import listed, model_schema, read_schema, schema_text

if TYPE_CHECKING:
    import pandas as pd
    from nvtabular import Workflow

__all__ = [
    "BOUNDARIES", "INPUTS", "NOT_LOGGED", "Layout", "build", "device", "fit", "fit_dataset", "listed", "load",
    "model_schema", "pieces", "read_schema", "schema_text", "transform", "vocabulary",
]  # fmt: skip


def fit(
    sends: pd.DataFrame, folder: Path, has_time: bool = True, accelerator: str = "auto", plain: bool = False
) -> Workflow:
    """Fit the workflow on the training sends, and on nothing else, and save it.

    Parameters
    ----------
    sends:
        Sends as ``recsys.logbooks.read`` validates them.
    folder:
        Gets ``workflow.json``, ``categories/``, and for Merlin's tools ``workflow.pkl`` and
        ``metadata.json``; made if it is not there.
    has_time:
        Whether ``day`` is in days.
    accelerator:
        "cpu" for pandas even where there is a GPU with cudf.
    plain:
        Use NVTabular's own operators throughout.
    """
    known = [name for name in INPUTS if name in sends and sends[name].notna().any()]
    on_cpu, _ = device(accelerator)
    with quiet():
        data = dataset(ordered(sends, known), on_cpu, plain)
    return fit_dataset(data, known, folder, has_time, plain)


def fit_dataset(
    data: Any, known: Sequence[str], folder: Path, has_time: bool = True, plain: bool = False
) -> Workflow:
    """`fit` of an NVTabular dataset of those columns, each climber's rows in one partition."""
    from workflows.sends import description

    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder) as scratch, quiet():
        layout = Layout(frozenset(known), has_time and "day" in known, Path(scratch), plain=plain)
        workflow = build(layout)
        workflow.fit(data)
        workflow.fit_schema(workflow.input_schema)  # types as stated, whatever one partition showed
        workflow.save(str(folder))  # copies the category files out of the scratch folder
    description.write(workflow, folder)
    return workflow


def transform(workflow: Workflow, sends: pd.DataFrame, accelerator: str = "auto") -> pd.DataFrame:
    """One row a climber: its categorified id, and a list for each feature, in order of time.

    ``row`` lists the indices that the sends had in `sends`, so that whatever is known of a send (its split,
    its date) can be found again. Climbers keep the order in which they come; lists are arrays of NumPy's.
    """
    import pandas as pd

    return pd.concat(pieces(workflow, sends, accelerator), ignore_index=True)


def pieces(workflow: Workflow, sends: pd.DataFrame, accelerator: str = "auto") -> Iterator[pd.DataFrame]:
    """`transform`, some 250,000 sends of whole climbers at a time: what bounds the memory."""
    on_cpu, _ = device(accelerator)
    frame = ordered(sends, workflow.input_schema.column_names)
    cuts = bounds(frame, PIECE).tolist()
    for start, end in itertools.pairwise(cuts if len(frame) else (0, 0)):
        with quiet():
            table = _transformed(workflow, frame.iloc[start:end], on_cpu)
        yield table


def vocabulary(workflow_folder: Path, column: str) -> list[str]:
    """Raw values of a categorified column by id, from the saved category files; ids below 3 are named so.

    Raises
    ------
    RunError
        A value has two ids.
    """
    import pandas as pd

    path = workflow_folder / "categories" / f"unique.{column}.parquet"
    values = pd.read_parquet(path)[column].astype(str)
    if not values.is_unique:
        twice = values[values.duplicated()].iloc[0]
        raise RunError(f"{path}: has {twice[:80]!r} twice; restore the run from a copy, or train anew")
    return ["<padding>", "<null>", "<unknown>", *values]


def _transformed(workflow: Workflow, frame: pd.DataFrame, on_cpu: bool) -> Any:
    """One piece of whole climbers, on pandas or there and back on cudf."""
    from merlin.io.worker import clean_worker_cache

    if on_cpu and _is_quick(workflow):
        return workflow.transform(frame)
    clean_worker_cache()  # NVTabular's Categorify remembers files by name, and a run can be made anew
    if on_cpu:
        return workflow.transform(plain_text(frame))
    from merlin.core.dispatch import cudf

    return workflow.transform(cudf.DataFrame.from_pandas(plain_text(frame))).to_pandas()


def _is_quick(workflow: Workflow) -> bool:
    """Whether the workflow takes categorical texts: not so where its operators are NVTabular's own."""
    from merlin.dag import Graph

    from workflows.operators import Codes

    return bool(Graph.get_nodes_by_op_type([workflow.output_node], Codes))
