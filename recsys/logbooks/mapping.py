"""Maps another dataset's columns onto the contract, by a small TOML (the shipped ones are in `schemas/`).

    title = "MovieLens-100k"                   # a name for people
    [detect]                                   # how to know such a file: it has all these columns
    columns = ["user_id", "item_id", "timestamp"]
    file = "interactions.parquet"              # which file, when --data is a folder
    [columns]                                  # contract column = theirs
    climber_id = "user_id"
    region = { column = "class", first_of = " " }   # only the part before the first separator
    [date]
    unit = "s"                                 # s, ms, us, ns or order; absent: told by the values
    [rating]                                   # their range, stretched onto 1 to 5, and "not rated"
    min = 0
    max = 4
    blank = [-1]
    [grade]
    unit = "level"                             # numbers are levels, written L0 to L17, and no climbing grades
    [join]                                     # a file beside it that brings more columns
    file = "items.parquet"
    on = "item_id"
    [keep]                                     # other rows are dropped, and counted under this reason
    column = "ascent_style"
    values = ["flash", "redpoint"]
    reason = "attempt"
    [leave]                                    # columns that are known, and not read: nothing is said of them
    columns = ["row_id"]
    [nouns]                                    # what messages, model card and page say (`recsys.nouns`)
    climb = "film"
    climber = "viewer"

A noun is of letters, digits, spaces, hyphens and apostrophes. Only [columns] with the three required names
must be there.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from recsys.columns import OPTIONAL, REQUIRED, STARS
from recsys.errors import DataError, UsageError
from recsys.files import read_plain
from recsys.logbooks.days import DATE_UNITS
from recsys.logbooks.levels import GRADE_UNITS, LEVEL, are_levels
from recsys.logbooks.mapping_shape import check_shape

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

_Number = TypeVar("_Number", float, "NDArray[np.float64]")
SCHEMAS: Final = Path(__file__).resolve().parents[2] / "schemas"
CONTRACT: Final = "sends"
"""The name of the contract itself: `--schema sends` reads a file as raw sends, whatever else it is."""

_LARGEST: Final = 1_000_000  # bytes of a mapping


@dataclass(frozen=True)
class Source:
    """Their column, and the separator before which its value ends (None: the whole value)."""

    column: str
    first_of: str | None = None


@dataclass(frozen=True)
class Keep:
    """Rows whose `column` is none of `values` are dropped for `reason`."""

    column: str
    values: tuple[str, ...]
    reason: str


@dataclass(frozen=True)
class ColumnMapping:
    """One mapping file; the module's docstring shows its format."""

    name: str
    columns: Mapping[str, Source]
    detect: tuple[str, ...] = ()
    file: str | None = None
    date_unit: str | None = None
    rating_range: tuple[float, float] = STARS
    rating_blank: tuple[float, ...] = ()
    grade_unit: str | None = None
    join: tuple[str, str] | None = None
    """(file, key column)"""
    keep: Keep | None = None
    leave: tuple[str, ...] = ()
    """Their columns that are left on purpose."""
    title: str = ""
    nouns: Mapping[str, str] = field(default_factory=dict)
    """What is said instead of the words of climbing."""
    data: Mapping[str, Any] = field(default_factory=dict)
    """What the file holds."""

    def claims(self, names: list[str]) -> bool:
        """Whether a file with these columns is its own: raw sends are not, unless [detect] names them."""
        is_contract = set(REQUIRED) <= set(names) and not set(REQUIRED) <= set(self.detect)
        return bool(self.detect) and set(self.detect) <= set(names) and not is_contract

    @property
    def has_levels(self) -> bool:
        """Whether numbers in the grade's column are levels."""
        return self.grade_unit == LEVEL

    def with_grades(self, texts: Iterable[str]) -> ColumnMapping:
        """The mapping that says of these grades that they are levels, for a run to keep: where it has another
        word for a grade, and all are whole numbers.
        """
        told = self.grade_unit is not None or self.nouns.get("grade", "grade") == "grade"
        if told or not are_levels(texts):
            return self
        data = {**self.data, "grade": {"unit": LEVEL}} if self.data else self.data
        return replace(self, grade_unit=LEVEL, data=data)

    @property
    def rating_span(self) -> str:
        """The range of its ratings, to be read: "0 to 10"."""
        low, high = self.rating_range
        return f"{low:g} to {high:g}"

    def named(self, ours: str) -> str:
        """How to name a contract column to the file's owner: "date (their timestamp)"."""
        theirs = self.columns[ours].column if ours in self.columns else ours
        return ours if theirs == ours else f"{ours} (their {theirs})"

    @property
    def known(self) -> set[str]:
        """Their columns of which nothing need be said: what is read, what they are told by, what is left."""
        by = {self.keep.column} if self.keep else set()
        on = {self.join[1]} if self.join else set()
        return {each.column for each in self.columns.values()} | by | on | {*self.detect, *self.leave}

    def reads(self, names: Collection[str], needed: Collection[str] = REQUIRED) -> bool:
        """Whether a file with these columns can be read by it: it has those that are needed.

        Raw sends are not its own, unless all tells so: the columns of [detect], or those of other names.
        """
        theirs = {self.columns[each].column for each in needed}
        if set(needed) <= set(names):  # which may be raw sends
            others = {each.column for each in self.columns.values()} - {*REQUIRED, *OPTIONAL}
            theirs |= set(self.detect) or others
        return theirs <= set(names)


CONTRACT_MAPPING: Final = ColumnMapping(CONTRACT, {name: Source(name) for name in (*REQUIRED, *OPTIONAL)})
"""Every column under its own name."""


def load_contract() -> dict[str, dict[str, Any]]:
    """schemas/sends.toml: the facts of each contract column (required, kind, meaning, unit, range)."""
    columns = _toml(SCHEMAS / f"{CONTRACT}.toml")["columns"]
    return dict(columns)


def shipped() -> dict[str, Path]:
    """The mappings in `schemas/`, by name."""
    return {path.stem: path for path in sorted(SCHEMAS.glob("*.toml")) if path.stem != CONTRACT}


def stretched(value: _Number, theirs: tuple[float, float], ours: tuple[float, float]) -> _Number:
    """A value of one range, or an array of them, as of another."""
    if theirs == ours:
        return value
    return ours[0] + (value - theirs[0]) * (ours[1] - ours[0]) / (theirs[1] - theirs[0])


def load_mapping(schema: str) -> ColumnMapping:
    """Load a mapping by its shipped name or by path.

    Raises
    ------
    UsageError
        There is no such name or file.
    DataError
        The file is no mapping.
    """
    if schema == CONTRACT:
        return CONTRACT_MAPPING
    path = shipped().get(schema, Path(schema))
    if not path.is_file():
        names = ", ".join([CONTRACT, *shipped()])
        raise UsageError(
            f"there is no schema {schema!r}; choose from {names}, or give the path of a TOML file"
        )
    return mapping_of(path.stem, _toml(path), path)


def mapping_of(name: str, data: dict[str, Any], path: Path) -> ColumnMapping:
    """The mapping that `data` describes; a `DataError` that names `path` where it is none."""
    check_shape(data, path)
    return _checked(_mapping(name, data), path)


def _toml(path: Path) -> dict[str, Any]:
    import sys

    if sys.version_info >= (3, 11):
        import tomllib
    else:
        import tomli as tomllib  # of the training's packages: a bundle's mapping is JSON
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError(f"it holds more than {_LARGEST // 1_000_000} MB")
        return tomllib.loads(read_plain(path).decode("utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        problem = f"is not TOML: {' '.join(str(error).split())}"
        raise DataError(problem, path=path, remedy="correct it or name another `schema`") from error


def _mapping(name: str, data: dict[str, Any]) -> ColumnMapping:
    detect, rating, keep, join = (data.get(part, {}) for part in ("detect", "rating", "keep", "join"))
    return ColumnMapping(
        name=name,
        data=data,
        title=str(data.get("title", name)),
        nouns={ours: str(theirs) for ours, theirs in data.get("nouns", {}).items()},
        columns={ours: _source(theirs) for ours, theirs in data["columns"].items()},
        detect=tuple(detect.get("columns", ())),
        file=detect.get("file"),
        date_unit=data.get("date", {}).get("unit"),
        rating_range=(float(rating.get("min", STARS[0])), float(rating.get("max", STARS[1]))),
        rating_blank=tuple(float(value) for value in rating.get("blank", ())),
        grade_unit=data.get("grade", {}).get("unit"),
        join=(join["file"], join["on"]) if join else None,
        keep=Keep(keep["column"], tuple(map(str, keep["values"])), keep.get("reason", "not kept"))
        if keep
        else None,
        leave=tuple(data.get("leave", {}).get("columns", ())),
    )


def _source(theirs: str | dict[str, str]) -> Source:
    if isinstance(theirs, str):
        return Source(theirs)
    return Source(theirs["column"], theirs.get("first_of"))


def _checked(mapping: ColumnMapping, path: Path) -> ColumnMapping:
    low, high = mapping.rating_range
    if mapping.date_unit not in (None, *DATE_UNITS):
        remedy = f"choose from {', '.join(DATE_UNITS)}"
        raise DataError("has an unknown date unit", path=path, value=mapping.date_unit, remedy=remedy)
    if mapping.grade_unit not in (None, *GRADE_UNITS):
        remedy = f"choose from {', '.join(GRADE_UNITS)}, or leave it out where they are climbing grades"
        raise DataError("has an unknown grade unit", path=path, value=mapping.grade_unit, remedy=remedy)
    if not low < high:
        raise DataError(
            "has an empty rating range", path=path, value=(low, high), remedy="min must be below max"
        )
    return mapping
