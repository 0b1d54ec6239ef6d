"""Files as their bytes, as text and as JSON; nothing but a file is waited for."""

from __future__ import annotations

import errno
import io
import json
import math
import os
import stat
from pathlib import Path
from typing import Any, NoReturn

from recsys.atomic import atomic_path
from recsys.errors import DataError, RunError


def write_json(path: Path | str, obj: object) -> None:
    """Write `obj` as JSON, atomically: its own key order, indent 2, a last newline; NaN is refused."""
    try:
        text = json.dumps(obj, indent=2, allow_nan=False, ensure_ascii=False, default=_plain) + "\n"
        content = text.encode()
    except (ValueError, TypeError, RecursionError) as error:
        where = _not_finite(obj)
        problem = f"{where} is not a finite number" if where else f"is not JSON: {error}"
        raise DataError(problem, path=path, remedy="nothing was written") from error
    with atomic_path(path) as temporary:
        temporary.write_bytes(content)


def read_json(path: Path | str) -> Any:
    """Read a JSON file. Raises RunError when it is missing or unreadable, DataError when it is not JSON."""
    try:
        content = read_plain(path)
    except OSError as error:
        raise RunError(f"{path}: cannot be read ({error.strerror}); check the path") from error
    try:
        return parsed_json(content)
    except ValueError as error:
        raise DataError(f"is not JSON: {error}", path=path, remedy="restore it, or run again") from error


def open_plain(path: Path | str, flags: int = 0) -> io.BufferedReader:
    """A file to read its bytes, and nothing but a file: a pipe or a device would be waited for.

    Every file that somebody names, or that lies in a folder of theirs, is opened so; `flags` are open(2)'s.

    Raises
    ------
    OSError
        There is none, or it is no file.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | flags)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise OSError(errno.EINVAL, "it is a pipe or a device, no file", str(path))


def read_plain(path: Path | str) -> bytes:
    """The bytes of a file, opened by `open_plain`."""
    with open_plain(path) as file:
        return file.read()


def read_text(path: Path | str, remedy: str = "check the path") -> str:
    """A text in UTF-8, with or without a byte-order mark.

    Parameters
    ----------
    path:
        The file.
    remedy:
        What to do where it cannot be read.

    Raises
    ------
    DataError
        There is no such file, it is no file but a folder or a pipe, or it is not UTF-8.
    """
    try:
        return read_plain(path).decode("utf-8-sig")
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=path, remedy=remedy) from error
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", path=path, remedy="save it in UTF-8") from error


def parsed_json(content: str | bytes) -> Any:
    """What a JSON text says; a `ValueError`, whatever is wrong with it: also NaN, or nests too deep."""
    try:
        return json.loads(content, parse_constant=_refuse_constant)
    except RecursionError:
        raise ValueError("it nests too deep") from None


def without_waiting(path: str, flags: int) -> int:
    """An opener for `open`: a pipe that nobody writes to is empty, where it would be waited for."""
    descriptor = os.open(path, flags | os.O_NONBLOCK)
    os.set_blocking(descriptor, True)
    return descriptor


def _plain(obj: object) -> object:
    """NumPy scalars as Python numbers; anything else is refused."""
    item = getattr(obj, "item", None)
    if callable(item) and getattr(obj, "ndim", None) == 0:
        return item()
    raise TypeError(f"{type(obj).__name__} has no JSON form")


def _not_finite(obj: object, where: str = "") -> str:
    """Dotted path of the first NaN or infinity, or an empty string."""
    if isinstance(obj, float) and not math.isfinite(obj):
        return where or "the value"
    pairs = obj.items() if isinstance(obj, dict) else enumerate(obj) if isinstance(obj, (list, tuple)) else ()
    indices = (_not_finite(value, f"{where}.{key}" if where else str(key)) for key, value in pairs)
    return next(filter(None, indices), "")


def _refuse_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is not a JSON number")
