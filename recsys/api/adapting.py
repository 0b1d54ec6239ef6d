"""New climbers or climbs without training: ``recsys.adapt("runs/mine", climbs="new.csv", output=...)``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from recsys.api.arguments import place
from recsys.api.frames import as_file
from recsys.atomic import refuse_occupied
from recsys.config.bad_rows import BadRows, check_bad_rows
from recsys.errors import DataError, UsageError
from recsys.runs import Run

if TYPE_CHECKING:
    import pandas as pd

    from recsys.adapting.checks import Way

UNKNOWN = "unknown"  # how a new climber is read where nothing is said


def adapt(
    run: str | Path,
    sends: pd.DataFrame | str | Path | None = None,
    *,
    output: str | Path,
    climbs: pd.DataFrame | str | Path | None = None,
    by: str = UNKNOWN,
    schema: str | None = None,
    bad_rows: BadRows = "fail",
    overwrite: bool = False,
) -> int:
    """Write a run with new climbers, or with newly set climbs; nothing is trained, and `run` stays as it is.

    Parameters
    ----------
    run:
        A finished run's folder.
    sends:
        Sends of new climbers: a DataFrame or a file.
    output:
        The new run's folder; its bundle is made anew.
    climbs:
        New climbs in place of sends: ``climb_id``, and ``climb_name``, ``region``, ``area``, ``grade``,
        ``rating``, ``climb_type``, ``style``; where the run reads texts ``comment`` and ``beta``.
    by:
        New climbers' embeddings: "fold-in", "similar", "encoder" or "unknown".
    schema:
        How the file's columns map; None: as the run's own did.
    bad_rows:
        "fail" raises on the first bad row of the sends; "drop" leaves such rows out.
    overwrite:
        Replace a folder that has something in it.

    Returns
    -------
    How many were added.

    Raises
    ------
    UsageError
        Both were given or none, a setting that only the other reads, or the run is of another model
        than the default.
    DataError
        The file cannot be read, or nothing in it is new.
    RunError
        The folder is taken, or something of the run cannot be read.
    """
    from recsys.adapting.checks import check_call

    if (sends is None) == (climbs is None):
        raise UsageError("give either SENDS of new climbers or `climbs`")
    check_bad_rows(bad_rows)
    for name, value, other in (("by", by, UNKNOWN), ("bad_rows", bad_rows, "fail")):
        if climbs is not None and value != other:
            raise UsageError(f"`{name}` {value}: is of new climbers; leave it out with `climbs`")
    folder, opened = place(output, "output"), Run.open(place(run, "run"))
    with as_file(sends if climbs is None else climbs) as path:
        file = Path(str(path))
        try:
            if climbs is not None:
                check_call(opened, folder, "climbs")
                refuse_occupied(folder, overwrite)  # before Merlin is imported, which takes its time
                return _add_climbs(opened, file, folder, schema, overwrite)
            way = check_call(opened, folder, "climbers", by)
            refuse_occupied(folder, overwrite)
            return _add_climbers(opened, file, folder, way, schema, bad_rows, overwrite)
        except DataError as error:
            raise error.at(file) from None


def _add_climbs(run: Run, climbs: Path, output: Path, schema: str | None, overwrite: bool) -> int:
    from recsys import columns as c
    from recsys.console import progress, warn
    from recsys.logbooks.climbs import example_of, new_places, read_climbs
    from recsys.logbooks.mapping import CONTRACT_MAPPING, load_mapping
    from recsys.sequences.run_tables import read_climbs_table

    mapping = load_mapping(schema) if schema else run.mapping
    known = read_climbs_table(run.folder)
    example, texts = example_of(known.get(c.GRADE, ())), run.config.model.scores_texts
    read = read_climbs(climbs, mapping or CONTRACT_MAPPING, example, warn, texts)
    new = new_places(read, known)
    if new is not None:
        warn(f"{climbs}: {new}")
    with progress("importing Transformers4Rec"):
        from recsys.adapting.climbs import add_climbs
    return add_climbs(run, read, output, overwrite)


def _add_climbers(
    run: Run, sends: Path, output: Path, way: Way, schema: str | None, bad_rows: BadRows, overwrite: bool
) -> int:
    from recsys.console import progress, warn
    from recsys.logbooks.read import read_sends

    read = read_sends(sends, schema, bad_rows, own=run.mapping)
    for line in read.lines():
        warn(line)
    with progress("importing Transformers4Rec"):
        from recsys.adapting.climbers import add_climbers
    return add_climbers(run, read, output, way, overwrite)
