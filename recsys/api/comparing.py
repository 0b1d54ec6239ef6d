"""Comparing methods from Python: a small study as a table."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.api.arguments import place
from recsys.api.frames import as_file
from recsys.baselines.rows import select

if TYPE_CHECKING:
    import pandas as pd

    from recsys.study.summary import RowSummary


def compare(
    data: pd.DataFrame | str | Path | None = None,
    rows: str | Sequence[str] = ("popularity", "item-knn", "sequential-knn", "ease", "default"),
    *,
    output: str | Path | None = None,
    jobs: int = 1,
    **settings: Any,
) -> pd.DataFrame:
    """Fit these rows of the study on one data set, with the same split, budget and evaluator.

    Parameters
    ----------
    data:
        Raw sends, a DataFrame or a file; None: the simulated BC logbooks.
    rows:
        Names or patterns, as ``recsys study --list-rows`` prints them; in one text, commas between.
    output:
        The study's folder, to be kept and continued; None: a temporary one.
    jobs:
        Rows at a time.
    settings:
        ``seeds``, ``split``, ``epochs``, ``length``, ``seed`` (of the split) ... by name.

    Returns
    -------
    One row a method: row, title, and for each metric its value and 95% interval, unprompted and prompted.
    """
    import pandas as pd

    from recsys.study.config import configured
    from recsys.study.study import study

    reference = settings.pop("reference", None)
    chosen = tuple(row.name for row in select(rows if isinstance(rows, str) else ",".join(rows)))
    with as_file(data) as path, _folder(output) as folder:
        config = configured(
            settings, data=path, seed=settings.pop("seed", 0), rows=chosen, reference=reference or chosen[0]
        )
        return pd.DataFrame([_row(each) for each in study(config, Path(folder), jobs).rows])


def _row(row: RowSummary) -> dict[str, Any]:
    """One row of the table; prompted columns are missing where a method takes no prompt."""
    found: dict[str, Any] = {"row": row.name, "title": row.title, "seconds": row.seconds}
    for prompting, metrics in row.prompting.items():
        for metric, each in metrics.items():
            found[f"{prompting} {metric}"] = each.value
            found[f"{prompting} {metric} low"], found[f"{prompting} {metric} high"] = each.low, each.high
    return found


def _folder(output: str | Path | None) -> Any:
    if output is None:
        return tempfile.TemporaryDirectory(prefix="recsys-study-")
    return nullcontext(place(output, "output"))
