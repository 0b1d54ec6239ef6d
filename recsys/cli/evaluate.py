"""``recsys evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from recsys.cli.shared import TRUST


def evaluate(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME")],
    part: Annotated[str, typer.Option(help="test | validation")] = "test",
    exclude_seen: Annotated[
        bool | None,
        typer.Option(
            "--exclude-seen/--include-seen",
            help="whether climbs already sent are left out (default: as trained)",
        ),
    ] = None,
    json: Annotated[bool, typer.Option("--json", help="print what metrics.json would hold")] = False,
    trust: Annotated[bool, TRUST] = False,
) -> None:
    """Evaluate a trained run again, prompted and unprompted, beside popularity and chance."""
    import json as text

    from recsys.console import progress
    from recsys.training.evaluating import evaluate_folder

    with progress("scoring cases"):
        metrics = evaluate_folder(run, part, exclude_seen, trust)

    from recsys.evaluation.report import metrics_table
    from recsys.nouns import spoken

    print(text.dumps(metrics, indent=2) if json else spoken(metrics_table(metrics)))
