"""Every plain grade of each system, and its interval on its discipline's ladder (`recsys.logbooks.grades`).

The anchors are the usual comparison charts: V against Font, and YDS, Ewbank, UIAA and British against
French. Charts differ by about a step, more below French 5a; where two are common the interval holds both.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

Table = dict[str, tuple[float, float]]

BOULDER: Final = "boulder"
ROUTE: Final = "route"

# In the order in which an unmarked text is tried.
DISCIPLINES: Final = {
    "V": BOULDER,
    "YDS": ROUTE,
    "Ewbank": ROUTE,
    "French": ROUTE,
    "Font": BOULDER,
    "UIAA": ROUTE,
    "British": ROUTE,
}
SYSTEMS: Final = tuple(DISCIPLINES)

_FRENCH: Final = (
    "1 2 3 4a 4b 4c 5a 5b 5c 6a 6a+ 6b 6b+ 6c 6c+ 7a 7a+ 7b 7b+ 7c 7c+ 8a 8a+ 8b 8b+ 8c 8c+ 9a 9a+ 9b 9b+ 9c"
)
FRENCH_STEPS: Final = tuple(_FRENCH.split())


def _spans(text: str) -> Table:
    """ "a 1, b 2:3" as a table: a = [1, 1], b = [2, 3]."""
    table: Table = {}
    for entry in text.split(","):
        name, span = entry.split()
        low, _, high = span.partition(":")
        table[name] = (float(low), float(high or low))
    return table


def _signed(table: Table, names: Iterable[str]) -> Table:
    """The table, and the named grades with "+" and "-": a quarter of a step up and down."""
    signed = {
        name + sign: (table[name][0] + by, table[name][1] + by)
        for name in names
        for sign, by in (("+", 0.25), ("-", -0.25))
    }
    return {**signed, **table}


def _v() -> Table:
    plain: Table = {f"V{step}": (step, step) for step in range(18)}
    plain["VB"] = (-1, -1)
    levels: Table = {f"L{step}": (step, step) for step in range(18)}  # reading levels (`schemas/books.toml`)
    return {**_signed(plain, list(plain)), **levels, "V-EASY": (-1, -1), "VE": (-1, -1)}


def _font() -> Table:
    low = _spans(
        "1 -1,2 -1,3 -1,3A -1,3B -1,3C -1:0,3+ -1:0,4 0,4- -0.25,4+ 0:1,4A 0,4B 0,4C 0:1,"
        "5 1,5- 0.75,5+ 2,5A 1,5A+ 1:2,5B 1:2,5B+ 2,5C 2,5C+ 2:3,6 3:5,7 6:10,8 11:16"
    )
    high = _spans(
        "6A 3,6A+ 3:4,6B 4,6B+ 4:5,6C 5,6C+ 5:6,7A 6,7A+ 7,7B 8,7B+ 8:9,7C 9,7C+ 10,"
        "8A 11,8A+ 12,8B 13,8B+ 14,8C 15,8C+ 16,9A 17"
    )
    return {**low, **high}


def _french() -> Table:
    steps: Table = {name: (step, step) for step, name in enumerate(FRENCH_STEPS)}
    between: Table = {
        f"{name}+": (step, step + 1)
        for name, (step, _) in steps.items()
        if name[0] in "45" and len(name) == 2
    }
    whole = {
        number: (steps[f"{number}a"][0], steps.get(f"{number}c+", steps[f"{number}c"])[1])
        for number in "456789"
    }
    signs = _spans("1+ 0.25,2- 0.75,2+ 1.25,3- 1.75,3+ 2:3,3a 2,3b 2,3c 2:3,4- 3,4+ 5,5- 6,5+ 8")
    return {**between, **whole, **signs, **steps}


def _yds() -> Table:
    easy = _spans(
        "1st -1,2nd -1,3rd -1,4th 0,5.0 0:1,5.1 1,5.2 1:2,5.3 2,5.4 3,5.5 4,5.6 5,5.7 6,5.8 7,5.9 8,"
        "5.11a 13,5.11b 13:14,5.11c 14,5.11d 15"
    )
    letters: Table = {f"5.10{x}": (9 + i, 9 + i) for i, x in enumerate("abcd")}
    letters |= {
        f"5.{n}{x}": (4 * n - 32 + i, 4 * n - 32 + i) for n in range(12, 16) for i, x in enumerate("abcd")
    }
    letters |= easy
    # 5.10 is any letter, 5.10- is a or b, 5.10+ is c or d.
    for number in range(10, 16):
        for sign, first, last in (("", "a", "d"), ("-", "a", "b"), ("+", "c", "d")):
            letters[f"5.{number}{sign}"] = (letters[f"5.{number}{first}"][0], letters[f"5.{number}{last}"][1])
    table = _signed(letters, [name for name in letters if name[:2] == "5." and name[-1] not in "+-"])
    return {**table, "easy 5th": (0, 3), "easy 5": (0, 3), "5th": (0, 8)}


def _ewbank() -> Table:
    """Ewbank n is French step n - 9 from 12 (4a) up; the nine below it share three steps.

    Signs are read from 13 on: up to "12+" they are UIAA's.
    """
    table: Table = {
        str(n): (step := n - 9 if n >= 12 else max(3 - (12 - n) / 3, -1), step) for n in range(1, 41)
    }
    return _signed(table, [name for name in table if int(name) > 12])


def _uiaa() -> Table:
    text = (
        "I 0,II 1,III 2,IV- 2:3,IV 3,IV+ 4,V- 4:5,V 5,V+ 6,VI- 7,VI 8,VI+ 9,VII- 10,VII 11:12,VII+ 13,"
        "VIII- 14,VIII 15,VIII+ 16,IX- 17:18,IX 19,IX+ 20,X- 21:22,X 23,X+ 24,XI- 25:26,XI 27,XI+ 28,"
        "XII- 29:30,XII 31"
    )
    roman = _signed(_spans(text), ("I", "II", "III"))
    numerals = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")
    arabic = {
        name.replace(name.rstrip("+-"), str(numerals.index(name.rstrip("+-")) + 1)): span
        for name, span in roman.items()
    }
    return {**arabic, **roman}


def _british() -> Table:
    """Adjectives, technical grades, and the two together ("HVS 5a"), which is the adjective's interval."""
    adjectives = _spans(
        "M 0,MOD 0,D 1,DIFF 1,VD 1:2,VDIFF 1:2,HVD 2,HD 2,MS 2:3,S 3:4,HS 4:5,MVS 5,VS 6:7,HVS 7:8,E1 9:10,"
        "E2 11:12,E3 12:13,E4 14:15,E5 16:17,E6 18:19,E7 20:21,E8 22:23,E9 24:25,E10 26:27,E11 28:29"
    )
    technical = _spans("4A 3,4B 4,4C 5:6,5A 7,5B 8:9,5C 10:12,6A 13:15,6B 16:18,6C 19:21,7A 22:25,7B 26:29")
    both = {f"{adjective} {tech}": span for adjective, span in adjectives.items() for tech in technical}
    return {**both, **adjectives, **technical}


TABLES: Final[dict[str, Table]] = {
    "V": _v(),
    "YDS": _yds(),
    "Ewbank": _ewbank(),
    "French": _french(),
    "Font": _font(),
    "UIAA": _uiaa(),
    "British": _british(),
}
