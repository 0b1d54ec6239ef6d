"""The model card of a run or a bundle, which a stranger may have put there: a link could name any file."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

from recsys import run_files
from recsys.atomic import atomic_path
from recsys.errors import DataError
from recsys.files import open_plain
from recsys.manifest import MANIFEST, read_manifest

_MOST: Final = 1_000_000  # bytes; one has some ten thousand
_REMEDY: Final = "train or export again"


def card_bytes(folder: Path) -> bytes | None:
    """What the card holds; None where the folder's manifest lists none.

    Raises
    ------
    DataError
        It is missing, a link, no file, or larger than any card.
    """
    if run_files.CARD not in read_manifest(folder):
        return None
    card = folder / run_files.CARD
    if card.is_symlink():
        raise DataError("is a link, and may name any file", path=card, remedy=_REMEDY)
    try:
        with open_plain(card, os.O_NOFOLLOW) as file:
            content = file.read(_MOST + 1)
    except OSError as error:
        raise DataError(f"cannot be read ({error.strerror})", path=card, remedy=_REMEDY) from error
    if len(content) > _MOST:
        raise DataError(f"holds more than {_MOST // 1_000_000} MB", path=card, remedy=_REMEDY)
    return content


def read_card(folder: Path) -> str:
    """The card's text; a DataError where there is none, or what is there is no text."""
    card, content = folder / run_files.CARD, card_bytes(folder)
    if content is None:
        raise DataError(f"is not in {MANIFEST}", path=card, remedy=_REMEDY)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError("is not UTF-8 text", path=card, remedy=_REMEDY) from error


def write_card(folder: Path, text: str) -> None:
    """Put a card in the place of what has its name: what that may be a link to stays as it is."""
    with atomic_path(folder / run_files.CARD) as fresh:
        fresh.write_text(text, encoding="utf-8")
