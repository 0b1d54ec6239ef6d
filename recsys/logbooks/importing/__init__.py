"""Logbooks as climbing sites export them, read into the contract's sends in pure Python.

    parsed = parse_logbook(content, "ticks.csv")
    parsed.source, parsed.rows, parsed.rejects

A file becomes rows (`recsys.logbooks.sheets`) under a header that tells the source (`header`). Raw sends are
read by the contract (`contract`); of a site's row its source makes a `Draft` (`sources`), and `site_rows`
gives it a date (`dates`), an id (`ids`) and a place. docs/reference/logbooks.md lists what is read, from
where, and what is lost.
"""

from recsys.logbooks.importing.model import Ascent, Parsed, Reject, Wanted
from recsys.logbooks.importing.parse import parse_logbook

__all__ = ["Ascent", "Parsed", "Reject", "Wanted", "parse_logbook"]
