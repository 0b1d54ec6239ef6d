"""``recsys recommend``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer


def recommend(
    run: Annotated[Path, typer.Argument(help="a run's folder, runs/NAME")],
    climber: Annotated[str, typer.Option(help="id of a climber of the run")],
    grade: Annotated[
        str | None, typer.Option(help="a grade or a range, V4 or V4:V6: prompt and filter")
    ] = None,
    region: Annotated[str | None, typer.Option(help="a region of the run: prompt and filter")] = None,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="climbs to recommend")] = 10,
    exclude_seen: Annotated[
        bool, typer.Option("--exclude-seen/--include-seen", help="whether climbs already sent are left out")
    ] = True,
    json: Annotated[bool, typer.Option("--json", help="print JSON instead of a table")] = False,
) -> None:
    """Recommend the next climbs to a climber of a trained run."""
    from recsys.console import progress
    from recsys.logbooks.grades import parse_range
    from recsys.runs import Run

    opened = Run.open(run)
    span = parse_range(grade) if grade is not None else None
    with progress("loading the run"):
        from recsys.recommending.recommender import Recommender
        from recsys.recommending.request import Request, known_climber, known_region

        recommender = Recommender(opened)
    request = Request(
        climber=known_climber(climber, recommender.climbers),
        grades=span,
        region=known_region(region, recommender.catalogue) if region is not None else None,
        k=k,
        exclude_seen=exclude_seen,
    )
    items = [item.to_json() for item in recommender.recommend(request)]
    _print_json(request.climber, items) if json else _print_table(request.climber, items)


def _print_json(climber: str, items: list[dict[str, Any]]) -> None:
    import json

    print(json.dumps({"climber": climber, "items": items}, indent=2, ensure_ascii=False))


def _print_table(climber: str, items: list[dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    table = Table(title=f"Next climbs for {climber}", title_justify="left", box=None, header_style="bold")
    for heading in ("", "climb", "name", "grade", "region"):
        table.add_column(heading)
    table.add_column("probability", justify="right")
    for place, item in enumerate(items, 1):
        texts = [item[key] or "-" for key in ("climb_id", "name", "grade", "region")]
        table.add_row(str(place), *texts, f"{item['score']:.1%}")
    Console().print(table)
