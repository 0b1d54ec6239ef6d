"""Bundles whose manifest was rewritten to match: an answer or one clear line, in bounded time and memory.

    python -m tests.recommending.test_hostile_bundle 20000    the same with as many, and a summary

Found so: 685 uncaught exceptions of 1,474, before the loader checked what it read.
"""

from __future__ import annotations

import copy
import hashlib
import io
import json
import os
import random
import resource
import sys
import tempfile
import time
import zipfile
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.api.opening import open_recommender
from recsys.errors import RecsysError, RunError
from recsys.manifest import MANIFEST, write_manifest
from recsys.recommending import bundle as b
from recsys.recommending.request import Request
from recsys.run_files import CARD
from recsys.serving.backend import open_backend
from tests.builders.light_bundle import graph_without, write_light_bundle

MUTATIONS = 500
ODD = (
    None, True, False, -1, 0, 1, 2, 7, 2**31, 2**63, -(2**63), 10**400, 0.5, -1e308, 1e308, 1e-320, "", "x",
    "climb-01", "grade", "\ud800", "\x00", "\x1b[31m", "[b]", "x" * 20_000, [], {}, [None], [[]], {"a": {}},
    ["climb-01"], [1, 2, 3], ["a", "a"], [0.5] * 50, list(range(5000)),
)  # fmt: skip
TYPES = (
    "int8",
    "int32",
    "int64",
    "uint64",
    "float16",
    "float32",
    "float64",
    "bool",
    "complex64",
    "U3",
    "S3",
    ">i4",
)


def mutated_json(content: bytes, rng: random.Random) -> bytes:
    """One to three values replaced, dropped, doubled or renamed; or what is no JSON."""
    if rng.random() < 0.05:
        return rng.choice(
            [b"", b"[" * 100_000, b"\xff", b"NaN", b"{}", b"[]", b'{"format": 1e999}', content[:-9]]
        )
    tree = json.loads(content)
    for _ in range(rng.randint(1, 3)):
        holder, key = tree, None
        while isinstance(holder, (dict, list)) and holder:
            parent, key = holder, rng.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
            holder = parent[key]
            if rng.random() < 0.35:
                break
        if key is None:
            continue
        how = rng.random()
        if how < 0.6:
            parent[key] = copy.deepcopy(rng.choice(ODD))
        elif how < 0.75:
            del parent[key]
        elif isinstance(parent, list):
            parent.insert(rng.randrange(len(parent) + 1), copy.deepcopy(parent[key]))
        else:
            parent[rng.choice(["climb", "region", "grade", "new", *parent])] = copy.deepcopy(parent[key])
    return json.dumps(tree).encode()


def mutated_arrays(content: bytes, rng: random.Random) -> bytes:
    """One array of another type, shape or content; packed, pickled, missing, or lying."""
    with np.load(io.BytesIO(content)) as found:
        arrays = dict(found)
    name = rng.choice(list(arrays))
    values, how = arrays[name], rng.randrange(9)
    if how == 0:
        del arrays[name]
    elif how == 1:
        with np.errstate(all="ignore"):
            arrays[name] = values.astype(rng.choice(TYPES), casting="unsafe")
    elif how == 2:
        shape = rng.choice([(0,), (1, -1), (-1, 1), (-1, 1, 1), (1, 1, -1)])
        arrays[name] = values[:0] if shape == (0,) else values.reshape(shape)
    elif how == 3:
        arrays[name] = np.concatenate([values, values])[: rng.randrange(2 * len(values) + 1)]
    elif how in (4, 5):
        flat = values.copy().reshape(-1)
        with np.errstate(all="ignore"):
            odd = np.array([-1, -2, 0, 5, 2**31 - 1, -(2**31), 1e30, np.nan, np.inf])
            flat[rng.randrange(len(flat))] = odd.astype(values.dtype)[rng.randrange(9)]
        arrays[name] = flat.reshape(values.shape)
    elif how == 6:
        arrays[name] = np.array([{"a": 1}, None], dtype=object)
    elif how == 7:
        arrays[name] = np.asfortranarray(values)
    written = io.BytesIO()
    (np.savez_compressed if how == 8 else np.savez)(written, **arrays)
    return lying(written.getvalue(), rng) if rng.random() < 0.2 else written.getvalue()


def lying(content: bytes, rng: random.Random) -> bytes:
    """The first array says that it is far larger, in a file whose checksums match."""
    written = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(written, "w") as new:
        for index, info in enumerate(old.infolist()):
            data = old.read(info)
            if index == 0:
                size = rng.choice([b"99999999999", b"(-1)", b"1e9", b"10**9999", b"99", b"'a'"])
                data = data.replace(b"'shape': (", b"'shape': (" + size + b", ")
            new.writestr(info.filename, data)
    return written.getvalue()


def mutated_bytes(content: bytes, rng: random.Random) -> bytes:
    """Bytes changed, cut out or doubled anywhere."""
    changed = bytearray(content)
    for _ in range(rng.randint(1, 4)):
        at, how = rng.randrange(len(changed) + 1), rng.random()
        if how < 0.6 and at < len(changed):
            changed[at] = rng.randrange(256)
        elif how < 0.8:
            del changed[at : at + rng.randint(1, 40)]
        else:
            changed[at:at] = bytes(rng.randrange(256) for _ in range(rng.randint(1, 20)))
    return bytes(changed)


def mutate(folder: Path, whole: dict[str, bytes], rng: random.Random) -> str:
    """Mutate one file of a bundle that is `whole`, under a manifest that matches; the file's name."""
    name = rng.choice([b.BUNDLE, b.CONSTANTS, b.CLIMBS, b.HISTORIES, b.ARRAYS, b.ARRAYS, b.MODEL, CARD])
    content = whole[name]
    structured = (
        mutated_json if name.endswith("json") else mutated_arrays if name == b.ARRAYS else mutated_bytes
    )
    content = (structured if rng.random() < 0.85 else mutated_bytes)(content, rng)
    (folder / name).write_bytes(content)
    digests = {each: hashlib.sha256(whole[each]).hexdigest() for each in b.FILES}
    listed = {**digests, name: hashlib.sha256(content).hexdigest()}
    (folder / MANIFEST).write_text(json.dumps(listed))
    return name


def use(folder: Path) -> None:
    """All that the command line and the service ask of a bundle."""
    backend = open_backend(folder, open_recommender)
    ask = Request(k=3, explain=True, grades=(1.0, 3.0), diversity=0.3, exclude_seen=False)
    posted = [{"climb_id": "climb-01", "date": "2024-05-01"}, {"climb_id": "x", "date": "2024-05-02"}]
    asks = [Request(), ask, Request(sends=posted, explain=True, exclude_seen=False)]
    asks += [Request(climber=each, k=100) for each in backend.climbers[:3]]
    answers = backend.recommend_many(asks)
    for answer in answers:
        if isinstance(answer, Exception) and not isinstance(answer, RecsysError):
            raise answer
    found = [backend.search("slab", 5), backend.places, backend.find_climbers("c", 5)]
    if not isinstance(answers[0], Exception):
        found.append([backend.similar(row["climb_id"], 5) for row in answers[0]])
    json.dumps(
        [answers if not any(isinstance(a, Exception) for a in answers) else [], found], allow_nan=False
    )


def attack(folder: Path, whole: dict[str, bytes], seed: int) -> tuple[str, str, float]:
    """One mutation used: the file, what came of it, and the seconds of the processor that took."""
    name = mutate(folder, whole, random.Random(seed))
    began = time.process_time()
    try:
        use(folder)
        result = "answered"
    except RecsysError as error:
        text = str(error)
        assert text.isprintable(), f"seed {seed}: {text!r}"
        assert len(text) < 1000, f"seed {seed}: {text[:200]!r}"
        result = "refused"
    except Exception as error:
        raise AssertionError(f"seed {seed}, {name}: {type(error).__name__}: {error}") from error
    finally:
        (folder / name).write_bytes(whole[name])
    return name, result, time.process_time() - began


@pytest.fixture(scope="module")
def whole(tmp_path_factory) -> dict[str, bytes]:
    folder = write_light_bundle(tmp_path_factory.mktemp("hand") / "bundle")
    return {name: (folder / name).read_bytes() for name in b.FILES}


def written(folder: Path, whole: dict[str, bytes]) -> Path:
    for name, content in whole.items():
        (folder / name).write_bytes(content)
    write_manifest(folder, b.FILES)
    return folder


def test_the_bundle_made_by_hand_answers(whole, tmp_path):
    backend = open_backend(written(tmp_path, whole), open_recommender)
    use(tmp_path)
    assert len(backend.recommend_many([Request(climber="climber-1", k=3)])[0]) == 3


def test_no_mutation_ends_in_a_traceback(whole, tmp_path):
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    results, _ = Counter(), written(tmp_path, whole)
    for seed in range(MUTATIONS):
        name, result, seconds = attack(tmp_path, whole, seed)
        results[name, result] += 1
        assert seconds < 1, f"seed {seed}, {name}"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300 * 1024  # KiB
    for name in (b.BUNDLE, b.CONSTANTS, b.CLIMBS, b.HISTORIES, b.ARRAYS, b.MODEL):
        assert results[name, "refused"] > 10, name
    assert results[CARD, "refused"] == 0


NAMES = st.sampled_from([b.BUNDLE, b.CONSTANTS, b.CLIMBS, b.HISTORIES])
JSON = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(max_size=4)),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(st.text(max_size=4), inner)),
    max_leaves=4,
)


@given(name=NAMES, at=st.floats(0, 1, exclude_max=True), value=JSON)
@settings(deadline=None, max_examples=40)
def test_any_value_of_a_json_file_is_used_or_refused_in_a_line(whole, tmp_path_factory, name, at, value):
    """Under a manifest that matches; hypothesis shrinks what it finds."""
    folder = tmp_path_factory.getbasetemp() / "hostile"  # no bundle lies where others' folders do
    folder.mkdir(exist_ok=True)
    written(folder, whole)
    tree = json.loads(whole[name])
    key = list(tree)[int(at * len(tree))]
    (folder / name).write_text(json.dumps({**tree, key: value}))
    write_manifest(folder, b.FILES)
    said = ""
    try:
        use(folder)
    except RecsysError as error:
        said = str(error)
    assert said.isprintable()


@pytest.mark.parametrize("name", [b.CLIMBS, CARD])
def test_links_and_pipes_are_no_files_of_a_bundle(whole, tmp_path, name):
    """A manifest's hash holds for what a link leads to; what never ends is not read."""
    folder = written(tmp_path, whole)
    for target in ("/dev/zero", "/etc/hosts", "..", "nowhere"):
        (folder / name).unlink()
        (folder / name).symlink_to(target)
        with pytest.raises(RunError, match=f"{name}: (is missing|was changed)"):
            use(folder)
    (folder / name).unlink()
    os.mkfifo(folder / name)
    with pytest.raises(RunError, match=f"{name}: is missing"):
        use(folder)


def edited(whole, name, edit) -> dict[str, bytes]:
    if name.endswith("json"):
        tree = json.loads(whole[name])
        edit(tree)
        return {**whole, name: json.dumps(tree).encode()}
    with np.load(io.BytesIO(whole[name])) as found:
        arrays = dict(found)
    edit(arrays)
    packed = io.BytesIO()
    np.savez(packed, **arrays)
    return {**whole, name: packed.getvalue()}


def put(key, value):
    return lambda table: table.__setitem__(key, value)


def at(name, index, value):
    def edit(table):
        table[name][index] = value

    return edit


BREACHES = {
    "another format": (b.BUNDLE, put("format", 99), "bundle format 99, this version reads"),
    "no length": (b.BUNDLE, lambda t: t.pop("length"), r"bundle\.json: length is missing"),
    "an endless window": (b.BUNDLE, put("length", 10**9), "length is no whole number from 1 to 4096"),
    "a flag for a number": (b.BUNDLE, put("length", True), "length is no whole number"),
    "unknown attributes": (b.BUNDLE, put("attributes", ["speed"]), "attributes are not all of"),
    "fewer attributes": (b.BUNDLE, put("attributes", ["grade"]), "attributes are not all of"),
    "a climb twice": (b.CLIMBS, at("climb_id", 0, "climb-01"), r"climbs\.json: climb_id names .* twice"),
    "a climb less": (b.CLIMBS, lambda t: t["grade"].pop(), "grade has 11 values where there are to be 12"),
    "a number for a name": (b.CLIMBS, at("climb_name", 2, 7), r"climb_name\[2\] is no text"),
    "half a character": (b.CLIMBS, at("region", 0, "\ud800"), "region holds half a character"),
    "no sends": (b.CLIMBS, put("sends", [0] * 12), "sends are all 0"),
    "fewer than no sends": (b.CLIMBS, at("sends", 3, -1), r"sends\[3\] is no number from 0"),
    "no climbs": (b.CLIMBS, put("climb_id", []), "names no climb"),
    "no climbers known": (b.CONSTANTS, lambda t: t["vocabularies"].pop("climber"), "climber is missing"),
    "an unknown number": (b.CONSTANTS, lambda t: t["numbers"].update(x={}), r"numbers\.x is not known"),
    "falling edges": (b.CONSTANTS, lambda t: t["numbers"]["grade"].update(edges=[2, 1]), "edges do not rise"),
    "a negative deviation": (b.CONSTANTS, lambda t: t["numbers"]["rating"].update(std=-1), r"ing\.std is no"),
    "an unknown flag": (b.CONSTANTS, put("flags", ["x"]), "flags are not all of"),
    "climbs the graph has not": (
        b.CONSTANTS, lambda t: t["vocabularies"]["climb"].append("more"), r"model\.onnx: cannot answer",
    ),
    "a climber too many": (b.HISTORIES, lambda t: t["climber_id"].append("x"), "offsets do not part"),
    "fewer texts": (b.HISTORIES, put("region", ["Font"]), "region holds values that are not from -1 to 0"),
    "offsets that fall": (b.ARRAYS, at("offsets", 1, 99), "offsets do not part 24 sends among 4 climbers"),
    "an index beyond": (b.ARRAYS, at("grade", 0, 2), "grade holds values that are not from -1 to 1"),
    "an endless day": (b.ARRAYS, at("day", 0, np.inf), "day holds values"),
    "an embedding that is no number": (b.ARRAYS, at("embeddings", 0, np.nan), "embeddings holds values"),
    "wider numbers": (b.ARRAYS, lambda t: t.update(day=t["day"].astype("f4")), "day is no float64"),
    "a pickle": (b.ARRAYS, put("rating", np.array([print], dtype=object)), "rating holds objects"),
    "a send less": (b.ARRAYS, lambda t: t.update(beta=t["beta"][1:]), "beta has not one value"),
    "no such array": (b.ARRAYS, lambda t: t.pop("region"), r"arrays\.npz: region is missing"),
}  # fmt: skip


@pytest.mark.parametrize(("name", "edit", "words"), BREACHES.values(), ids=BREACHES)
def test_the_file_and_the_field_are_named(whole, tmp_path, name, edit, words):
    folder = written(tmp_path, edited(whole, name, edit))
    with pytest.raises(RunError, match=words) as raised:
        open_recommender(folder)
    assert str(raised.value).endswith("export it again")
    assert "\n" not in str(raised.value)


def test_an_array_that_says_to_be_huge_takes_no_memory(whole, tmp_path):
    for seed in range(8):
        folder = written(tmp_path, {**whole, b.ARRAYS: lying(whole[b.ARRAYS], random.Random(seed))})
        with pytest.raises(RunError, match=r"arrays\.npz"):
            open_recommender(folder)
    packed = io.BytesIO()
    with np.load(io.BytesIO(whole[b.ARRAYS])) as found:
        np.savez_compressed(packed, **{**found, "embeddings": np.zeros((12, 1 << 20), np.float32)})
    folder = written(tmp_path, {**whole, b.ARRAYS: packed.getvalue()})
    with pytest.raises(RunError, match="is packed, or larger than its file"):
        open_recommender(folder)


@pytest.mark.parametrize("content", [b"", b"text", b"\x08\x08", bytes(1000)])
def test_what_is_no_graph_is_named(whole, tmp_path, content):
    with pytest.raises(RunError, match=r"model\.onnx: cannot be loaded .*; export it again"):
        open_recommender(written(tmp_path, {**whole, b.MODEL: content}))


def test_order_without_dates_is_no_day(whole, tmp_path):
    """A bundle whose workflow knows no elapsed days: its days are plain order."""

    def untimed(tree):
        del tree["numbers"]["elapsed_days"]

    changed = edited(whole, b.CONSTANTS, untimed)
    changed = edited(changed, b.ARRAYS, lambda t: t.update(day=np.arange(24) * 1e9))
    changed[b.MODEL] = graph_without("elapsed_days_bin")
    logbook = open_recommender(written(tmp_path, changed)).logbook(Request(climber="climber-1"))
    assert len(logbook) == 6
    assert np.isnan(logbook.columns["day"]).all()


def main(count: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        folder = write_light_bundle(Path(scratch) / "bundle")
        whole = {name: (folder / name).read_bytes() for name in b.FILES}
        results, worst = Counter(), 0.0
        for seed in range(count):
            _, result, seconds = attack(folder, whole, seed)
            results[result] += 1
            worst = max(worst, seconds)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(
        f"{count:,} rewritten bundles: {dict(results)}, no traceback; slowest {worst:.2f} s, {peak:.0f} MiB"
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))
