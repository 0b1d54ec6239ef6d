"""Types of climbs whose grades are of no rock system: winter, ice, mixed, via ferrata, aid, scrambles."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

# The type, and the word that is put before such a grade.
_NOT_ROCK: Final = (
    ("winter", "Winter"), ("mixed", "Mixed"), ("dry tool", "Dry"), ("drytool", "Dry"), ("drytooling", "Dry"),
    ("ice", "Ice"), ("snow", "Snow"), ("ferrata", "Ferrata"), ("alpine", "Alpine"), ("aid", "Aid"),
    ("scramble", "Scramble"), ("scrambling", "Scramble"), ("klettersteig", "Ferrata"), ("eis", "Ice"),
    ("glace", "Ice"), ("hielo", "Ice"), ("ghiaccio", "Ice"), ("mixte", "Mixed"), ("mixto", "Mixed"),
    ("misto", "Mixed"),
)  # fmt: skip
_ROCK: Final = ("trad", "sport", "top rope", "toprope", "boulder")


@lru_cache(maxsize=1024)
def not_rock(kind: str) -> str:
    """The word for a type of climb that has no rock grades, or ""."""
    kind = kind.casefold().replace("-", " ")
    if any(word in kind for word in _ROCK):
        return ""
    words = re.split(r"[\W_]+", kind)
    return next((word for name, word in _NOT_ROCK if name in words or (" " in name and name in kind)), "")
