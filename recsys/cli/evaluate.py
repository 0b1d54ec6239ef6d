"""``recsys evaluate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


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
) -> None:
    """Evaluate a trained run again, prompted and unprompted, beside popularity and chance."""
    from recsys.console import progress
    from recsys.errors import UsageError
    from recsys.runs import Run

    if part not in ("test", "validation"):
        raise UsageError(f"--part {part}: choose test or validation")
    opened = Run.open(run)
    config = opened.config
    with progress("loading the run"):
        from recsys.sequences.prepare import load_prepared
        from recsys.training.kept import load_method
        from recsys.training.prepare import described
        from recsys.training.suite import evaluate_run

        prepared = load_prepared(run)
        method = load_method(opened, prepared)
    seen = config.exclude_seen if exclude_seen is None else exclude_seen
    with progress("scoring cases"):
        metrics = evaluate_run(
            method, prepared, config.model.length, seen, config.seed, part, described(config)
        )

    import json as text

    from recsys.evaluation.report import metrics_table

    print(text.dumps(metrics, indent=2) if json else metrics_table(metrics))
