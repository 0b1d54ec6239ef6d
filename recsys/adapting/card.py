"""What a model card says of a run that changed after its training."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from recsys.files import read_text
from recsys.nouns import spoken

_REMEDY: Final = "train or export again"


def with_section(card: Path, heading: str, note: str) -> str:
    """A card's text with a section of one line, in place of a former one of that heading; others stay.

    Raises DataError where the card is no text.
    """
    begin, _, rest = read_text(card, _REMEDY, _REMEDY).partition(f"\n## {heading}\n")
    _, following, after = rest.partition("\n## ")
    return f"{begin.rstrip()}\n\n## {heading}\n{spoken(note)}\n{following}{after}"
