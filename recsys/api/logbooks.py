"""Logbooks from Python: importing what sites export, and simulating what nobody logged."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from recsys.api import arguments as given
from recsys.errors import DataError, UsageError

if TYPE_CHECKING:
    import pandas as pd


def import_logbooks(
    files: str | Path | Sequence[str | Path],
    *,
    source: str = "auto",
    climber: str | None = None,
    attempts: bool = False,
    unknown: bool = True,
    discipline: str = "all",
    columns: str | None = None,
    same: str | Path | None = None,
) -> pd.DataFrame:
    """Logbooks as sites export them, and raw sends, merged into one table of sends.

    Parameters
    ----------
    files:
        The logbook, or several.
    source:
        "auto" tells the site by the header; else its name.
    climber:
        Id of the logbooks' climber; raw sends keep theirs. None: the file's stem.
    attempts, unknown:
        Whether attempts, and ascents of unknown outcome, are kept.
    discipline:
        "boulder", "route" or "all".
    columns:
        A spreadsheet's own columns: "date=Datum,climb=Route,grade=Grad".
    same:
        A file of two columns: a climb's id, the id of the same climb to use instead.

    Returns
    -------
    The contract's columns and the import's own, as ``recsys import`` writes them, blanks as None;
    ``frame.attrs["rejects"]`` lists the rows that were not used, with the reason, ``frame.attrs["notes"]``
    counts what was used and should be known.

    Raises
    ------
    DataError
        A file cannot be read, or no row of any can be used.
    UsageError
        Something else than files was given.
    """
    import pandas as pd

    from recsys.logbooks.importing.load import load_all
    from recsys.logbooks.importing.model import COLUMNS, Wanted

    paths = _paths(files)
    wanted = Wanted(climber, attempts, unknown, discipline)
    _, merged = load_all(paths, source, wanted, columns, given.place_or_none(same, "same"))
    if not merged.rows:
        raise DataError(merged.why_none, path=", ".join(paths), remedy="give logbooks with sends")
    frame = pd.DataFrame({name: [_blank(getattr(row, name)) for row in merged.rows] for name in COLUMNS})
    frame.attrs["rejects"] = [asdict(each) for each in merged.rejects]
    frame.attrs["notes"] = dict(merged.notes)
    return frame


def _paths(files: Any) -> list[str]:
    parts = [files] if isinstance(files, (str, Path)) else files
    listed = list(parts) if isinstance(parts, Iterable) and not hasattr(parts, "to_parquet") else [parts]
    odd = [each for each in listed if not isinstance(each, (str, Path)) or not str(each).strip()]
    if odd or not listed:
        kind = f"hold {given.shown(odd[0])}" if odd else "are none"
        raise UsageError(
            f"`files` {kind}: give the path of a logbook, or several; a DataFrame is read by "
            "train(frame) and recommend(logbook=frame)"
        )
    return [str(each) for each in listed]


def _blank(value: object) -> object:
    return None if value == "" else value


def simulate(preset: str = "bc", *, seed: int = 0, scale: float = 1.0) -> pd.DataFrame:
    """Simulated logbooks in the contract's columns, or a library's loans; nobody real is in them.

    Parameters
    ----------
    preset:
        "bc" or "world": a community of the size that Thompson 2023 tells; "gym"; or "books", loans in the
        columns that ``schemas/books.toml`` maps.
    seed:
        Same seed, same logbooks.
    scale:
        Share of the community's size.
    """
    from recsys.logbooks.simulate import simulate as draw

    return draw(preset, seed=seed, scale=scale)
