"""Finds the file that `--data` means, and the mapping by which to read it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recsys.columns import REQUIRED
from recsys.errors import DataError, UsageError
from recsys.logbooks.importing.text import key
from recsys.logbooks.mapping import CONTRACT_MAPPING, ColumnMapping, load_mapping, shipped
from recsys.logbooks.sheets.open import has_parts
from recsys.logbooks.tables import column_names


@dataclass(frozen=True)
class Located:
    """A file and how to read it."""

    path: Path
    mapping: ColumnMapping


def locate(path: Path, schema: str | None = None, own: ColumnMapping | None = None) -> Located:
    """The file and its mapping: by `schema` (a name or a path), else by the file's own columns.

    `own` is the mapping of the run that the file is for: it goes before what the columns tell, and where they
    tell nothing.

    Raises
    ------
    DataError
        There is no such file, or it is a folder in which no mapping (or several) knows a file.
    UsageError
        There is no such schema, or it does not say which file of a folder to read.
    """
    if not path.exists():
        raise DataError("there is no such file or folder", path=path, remedy="check the path")
    if schema is not None:
        mapping = load_mapping(schema)
        return Located(_file_of(path, mapping) if path.is_dir() else path, mapping)
    candidates = [load_mapping(name) for name in shipped()]
    if own is not None and (file := _own_file(path, own)) is not None:
        return Located(file, _own_or_told(file, own, candidates))
    return _search(path, candidates) if path.is_dir() else Located(path, _detect(path, candidates))


def _file_of(folder: Path, mapping: ColumnMapping) -> Path:
    if mapping.file is None or not (folder / mapping.file).exists():
        return parts_or_fail(folder, mapping)
    return folder / mapping.file


def parts_or_fail(folder: Path, mapping: ColumnMapping) -> Path:
    """The folder itself where it holds Parquet parts, to be read as one table."""
    if has_parts(folder):
        return folder
    if mapping.file is None:
        problem = f"the schema {mapping.name!r} does not say which file of a folder to read"
        raise UsageError(f"{folder}: {problem}; give the file itself")
    return folder / mapping.file


def _own_file(path: Path, own: ColumnMapping) -> Path | None:
    """The file that a run's mapping reads; None where it does not say which of a folder."""
    if not path.is_dir():
        return path
    if own.file is not None and (path / own.file).is_file():
        return path / own.file
    return path if has_parts(path) else None


def _own_or_told(path: Path, own: ColumnMapping, candidates: list[ColumnMapping]) -> ColumnMapping:
    """The run's own mapping, unless the file has not its columns, but those of another."""
    names = column_names(path)
    if own.reads(names):
        return own
    told = _detect(path, candidates)
    is_raw = {key(each) for each in REQUIRED} <= {key(each) for each in names}
    return own if told is CONTRACT_MAPPING and not is_raw else told


def _detect(path: Path, candidates: list[ColumnMapping]) -> ColumnMapping:
    """The one mapping that claims the file's columns, else the contract."""
    names = column_names(path)
    claims = [mapping for mapping in candidates if mapping.claims(names)]
    return claims[0] if len(claims) == 1 else CONTRACT_MAPPING


def _search(folder: Path, candidates: list[ColumnMapping]) -> Located:
    found = [
        Located(file, mapping)
        for mapping in candidates
        if mapping.file and (file := folder / mapping.file).is_file() and mapping.claims(column_names(file))
    ]
    if not found and has_parts(folder):
        return Located(folder, _detect(folder, candidates))
    if len(found) != 1:
        names = ", ".join(sorted(each.mapping.name for each in found)) or "none"
        problem = f"is a folder, and of the shipped schemas {names} fit a file in it"
        raise DataError(problem, path=folder, remedy="give the file of sends itself, or `schema`")
    return found[0]
