"""The workflow on a Dask cluster of two processes, one of them killed on the way: what one process makes."""

from __future__ import annotations

import os
import pickle
import shutil
import signal
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from recsys import columns as c
from recsys.errors import DataError, UsageError


def parts(folder: Path) -> Path:
    """Simulated sends in three files, no climber's in one alone; some rows are there twice."""
    from recsys.logbooks.simulate import simulate

    sends = simulate("bc", seed=0, scale=0.03)
    sends = pd.concat([sends, sends[:50]]).sample(frac=1, random_state=0)
    folder.mkdir()
    for number in range(3):
        sends[number::3].to_parquet(folder / f"part-{number}.parquet", index=False)
    return folder


def test_ranges_are_the_sends_of_all_parts(tmp_path):
    """In this process; the parts lie in folders whose names say what the files do not."""
    from recsys.logbooks.read import read_sends
    from workflows.sends import distributed

    sends = pd.read_parquet(parts(tmp_path / "plain"))
    for climber, own in sends.groupby("climber_id"):
        folder = tmp_path / "parts" / f"region={climber[-1]}" / f"climber_id={climber}"
        folder.mkdir(parents=True)
        own.drop(columns=["climber_id", "region"]).to_parquet(folder / "part-0.parquet", index=False)
    for number, data in enumerate((tmp_path / "plain", tmp_path / "parts")):
        scratch = tmp_path / f"scratch-{number}"
        scratch.mkdir()
        with distributed.cluster(None) as here:
            ranges = distributed.read(here, data, scratch, None, "fail", size=400, columns=None)
        assert len(ranges) > 3
        found = pd.concat([pd.read_parquet(each.path) for each in ranges], ignore_index=True)
        read = read_sends(data)
        pd.testing.assert_frame_equal(found.drop(columns=c.ROW), read.frame.drop(columns=c.ROW))
        assert sum(each.dropped for each in ranges) == sum(read.n_dropped.values()) > 0
        starts = np.cumsum([0, *(each.sends for each in ranges)])[:-1]
        assert [each.start for each in ranges] == starts.tolist()


def test_what_is_no_parquet_is_refused(tmp_path):
    from workflows.sends import distributed

    (tmp_path / "sends.csv").write_text("climber_id,climb_id,date\na,x,2024-01-01\n")
    with pytest.raises(DataError, match="is no Parquet"):
        distributed.share_out(distributed.Here(), tmp_path / "sends.csv", tmp_path, None)


def _other_columns(part: Path) -> None:
    pd.read_parquet(part).drop(columns="climber_id").to_parquet(part, index=False)


def _truncated(part: Path) -> None:
    part.write_bytes(part.read_bytes()[:-100])


def _damaged_page(part: Path) -> None:
    content = bytearray(part.read_bytes())
    content[4:200] = bytes(196)
    part.write_bytes(content)


def _far_larger(part: Path) -> None:
    frame = pd.read_parquet(part).head(600).assign(comment="x" * 100_000)
    frame.to_parquet(part, index=False)


BROKEN = {
    "other columns": (_other_columns, r"part-1\.parquet: has other columns"),
    "truncated": (_truncated, r"part-1\.parquet: is broken Parquet"),
    "a damaged page": (_damaged_page, r"part-1\.parquet: is broken Parquet"),
    "far larger than it looks": (_far_larger, r"part-1\.parquet: holds more than 50 MB once decoded"),
}


@pytest.fixture(scope="module")
def few_parts(tmp_path_factory) -> Path:
    return parts(tmp_path_factory.mktemp("few") / "parts")


@pytest.mark.parametrize(("change", "words"), BROKEN.values(), ids=BROKEN)
def test_a_broken_part_is_one_line(few_parts, tmp_path, change, words):
    from workflows.sends import distributed

    shutil.copytree(few_parts, tmp_path / "parts")
    change(tmp_path / "parts" / "part-1.parquet")
    (tmp_path / "scratch").mkdir()
    before = pa.default_memory_pool().max_memory()
    with pytest.raises(DataError, match=words) as error:
        distributed.read(distributed.Here(), tmp_path / "parts", tmp_path / "scratch", None, "fail")
    assert "\n" not in str(error.value)
    assert pa.default_memory_pool().max_memory() - before < 50_000_000


def test_a_pipe_is_not_waited_for(tmp_path):
    from workflows.sends import distributed

    os.mkfifo(tmp_path / "sends.parquet")
    with pytest.raises(DataError, match="a pipe or a device"):
        distributed.share_out(distributed.Here(), tmp_path / "sends.parquet", tmp_path, "sends")


def test_an_error_of_a_worker_is_the_same_here():
    error = DataError("is broken", path="part-1.parquet", remedy="copy it again")
    again = pickle.loads(pickle.dumps(error))
    assert (type(again), str(again)) == (DataError, str(error))
    assert again.with_options() == error.with_options()


@pytest.mark.slow
def test_a_cluster_makes_what_one_process_makes(tmp_path):
    from recsys.logbooks.read import read_sends
    from workflows import sends as workflow_of
    from workflows.coded import write_sequences
    from workflows.sends import distributed
    from workflows.sends.description import describe

    data, scratch = parts(tmp_path / "parts"), tmp_path / "scratch"
    scratch.mkdir()
    with distributed.cluster("local:2") as client:
        pids = list(client.run(os.getpid).values())
        killed = threading.Thread(target=_kill_when_there, args=(scratch, pids[0]))
        killed.start()
        ranges = distributed.read(client, data, scratch, None, "fail", size=400)
        killed.join()
        fitted = distributed.fit(ranges, tmp_path / "theirs")
        climbers = distributed.transform(client, ranges, tmp_path / "theirs", tmp_path / "theirs.parquet")
        assert pids[0] not in client.run(os.getpid).values()
    assert len(ranges) > 3
    read = read_sends(data)
    alone = workflow_of.fit(read.frame, tmp_path / "ours", read.has_time)
    assert write_sequences(workflow_of.pieces(alone, read.frame), tmp_path / "ours.parquet") == climbers
    ours, theirs = (describe(each).model_dump() for each in (alone, fitted))
    for name, number in ours["numbers"].items():
        assert theirs["numbers"][name].pop("boundaries") == number.pop("boundaries")
        assert theirs["numbers"][name] == pytest.approx(number, rel=1e-6)  # sums of float32, in another order
    assert {**ours, "numbers": 0} == {**theirs, "numbers": 0}
    for path in sorted((tmp_path / "ours" / "categories").iterdir()):
        pd.testing.assert_frame_equal(
            pd.read_parquet(path), pd.read_parquet(tmp_path / "theirs" / "categories" / path.name)
        )
    one, two = (pq.read_table(tmp_path / f"{name}.parquet") for name in ("ours", "theirs"))
    assert one.schema == two.schema
    for name in one.column_names:
        if name in (c.GRADE, c.RATING, c.ELAPSED_DAYS):
            flat = [np.concatenate(each[name].to_pylist()) for each in (one, two)]
            np.testing.assert_allclose(*flat, rtol=1e-5, atol=1e-6)
        else:
            assert one[name].to_pylist() == two[name].to_pylist(), name


def _kill_when_there(folder: Path, pid: int) -> None:
    patience = time.monotonic() + 400
    while not any(folder.iterdir()) and time.monotonic() < patience:
        time.sleep(0.005)
    os.kill(pid, signal.SIGKILL)


def test_a_wrong_address_is_one_line():
    from workflows.sends import distributed

    for where in ("local:", "local:0", "local:many"):
        with pytest.raises(UsageError, match="local:N"), distributed.cluster(where):
            pass
    with pytest.raises(UsageError, match="cannot be reached"), distributed.cluster("nowhere"):
        pass
