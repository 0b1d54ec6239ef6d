"""``recsys simulate``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer


def simulate(
    output: Annotated[Path, typer.Option("--output", "-o", help="where to write them: .parquet or .csv")],
    preset: Annotated[
        str, typer.Option(help="bc | world: sizes by Thompson 2023; gym: climbs of six weeks")
    ] = "bc",
    seed: Annotated[int, typer.Option(help="same seed, same logbooks")] = 0,
    scale: Annotated[float, typer.Option(help="share of the community's size")] = 1.0,
) -> None:
    """Simulate climbers' logbooks; no real climber's sends are in them."""
    from recsys.console import progress, say
    from recsys.errors import UsageError
    from recsys.files import atomic_path

    if output.suffix not in (".parquet", ".csv"):
        raise UsageError(f"--output {output}: give it the suffix .parquet or .csv")
    with progress("simulating logbooks"):
        from recsys.logbooks.simulate import simulate as draw

        sends = draw(preset, seed=seed, scale=scale)
    with atomic_path(output) as fresh:
        sends.to_parquet(fresh, index=False) if output.suffix == ".parquet" else sends.to_csv(
            fresh, index=False
        )
    say(f"{len(sends)} simulated sends of {sends['climber_id'].nunique()} climbers written to {output}")
