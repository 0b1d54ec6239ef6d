"""What is done with rows of raw sends that are not right: one choice, wherever raw sends are read."""

from __future__ import annotations

from typing import Final, Literal, get_args

from recsys.errors import UsageError

BadRows = Literal["fail", "drop"]
WHAT: Final = "what to do with raw sends that are not right"


def check_bad_rows(bad_rows: str) -> None:
    """A `UsageError` where it is nothing that can be done with bad rows."""
    if bad_rows not in get_args(BadRows):
        raise UsageError(f"`bad_rows` {bad_rows!r}: choose fail or drop")
