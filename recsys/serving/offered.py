"""What may be chosen from before asking: regions, areas, styles, and climbers to try the service with."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any, Final

import numpy as np

from recsys.logbooks.grades import ordinals, read_grade
from recsys.recommending.levels import level
from recsys.serving.likes import CatalogueLike

_SENDS: Final = 60  # of a logbook that shows well what the service does
_OFFERED: Final = 3  # climbers of different strength
_PLACES: Final = 500  # areas, and styles, that are named


Row = dict[str, Any]


def places(table: CatalogueLike) -> dict[str, list[Row]]:
    """The regions, and the areas and styles with most climbs, in order of their names; and the grades."""
    regions = Counter(text for each in table.regions if (text := _text(each)))
    pairs = zip(table.areas, table.regions, strict=True)
    areas = Counter((_text(area), _text(region)) for area, region in pairs if _text(area))
    styles = Counter(text for each in table.styles if (text := _text(each)))
    return {
        "regions": [{"region": name, "climbs": n} for name, n in sorted(regions.items())],
        "areas": [
            {"area": area, "region": region or None, "climbs": n}
            for (area, region), n in sorted(areas.most_common(_PLACES))
        ],
        "styles": [{"style": name, "climbs": n} for name, n in sorted(styles.most_common(_PLACES))],
        "grades": _grades(table),
    }


def _grades(table: CatalogueLike) -> list[Row]:
    """The climbs' grades as they are written, those of most climbs, and how they are read: easiest first."""
    counted = Counter(text for each in table.grades if (text := _text(each))).most_common(_PLACES)
    told = [(read, text, n) for text, n in counted if (read := read_grade(text)) is not None]
    rows = [
        {"grade": text, "ordinal": read.ordinal, "system": read.system, "climbs": n} for read, text, n in told
    ]
    return sorted(rows, key=lambda row: (row["ordinal"], row["grade"]))


def in_a_line(climber: str, sends: Sequence[Row], leveled: bool) -> Row:
    """A stored climber in the fields of `recsys.serving.models.Sampled`; `leveled`: grades are levels."""
    known = ordinals([send["grade"] for send in sends])
    hardest = None if np.isnan(known).all() else float(np.nanmax(known))
    return {
        "climber": climber,
        "sends": len(sends),
        "days": len({send["date"] for send in sends}),
        "hardest": hardest,
        "grade": None if hardest is None else level(hardest, leveled),
    }


def samples(rows: Sequence[Row]) -> list[Row]:
    """Of climbers in a line a few, weak to strong, with about `_SENDS` sends on many days each."""

    def distance(row: Row) -> float:
        return abs(row["sends"] - _SENDS) + max(0, _SENDS / 2 - row["days"])

    good = sorted(sorted(rows, key=distance)[: 4 * _OFFERED], key=lambda row: row["hardest"] or 0.0)
    chosen = [good[at * (len(good) - 1) // (_OFFERED - 1)] for at in range(_OFFERED)] if good else []
    return list({row["climber"]: row for row in chosen}.values())


def _text(value: Any) -> str:
    return "" if value is None or value != value else str(value)
