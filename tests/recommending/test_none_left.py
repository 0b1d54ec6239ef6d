"""What is said where no climb is left to name: what was asked, or that all was sent."""

from __future__ import annotations

import pytest

from recsys.recommending.catalogue import Catalogue
from recsys.recommending.none_left import none_left
from recsys.recommending.request import Request


@pytest.mark.parametrize(
    ("request_", "fit", "mode", "told"),
    [
        (Request("ada"), 9, None, "'ada' has sent all 9 climbs of the run; pass `include_seen` (exc"),
        (Request(sends=[]), 9, None, "this logbook has sent all 9 climbs of the run; pass `include_seen`"),
        (Request("ada"), 4, None, "'ada' has sent all 4 climbs that fit; ask for more grades, regions or"),
        (Request("ada"), 0, None, "no climb fits; ask for more grades, regions or stars"),
        (Request("ada"), 2, "warmup", "'ada' has sent all 2 climbs that are a warmup; ask for another mode"),
        (Request("ada"), 0, "warmup", "no climb that fits is a warmup for this climber; ask for"),
    ],
)  # fmt: skip
def test_why_nothing_is_left(request_: Request, fit: int, mode: str | None, told: str) -> None:
    nine = Catalogue.from_columns({"climb_id": list("abcdefghi")})
    assert none_left(request_, nine, fit, mode).startswith(told)
