"""Errors: whatever a file or a name holds, their text is a single line."""

from __future__ import annotations

import pytest

from recsys.errors import DataError, RecsysError, UsageError


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1e", "\x85", "\u2028", "\x1b[31m", "\ud800"])
def test_an_error_is_one_line_of_text(mark: str) -> None:
    for error in (
        UsageError(f"`climber` a{mark}b"),
        DataError("is odd", path=f"a{mark}b", remedy=f"x{mark}y"),
    ):
        assert isinstance(error, RecsysError)
        for text in (str(error), error.with_options()):
            assert len(text.splitlines()) == 1
            assert text.isprintable()
            text.encode()
