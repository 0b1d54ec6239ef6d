"""``python -m workflows.sends``: the preprocessing workflow alone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from recsys.terminal import run, single


def preprocess(
    sends: Annotated[Path, typer.Argument(help="raw sends, CSV or Parquet")],
    out: Annotated[Path, typer.Argument(help="folder to make: sequences.parquet, schema.pbtxt, workflow/")],
    schema: Annotated[str | None, typer.Option(help="how the data's columns map: a name or a TOML")] = None,
    min_sends: Annotated[int, typer.Option(min=1, help="fewest sends of a climb and a climber to keep")] = 1,
    bad_rows: Annotated[str, typer.Option(help="fail | drop: what to do with bad rows")] = "fail",
    overwrite: Annotated[bool, typer.Option("--overwrite", help="replace the folder")] = False,
) -> None:
    """Turn raw sends into one sequence a climber, with a Merlin schema and the workflow that made them.

    The workflow is fit on all the sends given. Training fits its own on the training part alone.
    """
    from recsys.console import progress, say
    from recsys.files import atomic_folder, atomic_path
    from recsys.logbooks.filter import core_filter
    from recsys.logbooks.read import read_sends

    with atomic_folder(out, replace=overwrite) as fresh:
        with progress("reading sends"):
            read = read_sends(sends, schema, bad_rows, fresh / "rejects.csv")  # type: ignore[arg-type]
        with progress("fitting the workflow"):
            from workflows import sends as workflow_of
            from workflows.coded import write_sequences

            frame = core_filter(read.frame, min_sends)
            fitted = workflow_of.fit(frame, fresh / "workflow", read.has_time)
        say(workflow_of.device()[1])
        with atomic_path(fresh / "sequences.parquet") as path:
            climbers = write_sequences(workflow_of.pieces(fitted, frame), path)
        text = workflow_of.schema_text(workflow_of.model_schema(fitted))
        (fresh / "schema.pbtxt").write_text(text, encoding="utf-8")
    say(f"{climbers} sequences of {len(frame)} sends written to {out}")


if __name__ == "__main__":
    sys.exit(run(single(preprocess), "python -m workflows.sends"))
