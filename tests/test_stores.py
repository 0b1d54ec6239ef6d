"""Object stores: a real S3-compatible server on loopback, through the same code as gs:// and abfs://."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from recsys.errors import DataError, RunError, UsageError
from recsys.stores import fetched, local_folder, shown, staged, staged_folder, url_of
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle
from tests.builders.object_store import BUCKET, object_store

SENDS = "climber_id,climb_id,date,grade\nada,c1,2024-01-01,V4\nada,c2,2024-01-02,V5\nbo,c1,2024-01-03,V4\n"


@pytest.fixture(scope="module")
def server():
    for name in ("s3fs", "moto", "flask", "flask_cors"):
        pytest.importorskip(name, reason=f"{name} is not installed: pip install '.[dev]'")
    with object_store() as environment:
        yield environment


@pytest.fixture
def store(server, monkeypatch, tmp_path, request):
    """The address of an empty folder of the bucket, and the file system that holds it."""
    import s3fs

    for name, value in server.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("RECSYS_CACHE", str(tmp_path / "cache"))
    s3fs.S3FileSystem.clear_instance_cache()
    return f"s3://{BUCKET}/{request.node.name}", s3fs.S3FileSystem()


def recsys(*words: str) -> int:
    return call("recsys", *words)


def test_addresses_survive_pathlib_and_nothing_else_is_one():
    assert url_of(Path("s3://bucket/a/b.csv")) == url_of("s3://bucket/a/b.csv") == "s3://bucket/a/b.csv"
    assert url_of(Path("abfss://box@account.dfs.core.windows.net/a")).startswith("abfss://box@")
    assert url_of("gs://bucket/a") == shown(Path("gs://bucket/a")) == "gs://bucket/a"
    assert not any(map(url_of, ("runs/mine", "/s3/x", "s3", "s3:", "http://host/x", "C:/x", "-")))


def test_imports_from_a_store_into_one(store, capsys):
    url, files = store
    files.pipe_file(f"{url}/logbook.csv", SENDS.encode() + b"bo,,2024-01-04,V1\n")
    assert recsys("import", f"{url}/logbook.csv", "-o", f"{url}/out/sends.csv") == 0
    text = files.cat_file(f"{url}/out/sends.csv").decode()
    assert text.count("\n") == 4
    assert "c2" in text
    assert f"{url}/logbook.csv" in files.cat_file(f"{url}/out/sends.rejects.csv").decode()
    told = capsys.readouterr().err
    assert f"3 ascents written to {url}/out/sends.csv" in told
    assert "/tmp" not in told
    files.pipe_file(f"{url}/logbook.csv", SENDS.encode())
    assert recsys("import", f"{url}/logbook.csv", "-o", f"{url}/out/sends.csv") == 0
    files.invalidate_cache()
    assert not files.exists(f"{url}/out/sends.rejects.csv")  # of the import before


def test_training_reads_a_file_and_parts_of_a_store(store, tmp_path):
    import pandas as pd

    from recsys.logbooks.read import read_sends

    url, files = store
    files.pipe_file(f"{url}/logbook.csv", SENDS.encode())
    read = read_sends(f"{url}/logbook.csv")
    assert read.source == f"{url}/logbook.csv (schema sends)"
    (tmp_path / "sends.csv").write_text(SENDS)
    frame = pd.read_csv(tmp_path / "sends.csv")
    for number, part in enumerate((frame[:2], frame[2:])):
        part.to_parquet(tmp_path / "part.parquet")
        files.put_file(str(tmp_path / "part.parquet"), f"{url}/parts/part-{number}.parquet")
    pd.testing.assert_frame_equal(read_sends(Path(f"{url}/parts")).frame, read.frame)
    files.pipe_file(f"{url}/logbook.csv", b"climber_id,climb_id\nada,c1\n")
    with pytest.raises(DataError, match=rf"^{url}/logbook\.csv.*date") as error:
        read_sends(f"{url}/logbook.csv")
    assert "/recsys-" not in str(error.value)


def test_a_bundle_is_fetched_once_checked_and_asked(store, tmp_path, monkeypatch, capsys):
    url, files = store
    local = write_light_bundle(tmp_path / "bundle")
    with staged_folder(Path(f"{url}/bundle"), overwrite=False) as folder:
        write_light_bundle(folder)
    assert recsys("batch", f"{url}/bundle", "-o", f"{url}/night.csv", "-k", "3") == 0
    assert recsys("batch", str(local), "-o", str(tmp_path / "night.csv"), "-k", "3") == 0
    assert files.cat_file(f"{url}/night.csv") == (tmp_path / "night.csv").read_bytes()
    first = local_folder(Path(f"{url}/bundle"))
    monkeypatch.delattr("recsys.stores._fetch")
    assert local_folder(Path(f"{url}/bundle")) == first  # the manifest alone was read


def test_a_bundle_that_was_changed_in_the_store_is_refused(store, tmp_path):
    url, files = store
    with staged_folder(Path(url), overwrite=False) as folder:
        write_light_bundle(folder)
    with pytest.raises(RunError, match="not empty"), staged_folder(Path(url), overwrite=False):
        pass
    files.pipe_file(f"{url}/climbs.json", b"{}")
    with pytest.raises(RunError, match=rf"^{url}/climbs\.json: was changed"):
        local_folder(Path(url))
    assert not list((tmp_path / "cache").rglob("climbs.json"))
    files.pipe_file(f"{url}/stale.json", b"{}")
    with staged_folder(Path(url), overwrite=True) as folder:
        write_light_bundle(folder)
    files.invalidate_cache()
    assert not files.exists(f"{url}/stale.json")
    assert (local_folder(Path(url)) / "climbs.json").is_file()


def test_a_key_cannot_leave_its_folder(store, tmp_path):
    url, files = store
    with staged_folder(Path(url), overwrite=False) as folder:
        write_light_bundle(folder)
    files.call_s3(
        "put_object", Bucket=BUCKET, Key=f"{url.removeprefix(f's3://{BUCKET}/')}/../../x", Body=b"x"
    )
    with pytest.raises(DataError, match="no plain path"):
        local_folder(Path(url))


def _fail_half_way(path: Path) -> None:
    path.write_text("half")
    raise UsageError("no")


def test_what_fails_is_one_line(store, monkeypatch, capsys):
    url, _ = store
    assert recsys("import", f"{url}/nope.csv", "-o", "x.csv") == 2
    assert recsys("batch", f"{url}/nope", "-o", "x.csv") == 2
    told = capsys.readouterr().err.splitlines()
    assert [line.startswith(f"error: {url}/nope") for line in told] == [True, True]
    with pytest.raises(UsageError), staged(Path(f"{url}/half.csv")) as local:
        _fail_half_way(local)
    with pytest.raises(DataError, match="nothing there"), fetched(Path(f"{url}/half.csv")):
        pass
    monkeypatch.setitem(sys.modules, "gcsfs", None)
    with pytest.raises(UsageError, match=r"pip install '\.\[cloud\]'"), fetched(Path("gs://bucket/x.csv")):
        pass


def test_a_run_is_copied_whole_and_its_manifest_last(store, tmp_path, monkeypatch):
    url, files = store
    sent, put = [], files.put_file
    monkeypatch.setattr(files, "put_file", lambda one, two: sent.append(two) or put(one, two))
    local = tmp_path / "run"
    with staged_folder(Path(url), overwrite=False, local=local) as folder:
        assert folder == local
        write_light_bundle(folder / "bundle")
        (folder / ".lock").touch()
        (folder / "manifest.json").write_text(json.dumps({}))
    assert [each.removeprefix(url[5:]) for each in sent][-2:] == ["/bundle/manifest.json", "/manifest.json"]
    assert not any(".lock" in each for each in sent)
    assert local.is_dir()  # it stays


def test_two_processes_may_tidy_one_address(tmp_path, monkeypatch):
    from recsys.stores import _forget

    for name in ("used", "a", "b"):
        (tmp_path / name).mkdir()
    listed = Path.iterdir
    monkeypatch.setattr(Path, "iterdir", lambda self: [*listed(self), self / "removed meanwhile"])
    _forget(tmp_path, tmp_path / "used")
    monkeypatch.undo()
    assert len(list(tmp_path.iterdir())) == 2
