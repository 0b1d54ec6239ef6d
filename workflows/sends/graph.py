"""The workflow's graph: which operator follows which, for the columns that some sends hold."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from recsys import columns as c
from recsys.columns import BIN, CLIMB, CLIMBER, ELAPSED_DAYS

if TYPE_CHECKING:
    from nvtabular import Workflow

NOT_LOGGED: Final = -99.0
_BELOW = [-100.0, -98.0]  # bin 1 holds what was not logged, and nothing else
BOUNDARIES: Final[Mapping[str, list[float]]] = {
    # Half steps of the boulder ladder V0 to V17, then whole steps of the route ladder (offset by 100).
    c.GRADE: [*_BELOW, *(g / 2 - 0.25 for g in range(1, 36)), *(g - 0.25 for g in range(100, 141))],
    c.RATING: [*_BELOW, 1.5, 2.5, 3.5, 4.5],
    # Log-spaced, in days: a minute, an hour, half a day, then doublings up to two years.
    ELAPSED_DAYS: [*_BELOW, 1 / 1440, 1 / 24, 0.5, *(1.5 * 2**k for k in range(10))],
}


@dataclass(frozen=True)
class Layout:
    """What decides the graph, beside what is fit.

    Attributes
    ----------
    present:
        Columns of the raw sends; region, grade, rating, comment and beta are used where present.
    has_time:
        Whether ``day`` is in days. Without it there are no elapsed days.
    scratch:
        Where Categorify keeps its category files; ``Workflow.save`` copies them.
    boundaries:
        Edges of the bins of each number.
    not_logged:
        What stands for a missing number before it is put into a bin.
    plain:
        NVTabular's own operators throughout, as the quicker ones are tested against.
    """

    present: frozenset[str]
    has_time: bool
    scratch: Path
    boundaries: Mapping[str, list[float]] = field(default_factory=lambda: BOUNDARIES)
    not_logged: float = NOT_LOGGED
    plain: bool = False


def build(layout: Layout) -> Workflow:
    """Lay out the workflow, to be fit."""
    import nvtabular as nvt
    from merlin.schema import Tags
    from nvtabular import ops

    from workflows.operators import GradeBins, Presence, SequenceLengths

    climbers = _Climbers(layout)
    context = [Tags.CATEGORICAL, Tags.CONTEXT]
    lists = climbers.lists(_categories(layout, c.CLIMB_ID, CLIMB, [Tags.ITEM, Tags.ITEM_ID]), CLIMB)
    if c.REGION in layout.present:
        lists += climbers.lists(_categories(layout, c.REGION, c.REGION, [Tags.CONTEXT]), c.REGION)
    for name in (c.COMMENT, c.BETA):
        if name in layout.present:
            lists += climbers.lists([name] >> Presence() >> ops.AddTags(context), name)
    for name, node in _numbers(layout).items():
        lists += climbers.lists(_standardised(name, node), name)
        binned = [name] >> GradeBins() if name == c.GRADE else node
        lists += climbers.lists(_binned(layout, name, binned), name + BIN)
    lists = lists >> SequenceLengths() if layout.plain else lists
    lists = lists >> ops.AddTags([Tags.LIST, Tags.SEQUENCE])
    user = _categories(layout, c.CLIMBER_ID, CLIMBER, [Tags.USER, Tags.USER_ID])
    return nvt.Workflow(lists + climbers.first(user, CLIMBER) + climbers.keys())


class _Climbers:
    """Grouping by climber: one row a climber, whatever column it is of."""

    def __init__(self, layout: Layout) -> None:
        from workflows.operators import ListLengths

        self.plain, self.lengths = layout.plain, ListLengths()

    def lists(self, node: Any, name: str) -> Any:
        """A column's values as one list a climber."""
        return self._grouped(node, {name: ["list"]})

    def first(self, node: Any, name: str) -> Any:
        """A column's first value of each climber."""
        return self._grouped(node, {name: ["first"]})

    def keys(self) -> Any:
        """The climbers' ids as logged, and the rows of their sends."""
        ids = [c.CLIMBER_ID] >> self.lengths
        return self._grouped(
            [c.CLIMBER_ID, c.ROW] if self.plain else ids + c.ROW, {c.ROW: ["list"]}, keyed=True
        )

    def _grouped(self, node: Any, aggregations: Mapping[str, list[str]], keyed: bool = False) -> Any:
        from nvtabular import ops

        from workflows.operators import Lists

        options = {"groupby_cols": [c.CLIMBER_ID], "aggs": dict(aggregations), "name_sep": "-"}
        operator = ops.Groupby(**options) if self.plain else Lists(self.lengths, **options)
        names = [*aggregations, *(name for name in (c.CLIMBER_ID,) if keyed)]
        return (node >> operator >> ops.Rename(f=_without_aggregation))[names]


def _categories(layout: Layout, column: str, name: str, tags: list[Any]) -> Any:
    from merlin.schema import Tags
    from nvtabular import ops

    from workflows.operators import Codes

    operator = (ops.Categorify if layout.plain else Codes)(out_path=str(layout.scratch))
    return [column] >> operator >> ops.Rename(name=name) >> ops.AddTags([Tags.CATEGORICAL, *tags])


def _numbers(layout: Layout) -> dict[str, Any]:
    """Each number as logged, or worked out from what was."""
    from nvtabular import ops

    from workflows.operators import Elapsed, GradeOrdinal

    numbers: dict[str, Any] = {}
    if c.GRADE in layout.present:
        numbers[c.GRADE] = [c.GRADE] >> GradeOrdinal()
    if c.RATING in layout.present:
        numbers[c.RATING] = [c.RATING]
    if layout.has_time:
        lag = (ops.DifferenceLag if layout.plain else Elapsed)(c.CLIMBER_ID)
        numbers[ELAPSED_DAYS] = [c.DAY] >> lag >> ops.Rename(name=ELAPSED_DAYS)
    return numbers


def _standardised(name: str, node: Any) -> Any:
    """Zero mean and unit variance on the training sends (days after a logarithm); not logged is 0."""
    from nvtabular import ops

    number = node >> ops.LogOp() if name == ELAPSED_DAYS else node
    return number >> ops.Normalize() >> ops.FillMissing(0) >> ops.AddTags(["continuous", "context"])


def _binned(layout: Layout, name: str, node: Any) -> Any:
    """Indices among the boundaries; what was not logged has a bin of its own."""
    from nvtabular import ops

    edges = list(layout.boundaries[name])
    return (
        node
        >> ops.FillMissing(layout.not_logged)
        >> ops.Bucketize({name: edges}.__getitem__)  # a dict would become a lambda, which ties a pickle
        >> ops.Rename(name=name + BIN)  # to one version of Python
        >> ops.AddMetadata(
            tags=["categorical", "context"], properties={"domain": {"min": 0, "max": len(edges)}}
        )
    )


def _without_aggregation(name: str) -> str:
    return name.split("-")[0]
