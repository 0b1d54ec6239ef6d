"""``recsys runs``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Final

import typer

from recsys.cli.asking import Json

_NUMBERS: Final = ("prompted", "unprompted", "popularity", "seconds")


def runs(
    folder: Annotated[Path, typer.Argument(help="the folder that holds the runs")] = Path("runs"),
    json: Json = False,
) -> None:
    """List the runs of a folder side by side: data, method, split, and how well each does."""
    from recsys.api.listing import summaries

    found = summaries(folder)
    if json:
        from recsys.console import print_json

        print_json(found)
        return
    from recsys.console import print_table

    headings = ("run", "data", "method", "split", "cases", *(f">{name}" for name in _NUMBERS))
    print_table(
        "", headings, [[_shown(each.get(name.removeprefix(">"))) for name in headings] for each in found]
    )
    print("recall@10; a run that is not finished has none")


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
