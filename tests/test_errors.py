"""Errors: whatever a file or a name holds, their text is a single line."""

from __future__ import annotations

import errno
import json
import shutil
from collections.abc import Callable

import pytest

from recsys.console import print_json, warn
from recsys.errors import DataError, RecsysError, UsageError
from recsys.terminal import run, single


@pytest.mark.parametrize(
    "mark", ["\n", "\r", "\x1e", "\x85", "\u2028", "\x1b[31m", "\ud800", "\u202e", "\u2066"]
)
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


@pytest.mark.parametrize("mark", ["\n", "\r", "\x1b]0;owned\x07", "\x9b2J", "\u2028", "\u202a", "\u2069"])
def test_a_line_of_progress_steers_no_terminal(mark: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Ids of a stranger's bundle and columns of his file stand in some of them."""
    warn(f"nothing fits for 1 climbers (me{mark})")
    said = capsys.readouterr().err
    assert said.startswith("warning: nothing fits for 1 climbers (me")
    assert said.removesuffix("\n").isprintable()


def test_json_steers_no_terminal_and_says_the_same(capsys: pytest.CaptureFixture[str]) -> None:
    value = {"name": "Caf\u00e9 \x1b[2J \x9b2J \x7f \u2028 \ud800 \u202a\u202e \u2066\u2069"}
    print_json(value)
    said = capsys.readouterr().out
    assert "Caf\u00e9" in said
    assert said.replace("\n", "").isprintable()
    assert json.loads(said) == value


def _fails(error: Exception, cause: Exception) -> Callable[[], None]:
    def command() -> None:
        raise error from cause

    return command


def test_a_full_disk_is_a_line_though_a_library_says_it_in_its_own_words(
    capsys: pytest.CaptureFixture[str],
) -> None:
    full = OSError(errno.ENOSPC, "No space left on device")
    assert run(single(_fails(ValueError("\n you tried to log 5.4"), full)), "x", []) == 2
    assert capsys.readouterr().err == "error: No space left on device; free some space\n"
    with pytest.raises(ValueError, match="a defect"):  # what is no disk's is a defect, and shows
        run(single(_fails(ValueError("a defect"), FileNotFoundError(errno.ENOENT, "no"))), "x", [])


def test_copying_a_folder_fails_in_a_line_that_names_a_file(capsys: pytest.CaptureFixture[str]) -> None:
    """`shutil.copytree` gathers what went wrong in a list, with the names of a folder that will not be."""
    told = [
        ("a/x", "b/.tmp-1-x", "[Errno 13] Permission denied: 'a/x'"),
        ("a/y", "b/.tmp-1-y", "`a/y` is a named pipe"),
    ]
    for each, said in zip(told, ("a/x: Permission denied", "a/y: `a/y` is a named pipe"), strict=True):
        command = _fails(shutil.Error([each]), ValueError())
        assert run(single(command), "x", []) == 2
        assert capsys.readouterr().err.startswith(f"error: {said}")


def test_a_setting_of_one_letter_is_an_option_of_one_dash():
    error = UsageError("`k` 0: ask for one climb or more, or leave `exclude_seen` out")
    assert error.with_options() == "-k 0: ask for one climb or more, or leave --exclude-seen out"
    assert str(error) == "k 0: ask for one climb or more, or leave exclude_seen out"


def test_bytes_of_a_file_are_not_shown():
    assert str(DataError("is no table", path="junk.csv", value=b"\x00\x00")) == "junk.csv: is no table"
