"""Fuzzes the one reader of logbooks with atheris: any exception but the project's own, in one line, is a
crash.

    python -m venv /tmp/fuzz
    /tmp/fuzz/bin/pip install atheris numpy==1.26.4 pandas==1.5.3 pyarrow==19.0.1 openpyxl
    PYTHONPATH=. /tmp/fuzz/bin/python benchmarks/fuzz_import.py -runs=1000000 -print_final_stats=1

An input is a file's bytes. It goes the way of import (parse, merge), of `recommend --logbook` (one climber's
sends as the model is asked) and of the page; some inputs as a named source or by `columns`, some packed first
as another kind of file: gzip and UTF-16, which must say the same as the text; JSON, Excel, Parquet; and some
by training's reader. A checksum of the input chooses. atheris is no dependency of the project. It starts from
the first lines of the tests' constructed logbooks. An input that takes more than a second of the processor is
a crash too. Other options are libFuzzer's. What was measured: docs/reference/logbooks.md.
"""

from __future__ import annotations

import csv
import gzip
import io
import json
import sys
import tempfile
import time
import zlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import atheris

with atheris.instrument_imports(include=["recsys.logbooks.importing", "recsys.logbooks.sheets"]):
    from recsys.errors import RecsysError
    from recsys.logbooks.importing import Parsed, Wanted, parse_logbook
    from recsys.logbooks.importing.sources import SOURCES
    from recsys.logbooks.read import read_sends
    from recsys.logbooks.sheets.encoding import decode
    from recsys.recommending.logbook import read_logbook
    from recsys.recommending.logbook_file import book_of
    from recsys.serving.upload import read_upload

SEEDS = Path(__file__).parents[1] / "tests" / "logbooks"
WORDS = Path(__file__).with_suffix(".dict")
OWN = {"date": "Date", "climb": "Route", "grade": "Grade", "style": "Style"}
CONTRACT = (
    b"climber_id,climb_id,date,sequence,grade,climb_type,rating,comment,outcome\n"
    b"a,c1,2024-05-01,1,9-,sport,3,NA,send\na,c2,2024-05-02T10:00:00+02:00,2,9,sport,,-,unknown\n"
)
LINES = 3
SLOW = 1.0
slowest = 0.0


def one_input(data: bytes) -> None:
    global slowest
    start = time.process_time()
    try:
        _form(zlib.crc32(data))(data)
    except RecsysError as error:
        message = str(error)
        if len(message.splitlines()) != 1:
            raise AssertionError(message) from error
    seconds = time.process_time() - start
    if seconds > slowest:
        slowest = seconds
        print(f"slowest input so far: {seconds:.3f} s of the processor", file=sys.stderr)
    if seconds > SLOW:
        raise AssertionError(f"slow: {seconds:.1f} s")


def _form(checksum: int) -> Callable[[bytes], None]:
    """What is done with an input: of 512, 323 are read as they are; writing a workbook takes 30 ms."""
    forms: list[tuple[int, Callable[[bytes], None]]] = [
        (48, lambda data: _sources(data, list(SOURCES)[checksum // 512 % len(SOURCES)])),
        (32, lambda data: _said(_parsed(data, columns=OWN))),
        (32, lambda data: _same(data, gzip.compress(data, 1, mtime=0))),
        (32, _wide),
        (16, lambda data: _said(_parsed(_json(data)))),
        (1, lambda data: _said(_parsed(_excel(data)))),
        (8, lambda data: _said(_parsed(_parquet(data)))),
        (8, _trained),
        (12, _uploaded),
    ]
    at = checksum % 512
    for share, form in forms:
        if at < share:
            return form
        at -= share
    return lambda data: _said(_parsed(data))


def _parsed(data: bytes, source: str = "auto", columns: Mapping[str, str] | None = None) -> Parsed:
    return parse_logbook(data, "me.csv", source, Wanted(attempts=True), columns)


def _said(parsed: Parsed) -> None:
    """What import and `recommend` make of it, and what must be true of that."""
    assert parsed.n_read == len(parsed.rows) + len(parsed.rejects)
    book = book_of([parsed, parsed] if len(parsed.rows) & 1 else [parsed], None, "drop")
    read_logbook(book.sends)
    assert all(row["climb_id"] and row["climber_id"] and row["date"] for row in book.sends)
    assert all(row["rating"] is None or 1 <= row["rating"] <= 5 for row in book.sends)
    str(book.sends).encode()
    assert not any("\n" in line for line in book.lines())


def _sources(data: bytes, source: str) -> None:
    _said(_parsed(data, source))


def _uploaded(data: bytes) -> None:
    json.dumps(read_upload(data, "me.csv", "auto"))


def _same(data: bytes, packed: bytes) -> None:
    """Packed in another way it must say the same, or be refused too."""
    try:
        plain = _parsed(data)
    except RecsysError:
        _said(_parsed(packed))
        return
    again = _parsed(packed)
    assert (plain.rows, plain.rejects) == (again.rows, again.rejects)
    _said(again)


def _wide(data: bytes) -> None:
    """As UTF-16, with its mark; text that was Windows-1252 is UTF-16 as well as any other."""
    text = decode(data)[0]
    if text.isascii() and text.strip() and data == text.encode():
        _same(data, text.encode("utf-16"))
    else:
        _said(_parsed(text.encode("utf-16", "surrogatepass")))


def _table(data: bytes) -> list[list[str]]:
    """The input as rows of equal length, the longest header of a few delimiters first."""
    text = decode(data)[0]
    delimiter = max(",;\t", key=text.partition("\n")[0].count)
    try:
        rows = [row for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter) if row]
    except csv.Error:
        rows = [line.split(delimiter) for line in text.splitlines()]
    width = min(max(map(len, rows), default=0), 200)
    return [(row + [""] * width)[:width] for row in rows[:50]]


def _json(data: bytes) -> bytes:
    header, *rows = _table(data) or [[]]
    records = [{name: _typed(cell) for name, cell in zip(header, row, strict=True)} for row in rows]
    return json.dumps(records).encode("utf-8", "replace")


def _excel(data: bytes) -> bytes:
    import openpyxl
    from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE

    book = openpyxl.Workbook()
    for row in _table(data):
        book.active.append([_typed(ILLEGAL_CHARACTERS_RE.sub("", cell).lstrip("=")) for cell in row])
    content = io.BytesIO()
    book.save(content)
    return content.getvalue()


def _parquet(data: bytes) -> bytes:
    import pyarrow as pa
    import pyarrow.parquet as pq

    header, *rows = _table(data) or [[]]
    columns = list(zip(*rows, strict=True)) or [() for _ in header]
    arrays = [pa.array([cell.encode("utf-8", "replace") for cell in cells], pa.binary()) for cells in columns]
    names = [name.encode("utf-8", "replace").decode() for name in header]
    sink = io.BytesIO()
    pq.write_table(pa.Table.from_arrays(arrays, names=names), sink)
    return sink.getvalue()


def _typed(cell: str) -> Any:
    """A number as a number, as other programs write them."""
    try:
        return float(cell) if len(cell) < 12 and abs(float(cell)) < 1e12 else cell
    except ValueError:
        return cell


def _trained(data: bytes) -> None:
    """As training reads it, from a file."""
    with tempfile.NamedTemporaryFile(suffix=".csv", dir=SHELF) as file:
        file.write(data)
        file.flush()
        read_sends(file.name, schema="sends", bad_rows="drop")


SHELF = "/dev/shm" if Path("/dev/shm").is_dir() else None


def seed(folder: Path) -> Path:
    """The first lines of every constructed logbook, and raw sends."""
    corpus = folder / "corpus"
    corpus.mkdir()
    for path in SEEDS.glob("*.csv"):
        (corpus / path.name).write_bytes(b"".join(path.read_bytes().splitlines(keepends=True)[-LINES:]))
        lines = path.read_bytes().splitlines(keepends=True)
        (corpus / f"head-{path.name}").write_bytes(b"".join(lines[:LINES]))
    (corpus / "sends.csv").write_bytes(CONTRACT)
    (corpus / "wide.csv").write_bytes(CONTRACT.decode().encode("utf-16"))
    (corpus / "sends.csv.gz").write_bytes(gzip.compress(CONTRACT, mtime=0))
    for name, pack in (("sends.json", _json), ("sends.xlsx", _excel), ("sends.parquet", _parquet)):
        (corpus / name).write_bytes(pack(CONTRACT))
    return corpus


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        corpus = seed(Path(folder))
        atheris.Setup([*sys.argv, "-max_len=512", f"-dict={WORDS}", str(corpus)], one_input)
        atheris.Fuzz()
