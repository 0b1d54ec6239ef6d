"""A fitted workflow as a plain description, and the same workflow from it: ``workflow.json``, without code.

    {"format": 1, "made_with": {"nvtabular": ...}, "columns": [...], "has_time": true, "not_logged": -99.0,
     "numbers": {"grade": {"mean": 4.1, "std": 2.0, "boundaries": [...]}, ...},
     "grades": [], "shortest": 3, "longest": 300}

and beside it ``categories/unique.COLUMN.parquet``, the values by id. NVTabular's own ``workflow.pkl`` holds
the same for Merlin's tools. Whoever loads a pickle runs what its maker put into it, so `load` leaves it alone
unless it is told to trust it.
"""

from __future__ import annotations

import itertools
import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from recsys import columns as c
from recsys.columns import ELAPSED_DAYS
from recsys.errors import RunError
from recsys.files import read_json, write_json
from workflows.sends.frames import INPUTS, input_schema, quiet
from workflows.sends.graph import NOT_LOGGED, Layout, build

if TYPE_CHECKING:
    from nvtabular import Workflow

DESCRIPTION: Final = "workflow.json"
FORMAT: Final = 1
_REMEDY: Final = "train anew"
_ALWAYS: Final = (c.CLIMBER_ID, c.CLIMB_ID, c.ROW)  # what every workflow reads
_Finite = Annotated[float, Field(allow_inf_nan=False)]


class Number(BaseModel):
    """How a number is standardised and binned; a mean of None where nothing was logged."""

    model_config = ConfigDict(extra="forbid", frozen=True)
    mean: _Finite | None
    std: Annotated[_Finite, Field(ge=0)]
    boundaries: Annotated[list[_Finite], Field(min_length=1)]

    @field_validator("boundaries")
    @classmethod
    def _increase(cls, edges: list[float]) -> list[float]:
        if any(low >= high for low, high in itertools.pairwise(edges)):
            raise ValueError("boundaries have to increase")
        return edges


class Description(BaseModel):
    """All that a workflow knows but the values by id.

    Attributes
    ----------
    columns:
        Raw columns that it reads.
    has_time:
        Whether it works out elapsed days.
    not_logged:
        What stands for a missing number before it is put into a bin.
    numbers:
        By feature: grade, rating, elapsed_days.
    grades:
        Where none can be read as a grade: the texts that have bins, in their order.
    shortest, longest:
        Sends of the shortest and the longest logbook that it was fit on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)
    format: Literal[1] = FORMAT
    made_with: dict[str, str] = {}
    columns: list[str]
    has_time: bool
    not_logged: _Finite
    numbers: dict[str, Number]
    grades: list[str] = []
    shortest: Annotated[int, Field(ge=0)]
    longest: Annotated[int, Field(ge=0)]

    @model_validator(mode="after")
    def _agree(self) -> Description:
        """Columns that there are, the ones that every workflow has, and the numbers that follow from them."""
        columns = set(self.columns)
        wanted: set[str]
        if len(columns) < len(self.columns) or not set(_ALWAYS) <= columns <= set(INPUTS):
            raise ValueError(f"columns have to be among {', '.join(INPUTS)}, with {', '.join(_ALWAYS)}")
        wanted = columns & {c.GRADE, c.RATING} | ({ELAPSED_DAYS} if self.has_time else set())
        if self.has_time > (c.DAY in columns) or wanted != set(self.numbers):
            raise ValueError("numbers have to be those of the columns")
        return self


def describe(workflow: Workflow) -> Description:
    """The description of a fitted workflow, whether it was fit here, rebuilt, or loaded from a pickle."""
    from importlib import metadata

    from merlin.dag import iter_nodes
    from nvtabular import ops

    from workflows.operators import GradeBins

    nodes = list(iter_nodes([workflow.output_node]))
    binned = [node for node in nodes if isinstance(node.op, ops.Bucketize)]
    edges = {name: node.op.boundaries(name) for node in binned for name in node.input_columns.names}
    scaled = [node.op for node in nodes if isinstance(node.op, ops.Normalize)]
    moments = {name: (op.means[name], op.stds[name]) for op in scaled for name in op.means}
    fills = {node.op.fill_val for node in nodes if isinstance(node.op, ops.FillMissing)} - {0}
    texts = [node.op.texts for node in nodes if isinstance(node.op, GradeBins)]
    present = set(workflow.input_schema.column_names)
    counts = workflow.output_schema["climb"].properties["value_count"]
    return Description(
        made_with={"nvtabular": metadata.version("nvtabular")},
        columns=[name for name in INPUTS if name in present],
        has_time=ELAPSED_DAYS in edges,
        not_logged=fills.pop() if fills else NOT_LOGGED,
        numbers={
            name: Number(
                mean=mean if math.isfinite(mean) else None,
                std=std if math.isfinite(std) else 0.0,
                boundaries=list(edges[name]),
            )
            for name, (mean, std) in moments.items()
        },
        grades=texts[0] if texts else [],
        shortest=counts["min"],
        longest=counts["max"],
    )


def write(workflow: Workflow, folder: Path) -> None:
    """Write ``workflow.json`` beside what ``Workflow.save`` wrote."""
    write_json(folder / DESCRIPTION, describe(workflow).model_dump())


def read(folder: Path) -> Description:
    """Read ``workflow.json``.

    Raises
    ------
    RunError
        It is missing, of another format, or not what it should be.
    """
    path = folder / DESCRIPTION
    if not path.exists():
        raise RunError(f"{path}: is not there, an older version wrote none; {_REMEDY}")
    found = read_json(path)
    if isinstance(found, dict) and found.get("format") != FORMAT:
        raise RunError(f"{path}: format {found.get('format')!r}, this version reads {FORMAT}; {_REMEDY}")
    try:
        return Description.model_validate(found)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "it"
        raise RunError(f"{path}: {where}: {first['msg'].lower()}; {_REMEDY}") from None


def load(folder: Path, trust: bool = False) -> Workflow:
    """The fitted workflow of a folder, rebuilt from its description; no pickle is opened.

    Parameters
    ----------
    folder:
        As `fit` wrote it.
    trust:
        Load NVTabular's pickle where there is no description: it runs whatever its maker put into it.

    Raises
    ------
    RunError
        There is no description and no trust, or the description or a file of values cannot be used.
    """
    if (folder / DESCRIPTION).is_file():
        return rebuild(read(folder), folder)
    if not trust:
        raise RunError(
            f"{folder}: has no {DESCRIPTION}, only NVTabular's pickle, which can run any code; {_REMEDY}, "
            f"or, if you know who made it, recsys export {folder.parent} -o {folder.parent}/bundle `trust`: "
            "whatever asks the run needs no more; recsys evaluate has `trust` too"
        )
    import nvtabular as nvt

    with quiet():
        return nvt.Workflow.load(str(folder))


def rebuild(description: Description, folder: Path) -> Workflow:
    """The workflow that a description tells of, its values by id read from ``folder/categories``."""
    from merlin.dag import iter_nodes

    edges = {name: number.boundaries for name, number in description.numbers.items()}
    layout = Layout(
        frozenset(description.columns), description.has_time, folder, edges, description.not_logged
    )
    schema = input_schema(description.columns)
    with quiet():
        workflow = build(layout).fit_schema(schema)
        for node in iter_nodes([workflow.output_node]):
            _fill(node, description, folder)
        return workflow.fit_schema(schema)


def _fill(node: Any, description: Description, folder: Path) -> None:
    """Give an operator what it once was fit to."""
    from merlin.dag.ops.stat_operator import StatOperator
    from nvtabular import ops

    from workflows.operators import GradeBins, ListLengths

    operator, names = node.op, node.input_columns.names
    if not isinstance(operator, StatOperator):
        return
    if isinstance(operator, ops.Categorify):
        operator.categories = {name: str(values_file(folder, name)) for name in names}
    elif isinstance(operator, ops.Normalize):
        for name in names:
            number = description.numbers[name]
            operator.means[name] = math.nan if number.mean is None else number.mean
            operator.stds[name] = number.std
    elif isinstance(operator, GradeBins):
        operator.texts = list(description.grades)
    elif isinstance(operator, ListLengths):
        operator.least, operator.most = description.shortest, description.longest
    operator.fitted = True


def values_file(folder: Path, column: str) -> Path:
    """The file of a column's values by id, which can be read as Parquet.

    Raises
    ------
    RunError
        It is missing, or not Parquet with that column.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    path = folder / "categories" / f"unique.{column}.parquet"
    try:
        if column in pq.read_schema(path).names:
            return path
        problem = f"has no column {column}"
    except (OSError, pa.ArrowInvalid) as error:
        problem = f"cannot be read ({str(error).splitlines()[0]})"
    raise RunError(f"{path}: {problem}; {_REMEDY}")
