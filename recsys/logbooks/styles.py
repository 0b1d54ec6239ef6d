"""What a style says of an ascent: its outcome, and which of two of one climb on one day says more."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

SEND: Final = "send"
ATTEMPT: Final = "attempt"
UNKNOWN: Final = "unknown"
"""The outcome where the logbook does not say it, such as a Mountain Project tick with a blank style."""
UNKNOWN_KEPT: Final = "outcome unknown: kept"
OUTCOMES: Final = (ATTEMPT, UNKNOWN, SEND)
"""From the least to the most telling."""

# From the best style on; a style counts as the first of these that it holds.
_STYLES: Final = (
    ("onsight", "on sight", "o/s"), ("flash",), ("first ascent", "firstascent"), ("redpoint", "red point"),
    ("ground up", "g/u", "greenpoint", "headpoint"), ("pinkpoint", "pink point"),
    ("solo", "dws", "deep water"), ("lead", "sent", "send", "clean", "tick"), ("top rope", "toprope", "tr"),
    ("second", "follow", "2nd"), ("repeat", "rpt"),
)  # fmt: skip
_ROPED: Final = (8, 9)
"""Of these the ones with a rope from above, which say more than the mark beside them."""
# A style in a word of its own spreadsheet, or in another language, and what it stands for.
_SHORT: Final = {
    "os": "onsight",
    "fl": "flash",
    **dict.fromkeys(
        ("rp", "rotpunkt", "redpunkt", "enchaîné", "enchainé", "encadenado", "encadenada"), "redpoint"
    ),
    "pp": "pinkpoint",
    "fa": "first ascent",
}  # fmt: skip

# What theCrag's tick types, and the same words in a spreadsheet, mean.
_ATTEMPTS: Final = (
    "attempt", "working", "hang dog", "hangdog", "dog", "retreat", "dab", "with rest", "top rope with rest",
    "second with rest", "lead with rest", "project", "aid", "aid solo", "ghost",
)  # fmt: skip
_SENDS: Final = re.compile(
    r"onsight|on sight|flash|red ?point|pink ?point|green ?point|ground up|send|tick|clean|repeat|top ?rope|"
    r"second|lead|solo|first ascent|deep water"
)


def outcome_of(style: str) -> str:
    """The outcome that a style means, also where its words are run together ("topropewithrest")."""
    if style in _ATTEMPTS or style.endswith(("with rest", "withrest")):
        return ATTEMPT
    return SEND if _SENDS.search(style) else UNKNOWN


@lru_cache(maxsize=4096)
def style_rank(style: str) -> int:
    """The higher, the better the style: an onsight beats a flash, that a redpoint; 0 where it is blank.

    On the second's end of the rope, or under a top rope, an onsight is below every lead.
    """
    text = " ".join(full_style(style).split())
    if "repeat" in text or "rpt" in text.split():
        return 1
    order = [*_ROPED, *(i for i in range(len(_STYLES)) if i not in _ROPED)]
    index = next((i for i in order if _holds(text, _STYLES[i])), None)
    return 0 if index is None else len(_STYLES) - index


def _holds(text: str, words: tuple[str, ...]) -> bool:
    """Whether a style holds one of these; a short one ("tr") only as a word of its own."""
    own = text.split()
    return any(word in own if len(word) < 4 else word in text for word in words)


def full_style(style: str) -> str:
    """A style in small letters, what is short or of another language written out: "RP" is "redpoint"."""
    text = style.casefold().replace("à vue", "onsight").replace("a vista", "onsight")
    return " ".join(_SHORT.get(word, word) for word in text.split())


def is_send(outcome: object) -> bool:
    """Whether an ascent that was kept is counted as a send: all are but those of unknown outcome."""
    return str(outcome).casefold() != UNKNOWN


def outcome_rank(outcome: str) -> int:
    """2 for a send, 1 for an unknown outcome, 0 for an attempt."""
    return OUTCOMES.index(outcome) if outcome in OUTCOMES else 1
