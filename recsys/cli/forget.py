"""``recsys forget``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.asking import Folder


def forget(
    folder: Folder,
    climber: Annotated[list[str], typer.Option(help="id of who is to be forgotten; may be given again")],
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="a new folder, to be made; without it the folder itself changes"),
    ] = None,
) -> None:
    """Take a climber's sends, id and embedding out of a run or a bundle, for good; trains nothing."""
    from recsys.adapting.forgetting import forget as forget_climbers
    from recsys.console import say

    sends = forget_climbers(folder, climber, output)
    say(f"{', '.join(climber)}: forgotten, with {sends} sends; what was learned of all climbers stays")
