"""``recsys study``."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Annotated

import typer

_Option = typer.Option
_Chance = functools.partial(
    typer.Option, min=0, max=1, rich_help_panel="Chances of SSE-PT's stochastic shared embeddings"
)


def study(
    data: Annotated[
        Path | None, typer.Argument(help="raw sends, CSV or Parquet [default: the simulated BC logbooks]")
    ] = None,
    rows: Annotated[str, _Option(help="names and patterns, comma-separated: all, item-knn, paper-*")] = "all",
    seeds: Annotated[int, _Option(help="seeds of the weights and the training")] = 5,
    split: Annotated[str, _Option(help="climber | temporal | leave-one-out: what is held out")] = "climber",
    out: Annotated[Path | None, _Option(help="the study's folder [default: studies/DATA-SPLIT]")] = None,
    reference: Annotated[str, _Option(help="row that the others are compared with")] = "item-knn",
    epochs: Annotated[int, _Option(help="epochs that a trained row chooses among")] = 5,
    learning_rate: Annotated[float, _Option(help="highest learning rate of Adam, for all rows")] = 3e-3,
    batch_size: Annotated[int, _Option(help="windows in a batch, for all rows")] = 128,
    windows: Annotated[
        float,
        _Option(help="times an epoch asks for each training send, whatever the objective"),
    ] = 1.0,
    length: Annotated[int, _Option(help="sends in a window, the target included")] = 10,
    validation_cases: Annotated[int, _Option(help="validation cases that choose, at most")] = 3000,
    min_sends: Annotated[int, _Option(help="fewest sends of a climb, and of a climber, that are kept")] = 5,
    bad_rows: Annotated[str, _Option(help="fail | drop: what to do with rows that are not right")] = "fail",
    schema: Annotated[
        str | None, _Option(help="how the data's columns map onto the contract's [default: by its columns]")
    ] = None,
    exclude_seen: Annotated[
        bool,
        _Option("--exclude-seen/--include-seen", help="whether climbs already sent are left out"),
    ] = True,
    split_seed: Annotated[int, _Option(help="seed of the split, the same for all seeds")] = 0,
    paper: Annotated[str, _Option(help="none | bc | world: the paper's table to show beside")] = "none",
    sse_item: Annotated[float, _Chance(help="that training replaces a climb of the input by another")] = 0.1,
    sse_target: Annotated[float, _Chance(help="that it replaces a climb to be named")] = 0.1,
    sse_user: Annotated[float, _Chance(help="that it replaces a window's climber")] = 0.92,
    jobs: Annotated[int, _Option(help="cells at a time [default: as many as cores; 1 with a GPU]")] = 0,
    list_rows: Annotated[bool, _Option("--list-rows", help="print the rows, and stop")] = False,
) -> None:
    """Compare every method of the field on one data set, with the same split, budget and evaluator.

    A finished cell (a row and a seed) is never run again: kill a study and call it again, with more rows or
    more seeds if you like. It writes results.csv, report.html and report.md.
    """
    from recsys.baselines.rows import select

    if list_rows:
        print(_listing())
        return
    chosen = tuple(row.name for row in select(rows))
    reference = select(reference)[0].name

    from recsys.cli.settings import configure_study

    config = configure_study(
        run={
            "data": data, "schema_name": schema, "split": split, "min_sends": min_sends, "bad_rows": bad_rows,
            "exclude_seen": exclude_seen, "seed": split_seed,
        },
        training={
            "epochs": epochs, "patience": epochs, "batch_size": batch_size, "windows": windows,
            "learning_rate": learning_rate, "final_learning_rate": learning_rate / 10,
            "validation_cases": validation_cases,
        },
        study={
            "rows": chosen, "seeds": seeds, "length": length, "reference": reference, "paper": paper,
            "settings": {"sse-pt": {"sse_item": sse_item, "sse_target": sse_target, "sse_user": sse_user}},
        },
    )  # fmt: skip
    folder = out or Path("studies") / f"{data.stem if data else 'simulated-bc'}-{split}"

    from recsys.study.study import study as run_study

    found = run_study(config, folder, jobs or _jobs())

    from recsys.console import say
    from recsys.study.report import table

    print(table(found))
    say(f"kept in {folder}; open {folder}/report.html")


def _jobs() -> int:
    """As many cells at a time as there are cores; a GPU serves one."""
    import os

    import torch

    return 1 if torch.cuda.is_available() else os.cpu_count() or 1


def _listing() -> str:
    """The rows by family."""
    from recsys.baselines.rows import FAMILIES, ROWS

    lines = []
    for family in FAMILIES:
        lines.append(family)
        lines += [
            f"  {row.name:<22}{row.title:<42}{row.source}" for row in ROWS.values() if row.family == family
        ]
    return "\n".join(lines)
