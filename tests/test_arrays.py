"""Arrays of a file that nobody vouches for: read as they were written, or refused in one line."""

from __future__ import annotations

import io
import os
import zipfile
from pathlib import Path

import numpy as np
import pytest

from recsys.arrays import evenly, log_sum_exp, packed, softmax, unpacked
from recsys.bounds import MAX_BYTES
from recsys.errors import RunError
from recsys.study.store import Outcome, Store

ARRAYS = {
    "ranks/test-prompted": np.arange(6, dtype=np.int32),
    "turned": np.arange(6.0).reshape(2, 3).T,
    "facts": np.array('{"seconds": 1.5}'),
    "none": np.empty((0, 4), np.float32),
}


@pytest.mark.parametrize("compressed", [True, False])
def test_arrays_come_back_or_the_file_is_refused_whatever_is_damaged(
    tmp_path: Path, compressed: bool
) -> None:
    path, content = tmp_path / "a.npz", packed(ARRAYS, compressed)
    path.write_bytes(content)
    for name, values in unpacked(path, compressed=compressed).items():
        np.testing.assert_array_equal(values, ARRAYS[name])
    assert list(unpacked(path, ["turned", "other"], compressed)) == ["turned"]
    damaged = [content[:size] for size in range(0, len(content), 41)]
    damaged += [_flipped(content, bit) for bit in range(0, 8 * len(content), 43)]
    said = []
    for each in damaged:
        path.write_bytes(each)
        try:
            unpacked(path, compressed=compressed)
        except ValueError as error:
            said.append(str(error))
    assert len(said) > len(damaged) / 2
    assert max(map(len, said)) < 200


def _flipped(content: bytes, bit: int) -> bytes:
    at = bit // 8
    return content[:at] + bytes([content[at] ^ (1 << bit % 8)]) + content[at + 1 :]


def test_a_file_that_unpacks_to_too_much_says_more_than_it_holds_or_has_objects_is_refused(tmp_path: Path):
    path = tmp_path / "a.npz"
    bomb = packed({"a": np.zeros(MAX_BYTES // 8 + 1)}, compressed=True)
    objects = packed({"a": np.array([None, []], dtype=object)})
    for content in (bomb, objects, _saying_to_be_huge(), packed({"a": np.zeros(9)}, compressed=True)[:-3]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"packed|objects|as many values|cannot be read"):
            unpacked(path, compressed=True)
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(ValueError, match="no file"):
        unpacked(tmp_path / "pipe")


def _saying_to_be_huge() -> bytes:
    array, content = io.BytesIO(), io.BytesIO()
    header = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(array, header)
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.npy", array.getvalue())
    return content.getvalue()


def test_a_cell_whose_bits_were_flipped_is_named_with_what_to_do(tmp_path: Path) -> None:
    store = Store(tmp_path)
    store.folder.mkdir()
    store.write("pop-0", Outcome({"test-prompted": np.arange(50)}, {"seconds": 1.5}))
    assert store.read("pop-0").facts == {"seconds": 1.5}
    content = store.path("pop-0").read_bytes()
    said = []
    for bit in range(0, 8 * len(content), 29):
        store.path("pop-0").write_bytes(_flipped(content, bit))
        try:
            store.read("pop-0")
        except RunError as error:
            said.append(str(error))
    assert len(said) > 30
    assert all("pop-0.npz: not a readable cell" in each for each in said)
    assert all("remove it and study again" in each for each in said)
    for arrays in ({"facts": "[" * 9_000}, {"facts": "[]"}, {"facts": "{}", "ranks/a": np.array([1.5])}, {}):
        store.path("pop-0").write_bytes(packed(arrays, compressed=True))
        with pytest.raises(RunError, match="not a readable cell"):
            store.read("pop-0")


def test_logits_less_the_log_of_their_sum_are_the_logs_of_the_shares() -> None:
    logits = (
        np.random.default_rng(0).normal(0, 300, (2, 5, 7)).astype(np.float32)
    )  # too large to exponentiate
    logits[0, 0, :3] = -np.inf
    found = log_sum_exp(logits)
    assert (found.shape, found.dtype) == ((2, 5, 1), np.float64)
    assert np.exp(logits - found) == pytest.approx(softmax(logits))


def test_evenly_takes_all_or_so_many_with_both_ends() -> None:
    assert evenly(3, 5).tolist() == [0, 1, 2]
    assert evenly(9, 3).tolist() == [0, 4, 8]
    assert evenly(0, 3).tolist() == []
    assert len(evenly(10_000, 2_000)) == 2_000
