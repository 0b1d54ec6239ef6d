"""Pseudonyms for climbers, made at import, so that no id of a site gets into a run.

A pseudonym is the first 80 bits of HMAC-SHA-256 of the id under a secret salt (RFC 2104): the same climber
has the same one in every import with that salt, and whoever has no salt can neither turn it back nor try ids.
The salt is read from a file that stays with whoever imports, and is written nowhere.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Final

from recsys.errors import UsageError
from recsys.files import open_plain
from recsys.logbooks.importing.model import Ascent, Reject

SHORTEST: Final = 16
"""Bytes of a salt."""
_LONGEST: Final = 1 << 16
_PREFIX: Final = "climber-"
_DIGITS: Final = 20


def read_salt(path: Path) -> bytes:
    """The salt of a file, white space about it left out.

    Raises
    ------
    UsageError
        It cannot be read, or is shorter than `SHORTEST`.
    """
    try:
        with open_plain(path) as file:
            salt = file.read(_LONGEST).strip()
    except OSError as error:
        raise UsageError(f"`pseudonyms` {path}: cannot be read ({error.strerror}); check the path") from None
    if len(salt) < SHORTEST:
        raise UsageError(
            f"`pseudonyms` {path}: a salt has at least {SHORTEST} bytes; make one with: "
            "head -c 32 /dev/urandom | base64"
        )
    return salt


def pseudonym(climber: str, salt: bytes) -> str:
    """The pseudonym of a climber's id."""
    digest = hmac.new(salt, climber.encode("utf-8", "surrogatepass"), hashlib.sha256).hexdigest()
    return _PREFIX + digest[:_DIGITS]


def hide_climbers(rows: Sequence[Ascent], salt: bytes) -> list[Ascent]:
    """The ascents with pseudonyms for their climbers, and without the files' names, which may be theirs."""
    known = {each: pseudonym(each, salt) for each in {row.climber_id for row in rows}}
    return [row._replace(climber_id=known[row.climber_id], file="") for row in rows]


def hide_rejects(rejects: Sequence[Reject]) -> list[Reject]:
    """What was not used by row and reason alone: its text may name a climber."""
    files = list(dict.fromkeys(each.file for each in rejects))
    return [replace(each, file=f"file {files.index(each.file) + 1}", value="", text="") for each in rejects]
