"""gzip, unpacked as far as a file of sends may go: a few bytes may unpack to more than any memory holds."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from recsys.bounds import MAX_BYTES, most_unpacked
from recsys.errors import DataError
from recsys.files import open_plain

_MAX_UNPACKED: Final = 4 << 30
_CHUNK: Final = 1 << 20
_PIECE: Final = 1 << 12
"""Packed bytes handed to zlib at once: it copies what follows a member, which may be as short as 20 bytes."""
_MEMBERS: Final = 10_000
_SHORT: Final = 1_000
"""Bytes that members unpack to on average where there are more: those of bgzip have 64,000."""
_GZIP: Final = 16 + zlib.MAX_WBITS


class TooLargeError(DataError):
    """It unpacks to more than it may."""


def gunzip(content: bytes, name: str, most: int = MAX_BYTES) -> bytes:
    """The content of a gzip file (one member or several), `most` bytes of it at the most.

    Raises
    ------
    TooLargeError
        It holds more; no more than a mebibyte beyond it is ever unpacked.
    DataError
        It is no whole gzip file, or one of very many members, most of them nearly empty.
    """
    return b"".join(_chunks(io.BytesIO(content), name, most, "give one climber's logbook"))


def gunzip_path(path: Path) -> bytes:
    """The same of a file of many climbers' sends.

    It is unpacked twice: first to see how long it is, so that no more is ever held than it may be.

    Raises
    ------
    DataError
        It cannot be unpacked, or to more than a hundred times its size or 4 GB.
    """
    most = min(most_unpacked(path.stat().st_size), _MAX_UNPACKED)
    remedy = "write the sends as Parquet"
    with open_plain(path) as file:
        for _ in _chunks(file, str(path), most, remedy):
            pass
        file.seek(0)
        return b"".join(_chunks(file, str(path), most, remedy))


def start_of(path: Path, n: int) -> bytes:
    """The first `n` bytes of a gzip file, unpacked."""
    with open_plain(path) as file:
        start = b""
        for chunk in _chunks(file, str(path), _MAX_UNPACKED, ""):
            start += chunk
            if len(start) >= n:
                break
    return start[:n]


def _chunks(file: io.BufferedIOBase | io.BytesIO, name: str, most: int, remedy: str) -> Iterator[bytes]:
    unpacked = 0
    try:
        for chunk, members in _unpacked(file):
            unpacked += len(chunk)
            if unpacked > most:
                problem = f"holds more than {most // 1_000_000} MB once unpacked"
                raise TooLargeError(problem, path=name, remedy=remedy)
            if members > _MEMBERS and unpacked < _SHORT * members:
                problem = f"is gzip of more than {_MEMBERS} parts, most of them nearly empty"
                raise DataError(problem, path=name, remedy="compress it anew")
            yield chunk
    except (OSError, EOFError, zlib.error) as error:
        problem = f"is gzip that cannot be unpacked: {' '.join(str(error).split())[:120].rstrip('.')}"
        raise DataError(problem, path=name, remedy="compress or copy it again") from error


def _unpacked(file: io.BufferedIOBase | io.BytesIO) -> Iterator[tuple[bytes, int]]:
    """Pieces of what a gzip file holds, and how many members it had by then; zeros may follow a member."""
    stream, members, rest = None, 0, b""
    while rest := rest or file.read(_PIECE):
        if stream is None:
            rest = rest.lstrip(b"\0") if members else rest
            if not rest:
                continue
            stream, members = zlib.decompressobj(_GZIP), members + 1
        yield stream.decompress(rest, _CHUNK), members
        rest = stream.unconsumed_tail
        if stream.eof:
            rest, stream = stream.unused_data, None
    while stream is not None:  # of a last piece more comes out than was asked for at once
        chunk = stream.decompress(b"", _CHUNK)
        if not chunk and not stream.eof:
            raise EOFError("it ends before its end")
        yield chunk, members
        stream = None if stream.eof else stream
