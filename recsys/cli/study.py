"""``recsys study``."""

from __future__ import annotations

import functools
import os
from pathlib import Path
from typing import Annotated, Any, Final

import typer

from recsys.baselines.rows import FAMILIES, ROWS, select
from recsys.cli.options import with_settings
from recsys.config.run import RAW_SENDS, RunConfig
from recsys.config.training import TrainingConfig
from recsys.study.config import BUDGET, UNREAD, StudyConfig, configured

_Option = typer.Option
_Chance = functools.partial(
    typer.Option, min=0, max=1, rich_help_panel="Chances of SSE-PT's stochastic shared embeddings"
)
_ELSEWHERE: Final = (*UNREAD, "data", "seed", "rows", "reference", "run", "settings")


@with_settings(
    RunConfig,
    TrainingConfig,
    StudyConfig,
    without=_ELSEWHERE,
    defaults={**BUDGET, "patience": "as many as epochs"},
)
def study(
    given: dict[str, Any],
    data: Annotated[
        Path | None, typer.Argument(help=f"{RAW_SENDS} (default: the simulated BC logbooks)")
    ] = None,
    rows: Annotated[str, _Option(help="names and patterns, comma-separated: all, item-knn, paper-*")] = "all",
    output: Annotated[
        Path | None, _Option("--output", "-o", help="the study's folder (default: studies/DATA-SPLIT)")
    ] = None,
    out: Annotated[Path | None, _Option(hidden=True, help="what it was called before")] = None,
    reference: Annotated[str, _Option(help="row that the others are compared with")] = "item-knn",
    split_seed: Annotated[int, _Option(help="seed of the split, the same for all seeds")] = 0,
    sse_item: Annotated[float, _Chance(help="that training replaces a climb of the input by another")] = 0.1,
    sse_target: Annotated[float, _Chance(help="that it replaces a climb to be named")] = 0.1,
    sse_user: Annotated[float, _Chance(help="that it replaces a window's climber")] = 0.92,
    jobs: Annotated[int, _Option(help="cells at a time (default: as many as cores; 1 with a GPU)")] = 0,
    list_rows: Annotated[bool, _Option("--list-rows", help="print the rows, and stop")] = False,
) -> None:
    """Compare every method of the field on one data set, with the same split, budget and evaluator.

    A finished cell (a row and a seed) is never run again: kill a study and call it again, with more rows or
    more seeds if you like. It writes results.csv, report.html and report.md.
    """
    if list_rows:
        print(_listing())
        return
    chosen = tuple(row.name for row in select(rows))
    sse = {"sse_item": sse_item, "sse_target": sse_target, "sse_user": sse_user}
    config = configured(
        given, data=data, seed=split_seed, rows=chosen, reference=select(reference)[0].name,
        settings={"sse-pt": sse},
    )  # fmt: skip
    folder = output or out or Path("studies") / f"{data.stem if data else 'simulated-bc'}-{config.run.split}"

    from recsys.console import say
    from recsys.nouns import spoken
    from recsys.study.report import table
    from recsys.study.study import study as run_study

    found = run_study(config, folder, jobs or _jobs())
    print(spoken(table(found)))
    say(f"kept in {folder}; the report is {folder / 'report.html'}")


def _jobs() -> int:
    """One cell at a time with a GPU, else one a core."""
    import torch

    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def _listing() -> str:
    """The rows by family."""
    lines = []
    for family in FAMILIES:
        lines.append(family)
        lines += [
            f"  {row.name:<22}{row.title:<42}{row.source}" for row in ROWS.values() if row.family == family
        ]
    return "\n".join(lines)
