"""``recsys runs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def runs(
    folder: Annotated[Path, typer.Argument(help="the folder that holds the runs")] = Path("runs"),
    json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """List the runs of a folder side by side: data, method, split, and how well each does."""
    from recsys.runs import summaries

    found = summaries(folder)
    if json:
        from recsys.console import print_json

        print_json(found)
        return
    from rich.table import Table

    from recsys.terminal import print_table

    table = Table(box=None, header_style="bold")
    for heading in ("run", "data", "method", "split", "cases"):
        table.add_column(heading, overflow="fold")
    for heading in ("prompted", "unprompted", "popularity", "seconds"):
        table.add_column(heading, justify="right")
    for each in found:
        table.add_row(*_cells(each))
    print_table(table)
    print("recall@10; a run that is not finished has none")


def _cells(row: dict[str, object]) -> list[Any]:
    from recsys.console import cell

    names = ("run", "data", "method", "split", "cases", "prompted", "unprompted", "popularity", "seconds")
    return [cell(_shown(row.get(name))) for name in names]


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return (
        f"{value:.3f}"
        if isinstance(value, float) and value <= 1
        else f"{value:.0f}"
        if isinstance(value, float)
        else str(value)
    )
