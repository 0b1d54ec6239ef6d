"""``python -m workflows.sends``: the preprocessing workflow alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from recsys import run_files
from recsys.config.bad_rows import WHAT, BadRows
from recsys.config.run import RAW_SENDS
from recsys.terminal import run, single


def preprocess(
    sends: Annotated[Path, typer.Argument(help=RAW_SENDS)],
    out: Annotated[Path, typer.Argument(help="folder to make: sequences.parquet, schema.pbtxt, workflow/")],
    schema: Annotated[str | None, typer.Option(help="how the data's columns map: a name or a TOML")] = None,
    min_sends: Annotated[int, typer.Option(min=1, help="fewest sends of a climb and a climber to keep")] = 1,
    bad_rows: Annotated[BadRows, typer.Option(help=f"fail | drop: {WHAT}", metavar="TEXT")] = "fail",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the folder")] = False,
    dask: Annotated[
        str | None,
        typer.Option(
            help="run out of core on a Dask cluster: local:N workers here, or a scheduler's address"
        ),
    ] = None,
    dask_memory: Annotated[str, typer.Option(help="memory of each of the local workers")] = "2GB",
) -> None:
    """Turn raw sends into one sequence a climber, with a Merlin schema and the workflow that made them.

    The workflow is fit on all the sends given. Training fits its own on the training part alone.
    """
    from recsys.atomic import atomic_folder, atomic_path
    from recsys.console import progress, say, warn
    from recsys.logbooks.filter import core_filter
    from recsys.logbooks.read import read_sends

    if dask is not None:
        _on_cluster(sends, out, schema, min_sends, bad_rows, overwrite, dask, dask_memory)
        return
    with atomic_folder(out, replace=overwrite) as fresh:
        with progress("reading sends"):
            read = read_sends(sends, schema, bad_rows, fresh / run_files.REJECTS)
        for line in read.lines(out / run_files.REJECTS):
            warn(line)
        with progress("fitting the workflow"):
            from workflows import sends as workflow_of
            from workflows.coded import write_sequences

            frame = core_filter(read.frame, min_sends)
            fitted = workflow_of.fit(frame, fresh / "workflow", read.has_time)
        say(workflow_of.device()[1])
        with atomic_path(fresh / "sequences.parquet") as path:
            climbers = write_sequences(workflow_of.pieces(fitted, frame), path)
        text = workflow_of.schema_text(workflow_of.model_schema(fitted))
        (fresh / run_files.SCHEMA).write_text(text, encoding="utf-8")
    say(f"{climbers} sequences of {len(frame)} sends written to {out}")


def _on_cluster(
    sends: Path, out: Path, schema: str | None, min_sends: int, bad_rows: BadRows, overwrite: bool,
    dask: str, memory: str,
) -> None:  # fmt: skip
    """The same on a Dask cluster (`workflows.sends.distributed`)."""
    import tempfile

    from recsys.atomic import atomic_folder, atomic_path
    from recsys.console import progress, say, warn
    from recsys.errors import UsageError

    if min_sends > 1:
        raise UsageError("`min_sends` is not known with `dask`: filter before, or run without it")
    with atomic_folder(out, replace=overwrite) as fresh, tempfile.TemporaryDirectory(dir=fresh) as scratch:
        with progress("importing Merlin"):
            from workflows import sends as workflow_of
            from workflows.sends import distributed

        on_cpu, why = workflow_of.device()
        with distributed.cluster(dask, memory, on_cpu) as client:
            say(f"{why}, on {len(client.scheduler_info()['workers'])} workers")
            with progress("reading sends"):
                ranges = distributed.read(client, sends, Path(scratch), schema, bad_rows)
            with progress("fitting the workflow"):
                fitted = distributed.fit(ranges, fresh / "workflow", on_cpu)
            with progress("writing sequences"), atomic_path(fresh / "sequences.parquet") as path:
                climbers = distributed.transform(client, ranges, fresh / "workflow", path)
        dropped = sum(each.dropped for each in ranges)
        if dropped:
            warn(f"{dropped} rows dropped")
        text = workflow_of.schema_text(workflow_of.model_schema(fitted))
        (fresh / run_files.SCHEMA).write_text(text, encoding="utf-8")
    say(f"{climbers} sequences of {sum(each.sends for each in ranges)} sends written to {out}")


if __name__ == "__main__":
    sys.exit(run(single(preprocess), "python -m workflows.sends"))
