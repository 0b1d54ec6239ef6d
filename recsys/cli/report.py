"""``recsys report``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def report(
    study: Annotated[Path, typer.Argument(help="a study's folder, studies/NAME")],
    markdown: Annotated[bool, typer.Option("--markdown", help="print the tables as Markdown")] = False,
) -> None:
    """Write a study's results.csv, report.html and report.md anew from the cells that are finished."""
    from recsys.study import study as studies

    found = studies.report(study)

    from recsys.nouns import spoken
    from recsys.study import report as pages

    print(spoken(pages.markdown(found) if markdown else pages.table(found)))
