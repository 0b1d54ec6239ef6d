"""Fuzzes the one reader of logbooks with atheris: any exception but the project's own, in one line, is a crash.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris numpy
    PYTHONPATH=. /tmp/fuzz/bin/python benchmarks/fuzz_import.py -atheris_runs=1000000 -timeout=1

An input is a file's bytes; it goes the way of import (parse, merge), of `recommend --logbook` (one climber's sends as
the model is asked) and of the page. Nothing but NumPy is needed; atheris is no dependency of the project. It starts
from the constructed logbooks of the tests, copied to a temporary corpus. Other options are libFuzzer's; -timeout=1
makes an input that takes longer than a second a crash.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recsys"]):
    from recsys.errors import RecsysError
    from recsys.logbooks.importing import Wanted, parse_logbook
    from recsys.logbooks.importing.merge import merge
    from recsys.logbooks.importing.sources import SOURCES
    from recsys.recommending.logbook import read_logbook
    from recsys.recommending.logbook_file import book_of

SEEDS = Path(__file__).parents[1] / "tests" / "logbooks"
WORDS = Path(__file__).with_suffix(".dict")
CHOICES = ("auto", *SOURCES)
OWN = {"date": "Date", "climb": "Route", "grade": "Grade", "style": "Style"}
slowest = [0.0]


def one_input(data: bytes) -> None:
    start = time.perf_counter()
    _read(data)
    slowest[0] = max(slowest[0], time.perf_counter() - start)


def _read(data: bytes) -> None:
    # The last byte chooses the source, so that the seeds stay whole files.
    last = data[-1] if data else 0
    source = CHOICES[last % len(CHOICES)] if last > 0xF0 else "auto"
    try:
        parsed = parse_logbook(data, "me.csv", source, Wanted(attempts=True), OWN if last == 0xF0 else None)
        merged = merge([parsed, parsed])
        book = book_of([parsed], None, "drop")
        read_logbook(book.sends)
    except RecsysError as error:
        message = str(error)
        if len(message.splitlines()) != 1:
            raise AssertionError(message) from error
        return
    assert parsed.n_read == len(parsed.rows) + len(parsed.rejects)
    assert all(row.climb_id and row.climber_id and row.date for row in merged.rows)
    assert all(row.rating is None or 1 <= row.rating <= 5 for row in merged.rows)
    str(merged.rows).encode()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        corpus = shutil.copytree(SEEDS, Path(folder) / "corpus")
        atheris.Setup([*sys.argv, "-max_len=4096", f"-dict={WORDS}", str(corpus)], one_input)
        atheris.Fuzz()
