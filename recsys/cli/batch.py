"""``recsys batch``: a site's file of the night, the next climbs of every climber."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from recsys.cli.asking import Diversity, Folder, Mode, Novelty, Sort, open_folder
from recsys.cli.shared import WHEN

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from recsys.recommending.batch import Answer


TABLE = "recommendations"
WORTH_A_PROCESS = 2_000  # climbers below which opening the bundle once more takes longer than it saves


def batch(
    folder: Folder,
    output: Annotated[
        str,
        typer.Option(
            "--output",
            "-o",
            help="file to write: .csv, .parquet or .jsonl (JSON lines), also s3:// ...; or postgresql://",
        ),
    ],
    table: Annotated[
        str, typer.Option(help="a database's table whose rows are replaced, in one transaction")
    ] = TABLE,
    k: Annotated[int, typer.Option("-k", min=1, max=1000, help="climbs for each climber")] = 20,
    grade: Annotated[str | None, typer.Option(help="a grade or a range, V4 or V4:V6, for all")] = None,
    region: Annotated[str | None, typer.Option(help="a region of the run, for all")] = None,
    min_stars: Annotated[
        float | None, typer.Option(min=1.0, max=5.0, help="least mean rating in stars, for all")
    ] = None,
    when: Annotated[str | None, typer.Option(help=f"{WHEN}, for all")] = None,
    limits: Annotated[
        Path | None,
        typer.Option(help="CSV of limits by climber: climber_id, and any of grade, region, min_stars, k"),
    ] = None,
    block: Annotated[
        Path | None, typer.Option(help="file of closed climbs and areas, one a line: never named")
    ] = None,
    jobs: Annotated[
        int,
        typer.Option(
            min=0, help=f"processes (default: one for each {WORTH_A_PROCESS:,} climbers, at most one a core)"
        ),
    ] = 0,
    exclude_seen: Annotated[
        bool, typer.Option("--exclude-seen/--include-seen", help="whether climbs already sent are left out")
    ] = True,
    diversity: Diversity = 0.0,
    novelty: Novelty = 0.0,
    mode: Mode = "any",
    sort: Sort = "likely",
) -> None:
    """Recommend to every climber whose logbook is stored, and write one file, or a database's table.

    A row is a climber's climb: climber_id, rank, climb_id, name, grade, region, area, stars, sends, score,
    hard (as "project") and reach, the chance behind that word.
    Climbers for whom nothing fits have no row, and are counted.
    """
    from recsys.api.answer_tables import write_answers
    from recsys.api.opening import open_recommender
    from recsys.api.tables import check_suffix
    from recsys.cli.recommend import warn_unknown
    from recsys.console import progress, say, warn
    from recsys.errors import UsageError
    from recsys.postgres import check, is_address, place, replace_table
    from recsys.recommending.batch import COLUMNS, KEY, LATER, answers, answers_by, requests, unanswered
    from recsys.recommending.blocked import OPEN, read_blocked
    from recsys.recommending.hardness import check_ways
    from recsys.recommending.limits import read_limits
    from recsys.stores import local_folder, staged

    if is_address(output):
        check(output, table)
    else:
        if table != TABLE:
            raise UsageError(
                f"`table` {table}: is of a database; leave it out, or give postgresql:// as `output`"
            )
        check_suffix(Path(output))
    folder = local_folder(folder)
    closed = OPEN if block is None else read_blocked(block)
    recommender = open_folder(folder)
    warn_unknown(recommender, closed)
    own = {} if limits is None else read_limits(limits, recommender)
    _warn_strangers(set(own).difference(recommender.climbers), limits)
    shared: dict[str, Any] = {"grade": grade, "region": region, "min_stars": min_stars, "when": when, "k": k}
    shared |= {"exclude_seen": exclude_seen, "blocked": closed, "diversity": diversity, "novelty": novelty}
    shared |= {"mode": mode, "sort": sort}
    check_ways(mode, sort)
    recommender.request(**shared)  # a wrong limit is said before any work is done
    climbers, empty = list(recommender.climbers), list[str]()
    jobs = jobs or min(os.cpu_count() or 1, 1 + len(climbers) // WORTH_A_PROCESS)
    if jobs == 1:
        found = answers(recommender, requests(recommender, own, **shared))
    else:
        found = answers_by(jobs, open_recommender, folder, climbers, own, shared)
    with progress("recommending", len(recommender.climbers)) as advance:
        counted = _counted(found, empty, advance)
        catalogue = recommender.catalogue
        if is_address(output):
            rows = (row for answer in counted for row in answer.rows(catalogue))
            for name in replace_table(output, table, COLUMNS, KEY, rows, LATER):
                warn(f"`table` {table}: was made before there was a column {name}, and goes on without it")
            output = f"{table} of {place(output)}"
        else:
            with staged(Path(output)) as local:
                write_answers(counted, local, catalogue)
    if empty:
        warn(unanswered(empty))
    say(f"{len(recommender.climbers) - len(empty)} climbers written to {output}")


def _warn_strangers(climbers: set[str], limits: Path | None) -> None:
    """Say whose limits are of no use: they are new, were left out of the training, or are misspelt."""
    from recsys.console import warn
    from recsys.recommending.request import some

    if climbers:
        warn(
            f"{limits}: no stored logbook of {len(climbers)} climbers ({some(sorted(climbers))}); check them"
        )


def _counted(found: Iterable[Answer], empty: list[str], advance: Any) -> Iterator[Answer]:
    """The answers; climbers for whom nothing fits are noted."""
    for answer in found:
        advance(1)
        if answer.problem is not None:
            empty.append(answer.climber)
        yield answer
