"""``recsys monitor``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from recsys.cli.asking import BadRows, Json
from recsys.config.run import TABLES

if TYPE_CHECKING:
    from recsys.monitoring.monitor import Watch


def monitor(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME")],
    sends: Annotated[Path, typer.Argument(help=f"new sends: {TABLES}")],
    html: Annotated[Path | None, typer.Option(help="also write an HTML page there")] = None,
    recommended: Annotated[
        Path | None, typer.Option(help="answers of recommend --json that were kept (default: ask again)")
    ] = None,
    k: Annotated[int, typer.Option("-k", help="climbs recommended to each climber")] = 10,
    schema: Annotated[str | None, typer.Option(help="the sends' mapping (default: the run's own)")] = None,
    bad_rows: BadRows = "fail",
    psi: Annotated[float, typer.Option(help="limit: drift of grades and of regions, beyond chance")] = 0.25,
    unknown_climbs: Annotated[float, typer.Option(help="limit: share of sends of unknown climbs")] = 0.2,
    unknown_climbers: Annotated[float, typer.Option(help="limit: share of sends of unknown climbers")] = 0.5,
    gain: Annotated[float, typer.Option(help="limit: hit rate over that of popular climbs, at least")] = 1.0,
    json: Json = False,
) -> None:
    """Compare new sends with a run: drift, unknown climbs and climbers, hits. Exits with 1 past a limit."""
    from recsys.atomic import atomic_path
    from recsys.cli.asking import open_folder
    from recsys.console import print_json
    from recsys.monitoring import monitor as watching
    from recsys.monitoring.hits import check_k, read_answers
    from recsys.monitoring.page import page
    from recsys.runs import Run

    limits = watching.Limits(psi, unknown_climbs, unknown_climbers, gain)
    opened = Run.open(run)
    answers = None if recommended is None else read_answers(recommended)
    watch = watching.monitor(opened, open_folder(run), sends, limits, check_k(k), schema, bad_rows, answers)
    if html is not None:
        with atomic_path(html) as fresh:
            fresh.write_text(page(watch), encoding="utf-8")
    if json:
        print_json(watch.to_json())
    else:
        _print(watch)
    if watch.alarms:
        raise typer.Exit(1)


def _print(watch: Watch) -> None:
    from recsys.console import print_table
    from recsys.nouns import spoken

    rows: list[tuple[object, ...]] = [
        (each.name, f"{each.value:.3f}", f"{each.limit:.3f}", "ALARM" if each.alarm else "fine")
        for each in watch.checks
    ]
    rows += [(f"{each.column}, Jensen-Shannon", f"{each.js:.3f}", "", "") for each in watch.drifts]
    if watch.hits is not None:
        low, high = watch.hits.hit_ci95
        if low is not None and high is not None:
            rows.append((f"hit rate of {watch.hits.climbers} climbers", f"[{low:.3f}, {high:.3f}]", "", ""))
    title = spoken(f"{watch.sends} new sends of {watch.climbers} climbers, {watch.first} to {watch.last}")
    print_table(title, ("reading", ">value", ">limit", ""), rows, prose=(0,))
