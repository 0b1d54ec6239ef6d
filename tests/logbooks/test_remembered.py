"""A run's mapping, kept in its facts: what comes later is read by it, and told in its columns."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

import recsys
from recsys.errors import DataError
from recsys.logbooks.climbs import example_of, read_climbs
from recsys.logbooks.importing import parse_logbook
from recsys.logbooks.mapping import CONTRACT_MAPPING, ColumnMapping, Keep, load_mapping
from recsys.logbooks.read import read_sends
from recsys.logbooks.remembered import MAPPING, facts_of, remembered
from recsys.nouns import FACTS
from recsys.recommending.logbook_file import read_files
from recsys.serving.upload import read_upload
from tests.builders.commands import call
from tests.builders.light_bundle import write_light_bundle

FILMS = """title = "Films"
[columns]
climber_id = "viewer"
climb_id = "film"
date = "watched_at"
rating = "stars"
region = { column = "genres", first_of = "|" }
climb_name = "title"
grade = "age"
[date]
unit = "s"
[rating]
min = 0
max = 10
blank = [-1]
[nouns]
climb = "film"
"""
SENDS = "viewer,film,watched_at,stars,genres,age\nv,f,1700000000,10,Drama|War,teens\n"


@pytest.fixture
def films(tmp_path: Path) -> ColumnMapping:
    (tmp_path / "films.toml").write_text(FILMS)
    return load_mapping(str(tmp_path / "films.toml"))


def written(folder: Path, text: str, name: str = "new.csv") -> Path:
    (folder / name).write_text(text)
    return folder / name


def test_a_word_that_is_none_does_not_take_the_columns_with_it(films):
    facts = facts_of(films)
    facts[MAPPING][FACTS] = {"climb": "<b>film</b>", "send": "viewing"}
    kept = remembered(facts)
    assert kept is not None
    assert kept.nouns == {"send": "viewing"}
    assert kept.columns == films.columns


def test_a_mapping_is_kept_whole_and_without_its_file(tmp_path, films):
    import json

    facts = json.loads(json.dumps(facts_of(films)))
    (tmp_path / "films.toml").unlink()
    assert remembered(facts) == films
    assert facts[FACTS] == {"climb": "film"}
    assert facts_of(CONTRACT_MAPPING) == {}


@pytest.mark.parametrize("kept", [{"columns": {"climb_id": 3}}, {"name": "x"}, "films", {"join": {}}, None])
def test_a_strangers_mapping_is_checked(kept):
    assert remembered({MAPPING: kept}) is None


def test_a_run_of_before_is_read_by_its_schema():
    books = remembered({}, "books")
    assert books is not None
    assert books.columns["climb_id"].column == "book_id"
    assert remembered({}, "no/such.toml") is None


def test_sends_are_read_by_the_runs_mapping_unless_they_are_of_another(tmp_path, films):
    frame = read_sends(written(tmp_path, SENDS), own=films).frame
    assert (frame.climb_id[0], frame.region[0], frame.rating[0], str(frame.date[0])[:4]) == (
        "f", "Drama", 5.0, "2023"
    )  # fmt: skip
    raw = written(tmp_path, "Climber ID,climb_id,date\na,b,2024-05-01\n")
    assert read_sends(raw, own=films).mapping == CONTRACT_MAPPING
    loans = written(tmp_path, "reader_id,book_id,borrowed\na,b,2024-05-01\n")
    assert read_sends(loans, own=films).mapping.name == "books"
    assert read_sends(written(tmp_path, SENDS), schema=str(tmp_path / "films.toml")).mapping == films


def test_a_column_that_is_missing_is_named_as_the_run_names_it(tmp_path, films):
    with pytest.raises(DataError, match="no column 'film'"):
        read_sends(written(tmp_path, "viewer,movie,watched_at\nv,f,1700000000\n"), own=films)


def test_a_folder_is_read_by_the_runs_mapping(tmp_path, films):
    import pandas as pd

    (tmp_path / "parts").mkdir()
    table = pd.read_csv(written(tmp_path, SENDS))
    table.to_parquet(tmp_path / "parts" / "part-0.parquet", index=False)
    assert read_sends(tmp_path / "parts", own=films).frame.climb_id[0] == "f"


def test_climbs_are_read_by_the_runs_mapping(tmp_path, films):
    said: list[str] = []
    path = written(tmp_path, "film,title,genres,stars,age,studio\n7,Up,Drama|War,0,teens,x\n8,Down,,-1,,x\n")
    read = read_climbs(path, films, None, said.append)
    assert read.climb_id.tolist() == ["7", "8"]
    assert read.climb_name.tolist() == ["Up", "Down"]
    assert (read.region[0], read.grade[0], read.rating[0]) == ("Drama", "teens", 1.0)
    assert read.rating.isna()[1]
    assert said == [f"{path}: nothing is read of studio"]
    plain = read_climbs(written(tmp_path, "climb_id,name,stars\n9,Ten,10\n"), films, None)
    assert (plain.climb_id[0], plain.climb_name[0], plain.rating[0]) == ("9", "Ten", 5.0)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("movie,title\n7,Up\n", "no column film .* name the ids film"),
        ("film,stars\n7,11\n", "a rating that is not from 0 to 10"),
        ("film\n7\n7\n", "the film is there already"),
    ],
)
def test_a_bad_list_is_told_in_the_mappings_columns(tmp_path, films, text, said):
    with pytest.raises(DataError, match=said):
        read_climbs(written(tmp_path, text), films, None)


@pytest.mark.parametrize("stars", ["11", "-2"])
def test_stars_outside_of_the_mappings_range_are_told_in_it_by_every_reader(tmp_path, films, stars):
    path = written(tmp_path, SENDS.replace(",10,", f",{stars},"))
    for read in (lambda: read_files([path], own=films), lambda: read_sends(path, own=films)):
        with pytest.raises(DataError, match=rf"row 1: .*is outside 0 to 10 .*{stars}") as told:
            read()
        assert "give 0 to 10" in str(told.value)


def test_a_narrow_range_of_stars_is_no_shorter_for_a_posted_logbook(tmp_path, films):
    path = written(tmp_path, SENDS.replace(",10,", ",4,"))
    with pytest.raises(DataError, match="is outside 2 to 3"):
        read_files([path], own=replace(films, rating_range=(2.0, 3.0)))


def test_an_example_of_a_grade_is_one_that_can_be_read():
    assert example_of([None, "teens", "V3", "V4"]) == "V3"
    assert example_of(["teens", None]) is None


def test_a_logbook_with_the_runs_columns_is_read_as_training_reads_it(tmp_path, films):
    rows = "v,f,1700000000,10,Drama|War,teens\nv,g,1700086400,-1,War,adults\nv,h,1700172800,0,,\n"
    path = written(tmp_path, SENDS.split("\n")[0] + ",grade,outcome\n" + rows.replace("\n", ",V9,attempt\n"))
    book, frame = read_files([path], own=films), read_sends(path, own=films).frame
    assert [row["climb_id"] for row in book.sends] == frame.climb_id.tolist() == ["f", "g", "h"]
    for name in ("region", "grade", "rating"):
        plain = frame[name].astype(object).where(frame[name].notna(), None).tolist()
        assert [row[name] for row in book.sends] == plain, name
    assert [row["date"][:19] for row in book.sends] == [str(each).replace(" ", "T") for each in frame.date]
    assert any("their grade, their outcome" in line for line in book.lines())


def test_what_the_mapping_leaves_out_of_a_logbook_is_no_bad_row(tmp_path, films):
    keep = replace(films, keep=Keep("state", ("seen",), "not seen"))
    path = written(tmp_path, "film,watched_at,state,mood\nf,1700000000,seen,sad\ng,1700000000,wanted,\n")
    book = read_files([path], own=keep)
    unread = [line for line in book.lines() if "not read" in line]
    assert unread == ["1  columns that are filled and not read: mood"]
    assert [row["climb_id"] for row in book.sends] == ["f"]
    assert "1 rows not used: not seen" in book.lines()
    path = written(tmp_path, "film,watched_at,state\nf,soon,seen\n")
    with pytest.raises(DataError, match=r"row 1: date \(their watched_at\) is not a date"):
        read_files([path], own=keep)


def test_raw_sends_are_raw_sends_for_a_run_of_another_mapping(tmp_path, films):
    path = written(tmp_path, "climber_id,climb_id,date,outcome\na,b,2024-05-01,attempt\na,c,2024-05-01,\n")
    for own in (films, load_mapping("thecrag")):
        assert [row["climb_id"] for row in read_files([path], own=own).sends] == ["c"]
        assert read_sends(path, own=own).frame.climb_id.tolist() == ["c"]


def test_a_logbook_of_nobodys_columns_names_those_of_the_run(tmp_path, films):
    with pytest.raises(DataError, match="name its columns film and watched_at; known are "):
        read_files([written(tmp_path, "movie,when\nf,2024-05-01\n")], own=films)


def test_a_bundle_reads_a_logbook_by_its_runs_mapping(tmp_path, films, capsys):
    from recsys.files import read_json, write_json
    from recsys.manifest import write_manifest
    from recsys.recommending import bundle as b
    from recsys.serving.backend import LoadedBundle
    from recsys.serving.planner import Planner

    folder = write_light_bundle(tmp_path / "bundle")
    write_json(folder / b.BUNDLE, {**read_json(folder / b.BUNDLE), "facts": facts_of(films)})
    write_manifest(folder, b.FILES)
    path = written(tmp_path, "film,watched_at\nclimb-03,1700000000\nclimb-04,1700086400\n")
    for words in (
        ["recommend"],
        ["path", "--project", "climb-07", "--steps", "1", "--leap", "8"],
        ["session", "--count", "2"],
        ["skill"],
    ):
        assert call("recsys", words[0], folder, "--logbook", path, *words[1:]) == 0, words
        assert "2 of 2 films of the logbook are known to the model" in capsys.readouterr().err, words
    answer = recsys.load(folder).recommend(logbook=path, k=2)
    assert answer.known is not None
    assert answer.known.ways == {"id": 2}
    bundle = LoadedBundle(Planner.open(folder))
    assert len(read_upload(path.read_bytes(), "me.csv", "auto", bundle=bundle)["sends"]) == 2


JOINED = FILMS + '[join]\nfile = "items.csv"\non = "film"\n'
ALONE = "viewer,film,watched_at,stars\nv,f,1700000000,10\nv,g,1700086400,-1\nv,h,1700172800,0\n"


@pytest.mark.parametrize(
    "items", ["film,genres,age,title\nf,Drama|War,teens,Fargo\ng,War,,\nf,Other,,\n", None]
)
def test_a_file_beside_a_logbook_is_joined_as_training_joins_it(tmp_path, items):
    (tmp_path / "films.toml").write_text(JOINED)
    films = load_mapping(str(tmp_path / "films.toml"))
    if items is not None:
        written(tmp_path, items, "items.csv")
    path = written(tmp_path, ALONE)
    book, frame = read_files([path], own=films), read_sends(path, own=films).frame
    for name in ("climb_id", "region", "grade", "climb_name", "rating"):
        column = frame[name] if name in frame else frame["climb_id"].map(lambda _: None)
        plain = column.astype(object).where(column.notna(), None).tolist()
        assert [row[name] for row in book.sends] == plain, name
    alone = "1  items.csv is not beside the logbook: no region, climb_name, grade is read; "
    told = [line for line in book.lines() if line.startswith(alone)]
    assert bool(told) == (items is None)


def test_a_posted_logbook_has_no_file_beside_it_and_it_is_said(tmp_path):
    (tmp_path / "films.toml").write_text(JOINED)
    films = load_mapping(str(tmp_path / "films.toml"))
    written(tmp_path, "film,genres\nf,Drama\n", "items.csv")
    parsed = parse_logbook(ALONE.encode(), str(tmp_path / "mine.csv"), own=films)
    assert [note for note in parsed.notes if "items.csv is not beside the logbook" in note]
    whole = parse_logbook(SENDS.encode(), "mine.csv", own=replace(films, columns={
        ours: each for ours, each in films.columns.items() if ours != "climb_name"
    }))  # fmt: skip
    assert not whole.notes


def joined(folder: Path, items: str, logbook: str, on: str = "film") -> tuple[list[tuple], list[str]]:
    """Id and region of what is read of a logbook with a file beside it, and what is said."""
    (folder / "films.toml").write_text(JOINED.replace('on = "film"', f'on = "{on}"'))
    written(folder, items, "items.csv")
    own = load_mapping(str(folder / "films.toml"))
    book = read_files([written(folder, logbook)], own=own, bad_rows="drop")
    return [(row["climb_id"], row["region"]) for row in book.sends], book.lines()


def test_a_row_is_found_beside_whatever_stands_about_its_key(tmp_path):
    """Blanks about an id, and a byte-order mark of each file that was pasted into one."""
    found, _ = joined(
        tmp_path, "\ufeff\ufefffilm,genres\n f,Drama\n", "film,watched_at\nf ,1700000000\ng,1700000000\n"
    )
    assert found == [("f", "Drama"), ("g", None)]


def test_a_row_of_another_width_is_given_nothing_of_the_file_beside(tmp_path):
    """Its cells would stand under the columns that it lacks."""
    found, said = joined(
        tmp_path, "film,genres\nf,Drama\n", "film,watched_at,stars\nf,1700000000\nf,1700000000,4\n"
    )
    assert found == [("f", "Drama")]
    assert any("1 rows not used" in line for line in said)


def test_a_logbook_without_the_column_to_find_by_is_told_so(tmp_path):
    found, said = joined(tmp_path, "imdb,genres\n7,Drama\n", "film,watched_at\nf,1700000000\n", on="imdb")
    assert found == [("f", None)]
    why = "the logbook has no column 'imdb' to find the rows of items.csv by: no climber_id, rating"
    assert [line for line in said if why in line]


def test_a_file_beside_that_has_no_key_is_refused(tmp_path):
    (tmp_path / "films.toml").write_text(JOINED)
    written(tmp_path, "movie,genres\nf,Drama\n", "items.csv")
    with pytest.raises(DataError, match=r"items.csv: has no column 'film'"):
        read_files([written(tmp_path, ALONE)], own=load_mapping(str(tmp_path / "films.toml")))
