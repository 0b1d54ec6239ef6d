"""Cells of CSV files that are opened in a spreadsheet, which runs what looks like a formula to it."""

from __future__ import annotations

from typing import Final

_FULL_WIDTH: Final = "\uff1d\uff0b\uff0d\uff20"  # = + - @ as a Japanese Excel takes them
_STARTS: Final = tuple(f"=+-@\t\r\n{_FULL_WIDTH}")


def inert(cell: str) -> str:
    """A text that no spreadsheet takes for a formula: one that begins like it gets an apostrophe before it.

    As OWASP advises against CSV injection; numbers stay as they are.
    """
    if not cell.startswith(_STARTS):
        return cell
    try:
        float(cell)
    except ValueError:
        return f"'{cell}"
    return cell


def restored(cell: str) -> str:
    """What `inert` was given, of what it gave: ids stay what they are in a file that is read again."""
    return cell[1:] if cell[:1] == "'" and inert(cell[1:]) == cell else cell
