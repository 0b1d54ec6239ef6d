"""Climbers who leave: nothing of them is in any byte that stays, nobody else's answer changes by a bit."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import onnx
import pandas as pd
import pytest
from onnx import numpy_helper

from recsys import columns as c
from recsys.adapting.forgetting import forget
from recsys.adapting.leaving import held
from recsys.errors import DataError, RunError, UsageError
from recsys.files import read_json, write_json
from recsys.manifest import write_manifest
from recsys.recommending.bundle import FILES, Bundle
from recsys.runs import PREPARED, TRAINED
from tests.builders.commands import imported
from tests.builders.light_bundle import write_light_bundle
from tests.builders.trained import trained


def holders(folder: Path, climber: str) -> set[str]:
    """The files below a folder that name a climber, packed ones unpacked."""
    found, needle = set(), climber.encode()
    for path in folder.rglob("*"):
        if not path.is_file():
            continue
        parts = [path.read_bytes()]
        if path.suffix == ".parquet":
            parts.append(pd.read_parquet(path).reset_index().to_csv().encode())
        elif zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                parts += [archive.read(name) for name in archive.namelist()]
        if any(needle in part for part in parts):
            found.add(path.relative_to(folder).as_posix())
    return found


def scores(backend, who):
    batch = backend.encode([backend.logbook(each) for each in who], who)
    batch[c.GIVEN] = np.zeros((len(who), len(backend.attributes)), bool)
    return backend.logits(batch)


@pytest.fixture(scope="module")
def gone(run) -> list[str]:
    """One who was trained on, and one who was held out."""
    sends = pd.read_parquet(run / "sends.parquet")
    return [sends[sends["part"] == part][c.CLIMBER_ID].iloc[0] for part in (0, 2)]


@pytest.fixture(scope="module")
def left(run, gone) -> Path:
    """A copy of the run that has forgotten them, in place, with more files that name one of them; and two who
    are in one of those files alone."""
    folder = run.parent / "left"
    shutil.copytree(run, folder)
    rejects = f"row,reason,climber_id\n1,no date,{gone[0]}\n2,no date,other\n4,no date,zed\n"
    (folder / "rejects.csv").write_text(f"{rejects}3,too long,x;{gone[0]};{'y' * 200_000}\n")
    made_up = pd.read_parquet(run.parent / "sends.parquet")
    made_up.loc[made_up.index[:1], c.CLIMBER_ID] = "yan"
    made_up.to_parquet(folder / "simulated.parquet")
    shutil.copy(
        folder / "model.safetensors", folder / "start.safetensors"
    )  # of a training that was continued
    (folder / "shards").mkdir()  # of a training that streamed, and was killed
    (folder / "shards" / "part-0.npz").write_bytes(gone[0].encode())
    named = {"shards/part-0.npz", "sends.parquet", "simulated.parquet", "rejects.csv", "bundle/features.json"}
    named |= {"bundle/histories.json", "workflow/categories/unique.climber_id.parquet"}
    assert holders(folder, gone[0]) == named
    old = pd.read_parquet(folder / "sends.parquet")
    for absent in ("no date", "1", "xan"):
        with pytest.raises(UsageError, match="holds no climber"):
            forget(folder, [absent])
    assert forget(folder, [*gone, "zed", "yan"]) == old[c.CLIMBER_ID].isin(gone).sum()
    return folder


def test_nothing_of_them_is_in_any_byte(run, left, gone):
    assert [holders(left, each) for each in (*gone, "zed", "yan")] == [set()] * 4
    assert not (left / "start.safetensors").exists()
    assert not (left / "checkpoints").exists()  # which hold every embedding
    assert [each.name for each in left.parent.glob(".*")] == []
    assert (left / "rejects.csv").read_text() == "row,reason,climber_id\n2,no date,other\n"
    table = trained(run).network.state_dict()
    name = "heads.0.body.0.to_merge.categorical_module.embedding_tables.climber.weight"
    row = trained(run)._codes[gone[0]]
    vector = table[name][row].numpy().tobytes()
    assert vector in (run / "model.safetensors").read_bytes()
    for path in left.rglob("*"):
        assert not path.is_file() or vector not in path.read_bytes(), path


def test_the_others_keep_their_answers_to_the_bit(run, left, gone):
    before, after = trained(run), trained(left)
    others = [each for each in before.climbers if each not in gone]
    assert list(after.climbers) == others
    assert np.array_equal(scores(before, others), scores(after, others))
    kept = Bundle.open(left / "bundle")
    assert np.array_equal(scores(Bundle.open(run / "bundle"), others[:20]), scores(kept, others[:20]))
    assert after.logbook(gone[0]) is None
    assert gone[0] not in after._codes
    training = before.sends[before.sends["part"] == 0]
    theirs = training[training[c.CLIMBER_ID].isin(gone)]
    assert sum(before.catalogue.sends) - sum(after.catalogue.sends) == len(theirs) > 0
    assert "- 4 of its climbers" in (left / "MODEL_CARD.md").read_text()
    from recsys.recommending.kept import open_kept

    assert open_kept(left) is not None


def test_skill_is_learned_anew_of_who_is_left(run, left, tmp_path):
    from recsys.sequences.run_tables import read_climbs_table, read_sends_table
    from recsys.training.skill import fit_skill

    fit_skill(read_sends_table(left), read_climbs_table(left)).save(tmp_path / "skill.npz")
    expected, before = ((each / "skill.npz").read_bytes() for each in (tmp_path, run))
    for folder in (left, left / "bundle"):
        assert (folder / "skill.npz").read_bytes() == expected != before


def test_a_run_that_is_being_written_to_is_not_touched(left, gone, tmp_path):
    from recsys.runs import Run

    folder = tmp_path / "busy"
    shutil.copytree(left, folder)
    somebody = trained(folder).climbers[0]
    with Run(folder).lock(), pytest.raises(RunError, match="another process"):
        forget(folder, [somebody])
    assert somebody in trained(folder).climbers


def test_a_text_that_nobody_else_logged_leaves_a_bundle(tmp_path):
    folder = write_light_bundle(tmp_path / "b")
    texts = read_json(folder / "histories.json")
    write_json(folder / "histories.json", {**texts, c.REGION: ["Her cellar", *texts[c.REGION]]})
    with np.load(folder / "arrays.npz") as arrays:
        found = dict(arrays)
    mine = slice(*found["offsets"][1:3])
    regions = np.where(found[c.REGION] >= 0, found[c.REGION] + 1, -1).astype(np.int32)
    regions[mine] = 0
    np.savez(folder / "arrays.npz", **{**found, c.REGION: regions})
    write_manifest(folder, FILES)
    before = Bundle.open(folder)
    assert set(before.logbook("climber-1").columns[c.REGION]) == {"Her cellar"}
    forget(folder, ["climber-1"])
    assert holders(folder, "Her cellar") == set()
    after = Bundle.open(folder)
    for each in after.climbers:
        assert list(after.logbook(each).columns[c.REGION]) == list(before.logbook(each).columns[c.REGION])


def test_the_others_are_evaluated_as_before(run, left, gone):
    from recsys.sequences.prepare import load_prepared

    before, after = load_prepared(run, "cpu"), load_prepared(left, "cpu")
    kept = ~before.sends[c.CLIMBER_ID].isin(gone).to_numpy()
    columns = [c.CLIMBER_ID, c.CLIMB_ID, "part"]
    assert after.sends[columns].equals(before.sends.loc[kept, columns].reset_index(drop=True))
    for one in (before, after):
        assert (one.parts == one.sends["part"].to_numpy()[one.sequences.rows]).all()
        assert sorted(one.sequences.rows) == list(range(len(one.sends)))
    assert (pd.read_parquet(left / "sends.parquet")["row"] == np.arange(kept.sum())).all()


def test_a_bundle_forgets_like_its_run(run, gone, tmp_path):
    bundle = tmp_path / "alone"
    shutil.copytree(run / "bundle", bundle)
    before = Bundle.open(bundle)
    new = tmp_path / "new"
    assert forget(bundle, gone, new) == sum(len(before.logbook(each).climbs) for each in gone)
    assert [holders(new, each) for each in gone] == [set(), set()]
    assert holders(bundle, gone[0])
    after, others = Bundle.open(new), [each for each in before.climbers if each not in gone]
    assert list(after.climbers) == others
    assert np.array_equal(scores(before, others), scores(after, others))
    for each in others:
        assert before.logbook(each).columns.keys() == after.logbook(each).columns.keys()
        assert before.logbook(each).climbs == after.logbook(each).climbs
    row = trained(run)._codes[gone[0]]
    name = "heads.0.body.0.to_merge.categorical_module.embedding_tables.climber.weight"
    vector = trained(run).network.state_dict()[name][row].numpy().tobytes()
    assert vector in (bundle / "arrays.npz").read_bytes()
    assert not any(vector in path.read_bytes() for path in new.iterdir())


def test_a_bundle_whose_graph_holds_the_embeddings_forgets_them_there(tmp_path):
    """As those made before they lay beside it."""
    from tests.formats.test_formats import unpacked

    old, new = unpacked("run-1", tmp_path) / "bundle", tmp_path / "new"
    shutil.move(old, tmp_path / "alone")
    before = Bundle.open(tmp_path / "alone")
    name = before.features.vocabularies["climber"][4]
    forget(tmp_path / "alone", [name], new)
    tables = []
    for folder in (tmp_path / "alone", new):
        initializers = {each.name: each for each in onnx.load(folder / "model.onnx").graph.initializer}
        (table,) = (each for key, each in initializers.items() if "embedding_tables.climber" in key)
        tables.append(numpy_helper.to_array(table))
    assert np.array_equal(np.delete(tables[0], 4 + 3, axis=0), tables[1])
    others = [each for each in before.climbers if each != name]
    assert np.array_equal(scores(before, others), scores(Bundle.open(new), others))


def test_twice_and_again(tmp_path):
    folder = write_light_bundle(tmp_path / "b")
    forget(folder, ["climber-1"])
    forget(folder, ["climber-3"])
    assert list(Bundle.open(folder).climbers) == ["climber-0", "climber-2"]
    assert "- 2 of its climbers" in (folder / "MODEL_CARD.md").read_text()
    with pytest.raises(UsageError, match="holds no climber 'climber-1'; nothing was changed"):
        forget(folder, ["climber-1"])
    with pytest.raises(UsageError, match="holds nobody else"):
        forget(folder, ["climber-0", "climber-2"])


def test_what_cannot_be_forgotten_is_said(run, gone, tmp_path):
    with pytest.raises(UsageError, match="forget the climber there"):
        forget(run / "bundle", gone)
    with pytest.raises(UsageError, match="is the folder itself"):
        forget(write_light_bundle(tmp_path / "b"), ["climber-1"], tmp_path / "b")
    with pytest.raises(UsageError, match=r"b/c: lies in .*; choose another folder"):
        forget(tmp_path / "b", ["climber-1"], tmp_path / "b" / "c")


@pytest.mark.parametrize("found", ["abc", -1, True, 1.5, None, [1], 10**400])
def test_a_bundle_that_says_oddly_how_many_were_forgotten_is_refused_in_a_line(tmp_path, found):
    folder = write_light_bundle(tmp_path / "b")
    write_json(folder / "bundle.json", {**read_json(folder / "bundle.json"), "forgotten": found})
    write_manifest(folder, FILES)
    with pytest.raises(RunError, match=r"bundle\.json: forgotten is no whole number"):
        forget(folder, ["climber-1"])
    assert [each.name for each in tmp_path.iterdir()] == ["b"]
    assert "climber-1" in Bundle.open(folder).climbers


def test_a_card_that_is_no_text_is_refused_in_a_line(tmp_path):
    folder = write_light_bundle(tmp_path / "b")
    (folder / "MODEL_CARD.md").write_bytes(b"# caf\xe9")
    write_manifest(folder, FILES)
    with pytest.raises(DataError, match=r"MODEL_CARD\.md: is not UTF-8 text; train or export again"):
        forget(folder, ["climber-1"])


def test_what_a_link_names_elsewhere_stays_as_it_is(run, gone, tmp_path):
    """Also where nothing is listed: the card of a run was written through a link."""
    (outside := tmp_path / "outside.md").write_text("# Somebody's notes\n")
    shutil.copytree(run, tmp_path / "run")
    write_light_bundle(tmp_path / "b")
    for folder, climber in ((tmp_path / "run", gone[0]), (tmp_path / "b", "climber-1")):
        (folder / "MODEL_CARD.md").unlink()
        (folder / "MODEL_CARD.md").symlink_to(outside)
        (folder / "manifest.json").unlink()
        write_manifest(folder, FILES if folder.name == "b" else [*PREPARED, *TRAINED, "model.safetensors"])
        for output in (None, tmp_path / "new"):
            with pytest.raises(RunError, match=r"MODEL_CARD\.md: is a link; put what it names in its place"):
                forget(folder, [climber], output)
        assert outside.read_text() == "# Somebody's notes\n"
        assert not (tmp_path / "new").exists()


def test_a_pipe_in_a_folder_is_one_line(tmp_path):
    folder = write_light_bundle(tmp_path / "b")
    (folder / "more").mkdir()
    os.mkfifo(folder / "more" / "pipe")
    with pytest.raises(RunError, match=r"b/more/pipe: is a pipe or a device, no file; remove it"):
        forget(folder, ["climber-1"])


@pytest.mark.parametrize(
    "more", [np.array([None, {}], dtype=object), np.array(1), np.array(["climber-1"] * 24)]
)
def test_what_no_reader_knows_of_a_bundle_is_not_taken_along(tmp_path, more):
    """It may be of anybody: forgetting leaves it out, where it is not even read."""
    folder = write_light_bundle(tmp_path / "b")
    with np.load(folder / "arrays.npz") as arrays:
        np.savez(folder / "arrays.npz", **dict(arrays), more=more)
    texts = read_json(folder / "histories.json")
    write_json(folder / "histories.json", {**texts, "more": ["climber-1"]})
    write_manifest(folder, FILES)
    Bundle.open(folder)
    forget(folder, ["climber-1"])
    assert holders(folder, "climber-1") == set()
    assert "more.npy" not in zipfile.ZipFile(folder / "arrays.npz").namelist()


KILL = """
import os, shutil, sys
left = int(sys.argv[2])
def dying(function):
    def call(*words, **named):
        global left
        left -= 1
        if left == 0:
            os.kill(os.getpid(), 9)
        return function(*words, **named)
    return call
from recsys import temporaries
os.replace, shutil.rmtree = dying(os.replace), dying(shutil.rmtree)
there = temporaries._exchanged if sys.argv[3] == "exchange" else lambda *_: False
temporaries._exchanged = dying(there) if sys.argv[3] == "exchange" else there
from pathlib import Path
from recsys.adapting.forgetting import forget
forget(Path(sys.argv[1]), ["climber-1"])
"""


def test_two_at_once_do_not_bring_each_others_back(tmp_path):
    folder = write_light_bundle(tmp_path / "b")
    with held(folder), pytest.raises(RunError, match="another process is changing it"):
        forget(folder, ["climber-1"])
    forget(folder, ["climber-1"])


@pytest.mark.parametrize(
    ("calls", "swap"),
    [(1, "exchange"), (5, "exchange"), (6, "exchange"), (5, "renames"), (6, "renames"), (7, "renames")],
)
def test_killed_anywhere_it_is_done_by_the_next_call(tmp_path, calls, swap):
    """At a file within, before the exchange or each of two renames, before the old one is removed."""
    folder = write_light_bundle(tmp_path / "b")
    done = subprocess.run([sys.executable, "-c", KILL, str(folder), str(calls), swap], check=False)
    assert done.returncode == -9
    assert [each.name for each in tmp_path.iterdir()] != ["b"]  # something was left
    forget(folder, ["climber-1"])
    assert [each.name for each in tmp_path.iterdir()] == ["b"]
    assert "climber-1" not in Bundle.open(folder).climbers
    assert holders(tmp_path, "climber-1") == set()


def test_who_is_not_there_is_told_before_merlin_is_imported(run, tmp_path):
    code, told, heavy = imported("forget", run, "--climber", "nobody", "-o", tmp_path / "new")
    assert (code, heavy) == (2, set())
    assert "holds no climber 'nobody'; nothing was changed" in told
    climber = pd.read_parquet(run / "sends.parquet")[c.CLIMBER_ID].iloc[0]
    code, told, heavy = imported("forget", run, "--climber", climber, "-o", run)
    assert (code, heavy) == (2, set())
    assert "is the folder itself" in told


def test_rejects_of_a_column_of_floats_forget_an_id_as_sends_have_it(tmp_path):
    from recsys.adapting.reject_rows import without_rows
    from recsys.logbooks.read import read_sends

    ids, days = [12.0, 12.0, 13.0], ["2024-05-01", "soon", "2024-05-02"]
    ratings = [0.0, 3.0, 0.0]
    table = {
        "climber_id": [*ids, 7.0],
        "climb_id": "a",
        "date": [*days, "2024-05-03"],
        "rating": [*ratings, 3.0],
    }
    pd.DataFrame(table).to_parquet(tmp_path / "sends.parquet")
    read_sends(tmp_path / "sends.parquet", bad_rows="drop", rejects=tmp_path / "rejects.csv")
    named = "row,reason,climber_id,climb_id,date,rating\n"
    one, two, three = (
        "1,rating out of range,12,a,2024-05-01,0\n",
        "2,unreadable date,12,a,soon,3\n",
        "3,rating out of range,13,a,2024-05-02,0\n",
    )
    assert (tmp_path / "rejects.csv").read_text() == named + one + two + three
    without_rows(tmp_path / "rejects.csv", tmp_path / "new.csv", ["12"])
    assert (tmp_path / "new.csv").read_text() == named + three


def test_rejects_forget_an_id_as_they_write_it(tmp_path):
    """A reject's cell may hold a whole row, and an id that a spreadsheet would run has an apostrophe."""
    from recsys.adapting.reject_rows import without_rows

    source, target = tmp_path / "rejects.csv", tmp_path / "new.csv"
    source.write_bytes(b"row,reason\n1,'=me\n2,a;=me;b\n3,\"x\t'=me' \ty\"\n4,=me too\n5,meme \xff\n")
    without_rows(source, target, ["=me"])
    assert target.read_bytes().split() == [b"row,reason", b"4,=me", b"too", b"5,meme", b"\xff"]
