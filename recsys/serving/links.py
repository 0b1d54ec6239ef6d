"""Where a climb is to be found at the site whose id it carries (`recsys.logbooks.importing.sources`)."""

from __future__ import annotations

import re
from typing import Final

_SITES: Final = (
    (re.compile(r"mp-(\d+)"), "https://www.mountainproject.com/route/{}"),
    (re.compile(r"thecrag-(\d+)"), "https://www.thecrag.com/route/{}"),
)


def link(climb_id: str) -> str | None:
    """The address of a climb, or None where its id is of no such site."""
    for pattern, address in _SITES:
        found = pattern.fullmatch(climb_id)
        if found:
            return address.format(found[1])
    return None
