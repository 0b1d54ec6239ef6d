"""Fuzzes the other readers with atheris: a mapping, a bundle, a run, the bodies of requests.

    python -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install atheris
    export PYTHONPATH=.:.venv/lib/python3.11/site-packages
    /tmp/fuzz/bin/python benchmarks/fuzz_readers.py mapping -runs=1000000

Any exception but the project's own, in one line, is a crash, and so is a status of 500, and more than a
second of the processor. `mapping`: a TOML file, by which a small table is read. `bundle` and `run`: one file
of a folder, whose manifest is rewritten to match; then it is asked for climbs. `body`: a request to the
service, over that bundle. Half of the mutations know the format (a value of JSON, an array of NumPy's or a
column of Parquet changed), half are libFuzzer's. Logbooks have a program of their own, fuzz_import.py. What
was measured: docs/reference/logbooks.md.
"""

from __future__ import annotations

import asyncio
import contextlib
import gzip
import hashlib
import io
import json
import random
import shutil
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final

import atheris

with atheris.instrument_imports(include=["recsys", "workflows"]):
    from recsys.errors import RecsysError
    from recsys.manifest import MANIFEST

ROOT: Final = Path(__file__).parents[1]
SHELF: Final = "/dev/shm" if Path("/dev/shm").is_dir() else None
SLOW: Final = 1.0
TABLE: Final = """user,item,when,stars,kind,grade,place
a,c1,2024-05-01,1,sent,V3,North; left
a,c2,2024-05-02,4,tried,6a,South
b,c1,2024-05-03,,sent,,
"""
MAPPINGS: Final = (
    b'title = "T"\n[detect]\ncolumns = ["user", "item"]\n[columns]\nclimber_id = "user"\nclimb_id = "item"\n'
    b'date = "when"\nrating = "stars"\nregion = { column = "place", first_of = ";" }\ngrade = "grade"\n'
    b"[rating]\nmin = 0\nmax = 4\nblank = [-1]\n"
    b'[keep]\ncolumn = "kind"\nvalues = ["sent"]\nreason = "attempt"\n'
    b'[nouns]\nclimb = "film"\n',
    b'[columns]\nclimber_id = "user"\nclimb_id = "item"\ndate = "when"\n[date]\nunit = "s"\n'
    b'[join]\nfile = "items.csv"\non = "item"\n[detect]\ncolumns = ["user"]\nfile = "sends.csv"\n',
)
WORDS: Final = (
    "[columns]", "[detect]", "[date]", "[rating]", "[join]", "[keep]", "[nouns]", "unit", "order", "first_of",
    "blank", "values", "climber_id", "climb_id", "nan", "inf", "1e400", "climb", "sends", "{}", "[]",
    "k", "regions", "true", "null", "-1", "\\ud800", "NaN", "same", "steps", "logbook", "climber",
)  # fmt: skip
FORM: Final = b'--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\n%b\r\n--x--\r\n'
slowest = 0.0


def watched(use: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """The rules for every input."""

    def one(data: bytes) -> None:
        global slowest
        start = time.process_time()
        try:
            use(data)
        except RecsysError as error:
            message = str(error)
            assert len(message.splitlines()) == 1, message
            assert message.isprintable(), repr(message)
            assert len(message) < 2000, message
        seconds = time.process_time() - start
        if seconds > slowest:
            slowest = seconds
            print(f"slowest input so far: {seconds:.3f} s of the processor", file=sys.stderr)
        assert seconds < SLOW, f"slow: {seconds:.1f} s"

    return one


def mapping(folder: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """Read a table by it, and by it as one that knows its own files."""
    from recsys.logbooks.mapping import load_mapping
    from recsys.logbooks.read import read_sends

    (folder / "sends.csv").write_text(TABLE)
    (folder / "items.csv").write_text("item,more\nc1,x\nc2,y\n")
    path = folder / "mine.toml"

    def use(data: bytes) -> None:
        path.write_bytes(data)
        found = load_mapping(str(path))
        read_sends(folder if found.file else folder / "sends.csv", schema=str(path), bad_rows="drop")

    return use, [*MAPPINGS, *(each.read_bytes() for each in (ROOT / "schemas").glob("*.toml"))]


class Folder:
    """A folder of files that a manifest vouches for; an input is its name's number and its content."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.manifest = json.loads((folder / MANIFEST).read_text())
        self.digests = self.manifest.get("files", self.manifest)
        self.names = [each for each in self.digests if not each.endswith((".pkl", "/"))]
        self.whole = {name: (folder / name).read_bytes() for name in self.names}

    def seeds(self) -> list[bytes]:
        return [bytes([at]) + self.whole[name] for at, name in enumerate(self.names)]

    def used(self, data: bytes, use: Callable[[], None]) -> None:
        """Put the input in its file's place, have it used, and put the file back."""
        name = self.names[(data[:1] or b"\0")[0] % len(self.names)]
        digest = hashlib.sha256(data[1:]).hexdigest()
        (self.folder / name).write_bytes(data[1:])
        digests = {**self.digests, name: digest}
        listed = {**self.manifest, "files": digests} if "files" in self.manifest else digests
        (self.folder / MANIFEST).write_text(json.dumps(listed))
        try:
            use()
        finally:
            (self.folder / name).write_bytes(self.whole[name])


def kept(folder: Path) -> Path:
    """The run that the tests keep of an earlier version."""
    with tarfile.open(ROOT / "tests" / "formats" / "run-1.tar.xz") as archive:
        archive.extractall(folder, filter="data")
    return folder / "run"


def bundle(folder: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """A bundle, asked what the command line and the service ask."""
    from tests.recommending.test_hostile_bundle import use as ask

    files = Folder(kept(folder) / "bundle")
    return lambda data: files.used(data, lambda: ask(files.folder)), files.seeds()


def run(folder: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """The run that is kept of an earlier version, without its bundle: through PyTorch."""
    shutil.rmtree(kept(folder) / "bundle")
    from recsys.recommending.recommender import Recommender
    from recsys.recommending.request import Request
    from recsys.runs import Run
    from recsys.training.trained import TrainedRun

    def ask() -> None:
        opened = Run.open(folder / "run")
        assert opened.config
        assert opened.metrics
        found = Recommender(TrainedRun(opened))
        climber = found.climbers[0] if found.climbers else None
        json.dumps([each.to_json() for each in found.recommend(Request(climber=climber, k=3, explain=True))])

    files = Folder(folder / "run")
    return lambda data: files.used(data, ask), files.seeds()


def body(folder: Path) -> tuple[Callable[[bytes], None], list[bytes]]:
    """A request to each route that takes one; the first byte says which, and how it is packed."""
    from recsys.api.opening import open_recommender
    from recsys.serving.app import create_app
    from recsys.serving.planner import Planner
    from recsys.serving.policy import Policy

    app: Any = create_app(
        kept(folder) / "bundle",
        Policy(rate=0, poll_seconds=0, answer_seconds=600),
        lambda each: Planner.of(open_recommender(each)),
    )
    api = app.openapi()
    routes = sorted(path for path, how in api["paths"].items() if "post" in how)
    loop = asyncio.new_event_loop()
    stack = loop.run_until_complete(_started(app))
    logbook = [{"climb_id": "x", "date": "2024-05-01", "grade": "V2"}, {"climb_id": "y", "date": "2024"}]
    asked = json.dumps({"logbook": logbook, "k": 3, "grade_min": "V1", "steps": 2, "explain": True,
                        "climbs": ["x"], "same": {"x": "y"}}).encode()  # fmt: skip
    seeds = [bytes([at]) + text for at in range(len(routes)) for text in (asked, _example(api, routes[at]))]

    def use(data: bytes) -> None:
        assert not stack.done()  # the application lives as long as somebody holds its task
        first = (data[:1] or b"\0")[0]
        content, headers = data[1:], [(b"content-type", b"application/json"), (b"host", b"localhost")]
        if first >= 224:
            content = gzip.compress(content, 1)
        if first >= 192:
            headers.append((b"content-encoding", b"gzip"))
        elif first >= 160:
            content = FORM % content
            headers[0] = (b"content-type", b"multipart/form-data; boundary=x")
        status, answer = loop.run_until_complete(
            _posted(app, routes[first % 32 % len(routes)], headers, content)
        )
        assert status < 500, (status, answer[:300])
        if status != 200:
            assert isinstance(json.loads(answer), dict)

    return use, seeds


def _example(api: Mapping[str, Any], route: str) -> bytes:
    """A body that the service's own description gives."""
    content = api["paths"][route]["post"].get("requestBody", {}).get("content", {})
    for kind in content.values():
        for example in kind.get("examples", {}).values():
            return json.dumps(example.get("value")).encode()
        if "example" in kind:
            return json.dumps(kind["example"]).encode()
    return b"{}"


async def _started(app: Any) -> Any:
    """Let the application start; it stays so."""
    sent: asyncio.Queue[Any] = asyncio.Queue()
    received: asyncio.Queue[Any] = asyncio.Queue()
    await received.put({"type": "lifespan.startup"})
    task = asyncio.ensure_future(
        app({"type": "lifespan", "asgi": {"version": "3.0"}}, received.get, sent.put)
    )
    assert (await sent.get())["type"] == "lifespan.startup.complete"
    return task


async def _posted(app: Any, path: str, headers: list[Any], content: bytes) -> tuple[int, bytes]:
    messages: list[Any] = []
    asked = iter([{"type": "http.request", "body": content, "more_body": False}])

    async def receive() -> Any:
        for message in asked:
            return message
        await asyncio.sleep(60)
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        messages.append(message)

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path, "raw_path": path.encode(), "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 8000),
    }  # fmt: skip
    await app(scope, receive, send)
    return messages[0]["status"], b"".join(each.get("body", b"") for each in messages[1:])


def mutated(first: int) -> Callable[[bytes, int, int], bytes]:
    """A mutator for inputs of `first` bytes of choice, and a file."""
    from tests.recommending.test_hostile_bundle import mutated_arrays, mutated_json

    known = {b"PK": mutated_arrays, b"PA": mutated_table}

    def mutate(data: bytes, most: int, seed: int) -> bytes:
        draw = random.Random(seed)
        head, content = data[:first], data[first:]
        if draw.random() < 0.6:
            try:
                if content[6:9] == b"\0\0{":
                    return (head + mutated_tensors(content, draw, mutated_json))[:most]
                return (head + known.get(content[:2], mutated_json)(content, draw))[:most]
            except Exception:  # it is no longer of that format
                pass
        return bytes(atheris.Mutate(data, most))

    return mutate


def mutated_table(content: bytes, draw: random.Random) -> bytes:
    """A Parquet file's column dropped, renamed, of another type, cut short, or with an odd value."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pq.read_table(io.BytesIO(content))
    at, how = draw.randrange(table.num_columns), draw.randrange(7)
    name, values = table.column_names[at], table.column(at).to_pylist()
    if how == 0:
        table = table.drop_columns([name])
    elif how == 1:
        table = table.rename_columns({name: draw.choice([*table.column_names, "x", ""])})
    elif how == 2:
        table = table.slice(draw.randrange(table.num_rows + 1), draw.choice([0, 1, 2, 10**6]))
    else:
        odd: list[Any] = [
            None,
            -1,
            0,
            2**31,
            -(2**63),
            0.5,
            1e308,
            float("nan"),
            float("inf"),
            "",
            "x",
            "\0",
            True,
        ]
        where = (
            [draw.randrange(len(values)) for _ in range(draw.choice([1, 1, len(values)]))] if values else []
        )
        value = draw.choice([*odd, *values[:2]])
        changed = [value if row in where else each for row, each in enumerate(values)]
        if how == 3:
            changed = [None if each is None else str(each) for each in changed]
        elif how == 4:
            changed = [[each] for each in changed]
        table = table.set_column(at, name, pa.array(changed, from_pandas=False))
    sink = io.BytesIO()
    pq.write_table(table, sink)
    return sink.getvalue()


def mutated_tensors(content: bytes, draw: random.Random, mutated_json: Any) -> bytes:
    """A safetensors file whose header says something else."""
    size = int.from_bytes(content[:8], "little")
    header = mutated_json(content[8 : 8 + size], draw)
    return len(header).to_bytes(8, "little") + bytes(header) + content[8 + size :]


TARGETS: Final = {"mapping": (mapping, 0), "bundle": (bundle, 1), "run": (run, 1), "body": (body, 1)}


def main() -> None:
    name = sys.argv.pop(1) if len(sys.argv) > 1 else ""
    if name not in TARGETS:
        raise SystemExit(f"choose from {', '.join(TARGETS)}")
    make, first = TARGETS[name]
    with tempfile.TemporaryDirectory(dir=SHELF) as scratch:
        home, corpus = Path(scratch) / "home", Path(scratch) / "corpus"
        home.mkdir()
        corpus.mkdir()
        with atheris.instrument_imports(include=["recsys", "workflows"]):
            use, seeds = make(home)
            for at, seed in enumerate(seeds):
                with contextlib.suppress(RecsysError):  # not watched: the first ones import what they need
                    use(seed)
                (corpus / str(at)).write_bytes(seed)
        words = Path(scratch) / "words"
        words.write_text("".join(f'"{each}"\n' for each in WORDS).replace("\\", "\\\\"))
        most = max(map(len, seeds)) + 4096
        options = [f"-max_len={most}", f"-dict={words}", str(corpus)]
        mutator = {"custom_mutator": mutated(first)} if first else {}
        atheris.Setup([*sys.argv, *options], watched(use), **mutator)
        atheris.Fuzz()


if __name__ == "__main__":
    main()
