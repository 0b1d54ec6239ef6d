"""What a model card says of a run that changed after its training."""

from __future__ import annotations

from recsys.nouns import spoken


def with_section(card: str, heading: str, note: str) -> str:
    """A card's text with a section of one line, in place of a former one of that heading; others stay."""
    begin, _, rest = card.partition(f"\n## {heading}\n")
    _, following, after = rest.partition("\n## ")
    return f"{begin.rstrip()}\n\n## {heading}\n{spoken(note)}\n{following}{after}"
