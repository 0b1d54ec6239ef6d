"""The JSON of a bundle, read and checked: types, lengths, ranges.

A manifest finds accidents; whoever writes a bundle writes its manifest as well. So nothing of a bundle is
believed: each rule here is one whose breach would end in a wrong answer, a traceback, or memory that the
files do not fill. A breach is one `RunError`, which names the file and the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final, NoReturn

from recsys.bounds import LARGEST
from recsys.errors import DataError, RunError
from recsys.files import read_json

REMEDY: Final = "export it again"
LONGEST_TEXT: Final = 10_000
"""Characters of a name or an id."""
LONGEST_WINDOW: Final = 4096


class Fields:
    """A JSON object of a bundle's file, whose fields are taken out one by one, each checked.

    Parameters
    ----------
    path:
        The file, for messages.
    values:
        What was read.
    where:
        The object's own place in the file; empty for the whole.
    """

    def __init__(self, path: Path, values: object, where: str = "") -> None:
        self.path, self._where = path, where
        if not isinstance(values, dict):
            self.refuse("", "is no table of names and values")
        self._values: dict[str, Any] = values

    @classmethod
    def read(cls, path: Path) -> Fields:
        """The fields of a file."""
        try:
            return cls(path, read_json(path))
        except DataError as error:
            raise RunError(f"{path}: is not JSON; {REMEDY}") from error

    def refuse(self, name: str, problem: str) -> NoReturn:
        """Raise the error that names a field."""
        field = ".".join(filter(None, (self._where, name[:80])))
        raise RunError(f"{self.path}: {f'{field} ' if field else ''}{problem}; {REMEDY}")

    def names(self, known: Sequence[str]) -> list[str]:
        """The names of the object, each of them known."""
        for name in self._values:
            if name not in known:
                self.refuse(name, "is not known")
        return list(self._values)

    def __contains__(self, name: str) -> bool:
        """Whether there is such a field."""
        return name in self._values

    def get(self, name: str) -> Any:
        """A field of any kind."""
        if name not in self._values:
            self.refuse(name, "is missing")
        return self._values[name]

    def table(self, name: str) -> Fields:
        """An object within."""
        return Fields(self.path, self.get(name), ".".join(filter(None, (self._where, name))))

    def integer(self, name: str, low: int, high: int) -> int:
        """A whole number, both ends allowed."""
        value = self.get(name)
        if type(value) is not int or not low <= value <= high:
            self.refuse(name, f"is no whole number from {low} to {high}")
        return int(value)

    def number(self, name: str, low: float = -LARGEST, high: float = LARGEST) -> float:
        """A number, both ends allowed."""
        value = self.get(name)
        if not _is_number(value, low, high):
            self.refuse(name, f"is no number from {low:g} to {high:g}")
        return float(value)

    def flag(self, name: str) -> bool:
        """True or false."""
        value = self.get(name)
        if type(value) is not bool:
            self.refuse(name, "is neither true nor false")
        return bool(value)

    def choice(self, name: str, known: Sequence[str], otherwise: str) -> str:
        """One of several words, or another where the field is missing."""
        value = self._values.get(name, otherwise)
        if value not in known:
            self.refuse(name, f"is none of {', '.join(known)}")
        return str(value)

    def texts(self, name: str, n: int | None = None, blanks: bool = False, same: bool = True) -> list[Any]:
        """A list of texts, [n] where n is given: with None among them, or twice the same, only if allowed."""
        values = self._list(name, n)
        for index, value in enumerate(values):
            if not ((isinstance(value, str) and len(value) <= LONGEST_TEXT) or (blanks and value is None)):
                self.refuse(f"{name}[{index}]", f"is no text of at most {LONGEST_TEXT} characters")
        if not same and len(set(values)) != len(values):
            self.refuse(name, "names something twice")
        try:
            "".join(filter(None, values)).encode()
        except UnicodeEncodeError:
            self.refuse(name, "holds half a character")
        return values

    def numbers(self, name: str, n: int | None, low: float, high: float, blanks: bool = False) -> list[Any]:
        """A list of numbers, [n] where n is given; with None among them only if allowed."""
        values = self._list(name, n)
        for index, value in enumerate(values):
            if not ((blanks and value is None) or _is_number(value, low, high)):
                self.refuse(f"{name}[{index}]", f"is no number from {low:g} to {high:g}")
        return values

    def _list(self, name: str, n: int | None) -> list[Any]:
        values = self.get(name)
        if not isinstance(values, list):
            self.refuse(name, "is no list")
        if n is not None and len(values) != n:
            self.refuse(name, f"has {len(values)} values where there are to be {n}")
        return list(values)


def _is_number(value: object, low: float, high: float) -> bool:
    return type(value) in (int, float) and low <= value <= high  # type: ignore[operator]
