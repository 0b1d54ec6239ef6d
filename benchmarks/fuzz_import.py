"""Fuzzes the import of logbooks with atheris: any exception but the project's own, in one line, is a crash.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    PYTHONPATH=. /tmp/fuzz/bin/python benchmarks/fuzz_import.py -max_total_time=120

The import is pure Python, so nothing else is needed; atheris is no dependency of the project. It starts from
the constructed logbooks of the tests, copied to a temporary corpus. Other options are libFuzzer's.

Last run: 42,157 inputs in 121 s on one of two busy cores (and 57,335 before), no crash.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path

import atheris

with atheris.instrument_imports():
    from recsys.errors import RecsysError
    from recsys.logbooks.importing import Wanted, parse_logbook
    from recsys.logbooks.importing.merge import merge
    from recsys.logbooks.importing.sources import SOURCES

SEEDS = Path(__file__).parents[1] / "tests" / "logbooks"
WORDS = Path(__file__).with_suffix(".dict")
CHOICES = ("auto", *SOURCES)


def one_input(data: bytes) -> None:
    # The last byte chooses the source, so that the seeds stay whole files.
    source = CHOICES[data[-1] % len(CHOICES)] if data and data[-1] > 0xF0 else "auto"
    try:
        parsed = parse_logbook(data, "me.csv", source, Wanted(attempts=True))
        merged = merge([parsed, parsed])
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
