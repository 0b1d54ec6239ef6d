"""Protocol buffers, field by field, as they lie in the bytes (https://protobuf.dev/programming-guides/encoding).

What a field means is for who reads it: here are numbers and values alone, and nothing is copied.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

Value: TypeAlias = memoryview | int


class MalformedError(ValueError):
    """The bytes are no protocol buffer, or not of the message that is read."""


def fields(message: memoryview) -> Iterator[tuple[int, Value]]:
    """Number and value of each field: an integer, or the bytes of a part."""
    at, end = 0, len(message)
    while at < end:
        key = message[at]
        at += 1
        if key > 127:
            key, at = _integer(message, at - 1)
        kind = key & 7
        if kind in (0, 2):
            size = message[at] if at < end else 128
            at += 1
            if size > 127:
                size, at = _integer(message, at - 1)
            if kind == 0:
                yield key >> 3, size
                continue
        elif kind in (1, 5):
            size = 8 if kind == 1 else 4
        else:
            raise MalformedError
        if at + size > end:
            raise MalformedError
        yield key >> 3, message[at : at + size]
        at += size


def part(value: Value) -> memoryview:
    """A value that is a part: a message, a text, bytes."""
    if isinstance(value, int):
        raise MalformedError
    return value


def integers(value: Value) -> list[int]:
    """A value of a repeated field of numbers, which may be one of them or many; signed, of 64 bits."""
    if isinstance(value, int):
        return [_signed(value)]
    found, at = [], 0
    while at < len(value):
        number, at = _integer(value, at)
        found.append(_signed(number))
    return found


def _signed(number: int) -> int:
    number &= (1 << 64) - 1
    return number - (1 << 64) if number >> 63 else number


def _integer(message: memoryview, at: int) -> tuple[int, int]:
    """A number of up to ten bytes, and where it ends."""
    value = shift = 0
    for here in range(at, min(at + 10, len(message))):
        byte = message[here]
        if byte < 128:
            return value | byte << shift, here + 1
        value |= (byte & 127) << shift
        shift += 7
    raise MalformedError
