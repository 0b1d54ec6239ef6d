"""``recsys simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    output: Annotated[Path, typer.Option("--output", "-o", help="where to write them: .parquet or .csv")],
    preset: Annotated[
        str | None,
        typer.Option(help="bc | world: sizes by Thompson 2023; gym: climbs of six weeks (default: bc)"),
    ] = None,
    domain: Annotated[
        str, typer.Option(help="climbing | books: loans of an early readers' library")
    ] = "climbing",
    seed: Annotated[int, typer.Option(help="same seed, same logbooks")] = 0,
    scale: Annotated[float, typer.Option(help="share of the community's size")] = 1.0,
) -> None:
    """Simulate climbers' logbooks, or a library's loans; nobody real is in them."""
    from recsys.atomic import atomic_path
    from recsys.console import progress, say
    from recsys.errors import UsageError

    if output.suffix not in (".parquet", ".csv"):
        raise UsageError(f"`output` {output}: give it the suffix .parquet or .csv")
    if domain not in ("climbing", "books"):
        raise UsageError(f"`domain` {domain}: choose climbing or books")
    if domain == "books" and preset is not None:
        raise UsageError(f"`preset` {preset}: is of climbing, and `domain` books has none; leave it out")
    with progress("simulating"):
        from recsys.logbooks.simulate import CLIMBING
        from recsys.logbooks.simulate import simulate as draw

        if preset is not None and preset not in CLIMBING:
            raise UsageError(f"`preset` {preset}: choose one of {', '.join(CLIMBING)}")
        sends = draw(domain if domain == "books" else preset or "bc", seed=seed, scale=scale)
    with atomic_path(output) as fresh:
        sends.to_parquet(fresh, index=False) if output.suffix == ".parquet" else sends.to_csv(
            fresh, index=False
        )
    if domain == "books":
        say(f"{len(sends)} simulated loans of {sends['reader_id'].nunique()} readers written to {output}")
        return
    say(f"{len(sends)} simulated sends of {sends['climber_id'].nunique()} climbers written to {output}")
