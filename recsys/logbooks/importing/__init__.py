"""Logbooks as climbing sites export them, read into the contract's sends in pure Python.

    parsed = parse_logbook(content, "ticks.csv")
    parsed.source, parsed.rows, parsed.rejects

Bytes become text (`text`), text becomes rows (`table`) under a header that tells the source (`header`), each
source makes a `Draft` of a row (`sources`), and `parse` gives it a date (`dates`), an id (`ids`) and a place.
"""

from recsys.logbooks.importing.model import Ascent, Parsed, Reject, Wanted
from recsys.logbooks.importing.parse import parse_logbook

__all__ = ["Ascent", "Parsed", "Reject", "Wanted", "parse_logbook"]
