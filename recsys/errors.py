"""The project's exceptions, one tree:

RecsysError              base: its message is one line a person can act on; the command line exits with 2
├── DataError            a file or a value in it is not what it should be (file, row, value, remedy)
│   └── UnknownSourceError   a table of no known source; it carries the columns that it has
├── UsageError           a wrong call: a setting, a name or a pair of settings that cannot work
│   └── UnknownError     a climber, climb, region or area that is not there
├── OverloadError        a service has more to do than it can
└── RunError             a run's folder is incomplete, was changed, or is in use
    └── DivergedError    a training whose loss is not finite any more
"""

from __future__ import annotations

import errno
import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

_OS_ERROR: Final = re.compile(r"\(os error (\d+)\)")
_ERRNO: Final = re.compile(r"\[Errno (\d+)\]")
_NO_MEMORY: Final = re.compile(r"can't allocate memory|out of memory|not enough memory|std::bad_alloc")
OF_DISKS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EROFS)  # of what is written
_SETTING = re.compile(r"`([a-z][a-z0-9_]*)`")
TURNING: Final = r"\u202a-\u202e\u2066-\u2069"  # what turns the order of the letters that follow
_CONTROL = re.compile(rf"[\x00-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff{TURNING}]+")


def one_line(text: str) -> str:
    """A text without what breaks a line, moves a cursor or turns what is read: names and ids may hold it."""
    return _CONTROL.sub(" ", text)


def typed(text: str) -> str:
    """A text with each setting that stands in backticks as the option of the command line."""
    return _SETTING.sub(lambda found: ("--" if len(found[1]) > 1 else "-") + found[1].replace("_", "-"), text)


class RecsysError(Exception):
    """Base of every error that this project raises on purpose. Its text is a single line.

    A setting is written in backticks, by its own name (`min_sends`): the text names it so, and the command
    line names its option (``--min-sends``).
    """

    def __init__(self, text: str) -> None:
        text = one_line(text)
        super().__init__(_SETTING.sub(r"\1", text))
        self._text = text

    def __reduce__(self) -> tuple[object, ...]:
        """As it is, whatever a subclass is made from: a worker's error is pickled on its way to who asked."""
        return _rebuilt, (type(self), self.args, vars(self))

    def rename(self, old: str, new: str) -> None:
        """Name a place by another name: a file that was fetched by its address."""
        self._text = self._text.replace(old, new)
        self.args = (str(self).replace(old, new),)

    def with_options(self) -> str:
        """The text with each setting as the option of the command line."""
        return typed(self._text)

    def told(self, say: Callable[[str], str]) -> str:
        """The text as `say` says it, in another domain's words for example: settings keep their names."""
        return _SETTING.sub(r"\1", say(self._text))


class DataError(RecsysError):
    """A file, or a value in it, is not what it should be.

    Parameters
    ----------
    path:
        The file, or None for a table that was never a file.
    problem:
        What is wrong, in a clause.
    row:
        The 1-based data row (the header is not counted), or None for the whole file.
    value:
        The offending value as read.
    remedy:
        What the reader can do about it, in a clause.
    """

    def __init__(
        self,
        problem: str,
        *,
        path: Path | str | None = None,
        row: int | None = None,
        value: object = None,
        remedy: str | None = None,
    ) -> None:
        self._parts = {"row": row, "value": value, "remedy": remedy}
        self._problem, self._path = problem, path
        where = str(path) if path is not None else "the table"
        if row is not None:
            where += f", row {row}"
        unread = value is None or isinstance(value, bytes)  # bytes tell nobody anything
        shown = "" if unread else f" ({_short(value)})"
        tail = "" if remedy is None else f"; {remedy}"
        super().__init__(f"{where}: {problem}{shown}{tail}")

    def at(self, path: Path | str) -> DataError:
        """The same error, of a file: for what was found in a table after it had been read."""
        if self._path is not None:
            return self
        return DataError(self._problem, path=path, **self._parts)  # type: ignore[arg-type]


class UnknownSourceError(DataError):
    """A table is a logbook of no known source.

    `columns` are the names in the row that looks most like a header, to choose from.
    """

    columns: tuple[str, ...] = ()


class UsageError(RecsysError):
    """A wrong call: an unknown name, or settings that cannot work together."""

    def of(self, path: Path | str) -> UsageError:
        """The same error, of the settings in a file."""
        return UsageError(f"{path}: {self._text}")


class UnknownError(UsageError):
    """A climber, climb, region or area that a run, a bundle or a service does not hold."""


class OverloadError(RecsysError):
    """More requests wait than a service holds, or one waited too long."""


class RunError(RecsysError):
    """A run's folder is incomplete, was changed since it was written, or is in use."""


class DivergedError(RunError):
    """A training whose loss is not finite any more."""


def refused_by_system(error: BaseException | None) -> OSError | None:
    """What the system refused, where a library hides that behind an error of its own; None for other errors.

    Behind what closing raises after a write that failed (zipfile, torch), or in words (Rust's "os error 28").
    """
    if isinstance(error, shutil.Error) and error.args and isinstance(error.args[0], list):
        return _first_of(error.args[0])
    if error is None or isinstance(error, (OSError, RecsysError)):
        return error if isinstance(error, OSError) else None
    told = _OS_ERROR.search(str(error))
    if told:
        return OSError(int(told[1]), os.strerror(int(told[1])))
    return refused_by_system(error.__cause__ or error.__context__)


def lacks_memory(error: BaseException) -> bool:
    """Whether memory ran out: Python's, numpy's, or torch's of the machine or a card, which is in words."""
    if isinstance(error, MemoryError):
        return True
    return not isinstance(error, RecsysError) and _NO_MEMORY.search(str(error)) is not None


def _first_of(failed: list[tuple[str, str, str]]) -> OSError:
    """The first of the files that `shutil.copytree` could not copy: (from, to, why)."""
    source, target, why = failed[0]
    told = _ERRNO.match(why)
    if told is None:
        return OSError(errno.EINVAL, why, source)
    code = int(told[1])
    return OSError(code, os.strerror(code), target if code in OF_DISKS else source)


def _rebuilt(kind: type[RecsysError], args: tuple[object, ...], parts: dict[str, object]) -> RecsysError:
    error = kind.__new__(kind, *args)
    vars(error).update(parts)
    return error


def _short(value: object, limit: int = 60) -> str:
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 1] + "…"
