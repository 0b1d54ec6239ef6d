"""The study as a page, as Markdown and in the terminal: what is shown, what is left out, what is refused."""

from __future__ import annotations

import re
import subprocess
import sys
from dataclasses import replace
from html.parser import HTMLParser
from itertools import pairwise
from typing import Any

import pytest

from recsys.errors import DataError
from recsys.evaluation.beyond import MEASURES
from recsys.study.report import markdown, render, table
from recsys.study.report.rows import notable
from recsys.study.summary import (
    HEADLINE,
    PROMPTED,
    UNPROMPTED,
    Comparison,
    Estimate,
    Paper,
    Point,
    StudySummary,
)
from tests.builders.fake_study import FACTS, big_study, small_study

VOID = {"meta", "link", "br", "img", "input", "hr"}
ODD = "<script>alert(1)</script> | $x_1$ \\ `a` \u0007 é 登 --> ]]> &amp; " + "long" * 40


class Page(HTMLParser):
    """Elements of a page, in order; it refuses one that is closed out of turn."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, Any]]] = []
        self.cells: dict[str, list[list[str]]] = {}
        self.text = ""
        self.feed(text)
        self.close()
        assert self.open == []
        for rows in self.cells.values():
            rows[:] = [[" ".join(cell.split()) for cell in row] for row in rows]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)
        if tag == "table":
            self.rows: list[list[str]] = self.cells.setdefault(dict(attrs)["id"] or "", [])
        if tag == "tr":
            self.rows.append([])
        if tag in ("td", "th"):
            self.rows[-1].append("")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        if not {"script", "style", "title"} & set(self.open):
            self.text += data
        if {"td", "th"} & set(self.open):
            self.rows[-1][-1] += data

    def all(self, tag: str) -> list[dict[str, Any]]:
        return [attributes for name, attributes in self.elements if name == tag]


@pytest.fixture(scope="module")
def big() -> StudySummary:
    return big_study(n_points=300)


@pytest.fixture(scope="module")
def written(big: StudySummary) -> str:
    return render(big)


@pytest.fixture(scope="module")
def page(written: str) -> Page:
    return Page(written)


# ---- the page as a whole


def test_nothing_outside_is_asked_for(written: str, page: Page) -> None:
    assert "://" not in written
    assert not re.search(r"url\((?!#)|@import", written)
    for _, attributes in page.elements:
        assert not {"src", "srcset"} & set(attributes)
        assert (attributes.get("href") or "#")[:1] == "#" or attributes["href"] == "data:,"


def test_what_lists_are_like_stands_beside_recall(big: StudySummary, page: Page) -> None:
    sasrec = next(row for row in big.rows if row.name == "sasrec")
    assert sasrec.lists[UNPROMPTED]["coverage@10"] > 0
    shown = {row[0].split()[-1]: row for row in page.cells["lists"] if row[0]}
    assert page.cells["lists"][1][1:6] == [HEADLINE, *MEASURES]
    found = sasrec.lists[UNPROMPTED]
    assert shown["sasrec"][2:6] == [
        f"{found['coverage@10']:.3f}", f"{found['popularity@10']:.1f}",
        f"{found['novelty@10']:.2f}", f"{found['diversity@10']:.3f}",
    ]  # fmt: skip
    assert f"| SASRec | unprompted | {sasrec.prompting[UNPROMPTED][HEADLINE].value:.3f} |" in markdown(big)
    asked = {how for row in big.rows for how in row.lists}
    assert asked == {UNPROMPTED, PROMPTED}


def test_ids_are_unique_and_every_reference_finds_one(written: str, page: Page) -> None:
    ids = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(ids) == len(set(ids)) > 20
    wanted = set(re.findall(r'href="#([^"]+)"', written)) | set(re.findall(r"url\(#([^)]+)\)", written))
    wanted |= {each["aria-labelledby"] for _, each in page.elements if "aria-labelledby" in each}
    assert wanted <= set(ids)


def test_it_is_the_same_twice(big: StudySummary) -> None:
    few = replace(big, rows=big.rows[4:9])
    assert render(few) == render(few)


def test_colours_are_the_pages(written: str) -> None:
    plots = re.findall(r"<svg.*?</svg>", written, re.S)
    assert len(plots) == 9
    for plot in plots:
        assert not re.search(r"#[0-9a-fA-F]{6}\b(?!-)", plot)
        assert "DejaVu" not in plot
        assert "<style" not in plot
    used = set(re.findall(r"var\(--([a-z0-9]+)\)", written))
    defined = set(re.findall(r"--([a-z0-9]+):", written))
    assert used <= defined


def test_it_can_be_read_without_seeing(page: Page) -> None:
    assert page.all("html")[0]["lang"] == "en"
    assert all(each["role"] == "img" and len(each["aria-label"]) > 30 for each in page.all("svg"))
    assert all(each["scope"] in ("col", "row", "colgroup", "rowgroup") for each in page.all("th"))
    assert len(page.all("caption")) == len(page.all("table")) == 9
    levels = [int(tag[1]) for tag, _ in page.elements if re.fullmatch("h[1-6]", tag)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))


def test_simulated_is_said_at_every_figure_and_table(written: str) -> None:
    captions = re.findall(r"<(?:fig)?caption.*?</(?:fig)?caption>", written, re.S)
    assert len(captions) == 18
    assert all("Simulated sends." in each for each in captions)
    real = replace(
        small_study(),
        simulated=False,
        facts=(),
        paper=(Paper("CBOW", 0.077, "cbow", UNPROMPTED, Estimate(0.1)),),
    )
    assert "simulated" not in Page(render(real)).text.lower()


# ---- the numbers


def test_the_numbers_are_those_given() -> None:
    rows = Page(render(small_study())).cells["results"]
    assert rows[1] == ["row", "accuracy", "recall@10", "ndcg@10", "mrr@20", "difference", "p", "parameters",
                       "seconds", "peak MiB"]  # fmt: skip
    assert rows[2] == ["Counting"]
    assert rows[3] == ["Item-kNN item-knn", "0.101 [0.090, 0.110]", "0.388 [0.366, 0.412]", "–", "–",
                       "▼ −0.052 [−0.071, −0.033]", "< 0.001", "0", "0.0", "0"]  # fmt: skip
    assert rows[5] == ["SASRec sasrec", "0.440 [0.400, 0.500]", "0.420 [0.400, 0.500]",
                       "0.400 [0.400, 0.500]", "0.380 [0.400, 0.500]", "–", "–", "1,234,567", "12",
                       "346"]  # fmt: skip


def test_every_row_and_every_figures_numbers_are_in_tables(big: StudySummary, page: Page) -> None:
    shown = {row[0].split()[-1]: row for row in page.cells["results"] if row[0]}
    for row in big.rows:
        found = row.prompting[UNPROMPTED]["recall@10"]
        assert shown[row.name][2] == f"{found.value:.3f} [{found.low:.3f}, {found.high:.3f}]"
        asked = row.prompting.get(PROMPTED)
        assert shown[row.name][6].split()[0] == (f"{asked['recall@10'].value:.3f}" if asked else "–")
    for name, count in (("history-table", 5), ("popular-table", 5), ("fit-table", 4), ("order-table", 5)):
        assert {len(row) for row in page.cells[name][-3:]} == {1 + count}
    order = {row[0].split()[-1]: row[3] for row in page.cells["order-table"] if len(row) == 6}
    sasrec = next(row for row in big.rows if row.name == "sasrec")
    assert sasrec.order is not None
    assert order["sasrec"].startswith(f"{sasrec.order.value:.0%} [")


def test_markers_say_their_numbers(big: StudySummary, written: str) -> None:
    hint = re.search(r"<title>SASRec: ([^<]+)</title>", written)
    value = next(row for row in big.rows if row.name == "sasrec").prompting[UNPROMPTED]["recall@10"]
    assert hint is not None
    assert hint[1] == f"{value.value:.3f} [{value.low:.3f}, {value.high:.3f}]"
    assert len(re.findall(r"<title>Climb \d+, (?:V\d+|no grade), \d+ sends</title>", written)) == 300


def test_the_map_keeps_the_climbs_that_are_sent_most() -> None:
    many = tuple(Point(float(i), 0.0, f"c{i}", "V1", 1.0, i) for i in range(2000))
    text = render(replace(small_study(), points=many, points_of="sasrec"))
    assert "embeddings of SASRec" in text
    assert "The 1,500 most sent of all 2,000." in text
    assert "<title>c500, V1, 500 sends</title>" in text
    assert "<title>c499," not in text
    assert Page(text).cells["map-table"][1] == ["V1", "2,000", "+999.500", "+0.000"]


def test_the_few_rows_of_a_plot_are_the_yardsticks_and_the_leaders(big: StudySummary) -> None:
    names = [row.name for row in notable(big)]
    assert len(names) == 8
    assert {"bert-last", "item-knn", "ease"} <= set(names)
    assert names == [row.name for row in big.rows if row.name in names]
    assert [row.name for row in notable(small_study())] == ["item-knn", "sasrec"]


# ---- what may be missing, and what may not


def test_what_is_not_there_is_left_out() -> None:
    page = Page(render(small_study()))
    assert set(page.cells) == {"results", "settings"}
    assert len(page.all("svg")) == 2
    assert "prompted accuracy" not in page.text
    assert "None" not in page.text


@pytest.mark.parametrize("rows", [0, 1])
def test_a_study_that_has_just_begun(rows: int) -> None:
    study = small_study()
    left = (("sasrec", 1), ("sasrec", 0), ("ease", 0))
    study = replace(study, rows=study.rows[:rows], unfinished=left, verdicts=())
    text = Page(render(study)).text
    assert "Unfinished: 3 cells are still to be run" in text
    assert "sasrec seeds 0, 1" in text
    assert "ease seed 0" in text
    assert ("No row has been run yet" in text) == (rows == 0)
    assert "to be run: 3." in " ".join(markdown(study).split())
    assert "to be run: 3." in " ".join(table(study).split())


def test_intervals_may_be_unknown() -> None:
    bare = Estimate(0.25)
    row = replace(
        small_study().rows[0], prompting={UNPROMPTED: {"accuracy": bare, "recall@10": bare}}, order=bare,
        shuffled=bare, training={UNPROMPTED: bare}, by_history={"1-4": bare},
        comparison=Comparison(bare, None, None),
    )  # fmt: skip
    study = replace(small_study(), rows=(row,), points=(Point(0.0, 0.0, "a", None, None, 1),))
    page = Page(render(study))
    assert page.cells["results"][3][1:3] == ["0.250", "0.250"]
    assert page.cells["results"][3][5:7] == ["+0.250", "–"]
    assert page.cells["order-table"][2][1:] == ["0.250", "0.250", "25%", "–", "–"]
    assert page.cells["map-table"][1] == ["no grade", "1", "+0.000", "+0.000"]


def test_the_paper_stands_beside_ours() -> None:
    ours = Estimate(0.1, 0.09, 0.11)
    out = Estimate(0.12)
    lines = (
        Paper("CBOW", 0.077, "item-knn", UNPROMPTED, ours, out),
        Paper("GRU", 0.0846, "gru", PROMPTED, ours),
    )
    study = replace(small_study(), paper=lines)
    assert Page(render(study)).cells["paper-table"][1:] == [
        ["CBOW Item-kNN, unprompted", "0.077", "0.100 [0.090, 0.110]", "0.120"],
        ["GRU gru, prompted", "0.085", "0.100 [0.090, 0.110]", "–"],
    ]
    assert "| CBOW | 0.077 | Item-kNN | unprompted | 0.100 [0.090, 0.110] | 0.120 |" in markdown(study)
    assert "| GRU | 0.085 | gru | prompted | 0.100 [0.090, 0.110] | – |" in markdown(study)


def test_odd_words_stay_words() -> None:
    study = big_study(n_points=40)
    odd = {"title": ODD, "settings": ODD, "source": ODD}
    rows = tuple(replace(row, family=f"{ODD}{row.family}", **odd) for row in study.rows[18:30])
    rows = tuple(replace(row, by_history={ODD: Estimate(0.5)}) for row in rows)
    points = tuple(replace(each, climb=ODD, grade="_" + ODD) for each in study.points)
    study = replace(study, name=ODD, rows=rows, points=points, facts=((ODD, ODD),), verdicts=(ODD,),
                    unfinished=((ODD, 1),))  # fmt: skip
    page = Page(render(study))
    assert len(page.all("script")) == 1
    assert "<script>alert(1)</script> | $x_1$" in page.text
    lines = [line for line in markdown(study).splitlines() if line.startswith("|")]
    assert {len(re.findall(r"(?<!\\)\|", line)) for line in lines} == {16, 8, 7}
    assert "<script" not in markdown(study)
    assert max(map(len, table(study).splitlines())) <= 80


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_what_is_no_number_is_refused(bad: float) -> None:
    study = small_study()
    row = replace(study.rows[0], prompting={UNPROMPTED: {"recall@10": Estimate(0.5, bad, 0.6)}})
    for write in (render, markdown, table):
        with pytest.raises(
            DataError, match=rf"rows item-knn.prompting unprompted recall@10.low is {bad}; run"
        ):
            write(replace(study, rows=(row,)))


def test_two_rows_of_one_name_are_refused() -> None:
    study = small_study()
    with pytest.raises(DataError, match="two rows have one name \\('sasrec'\\)"):
        render(replace(study, rows=(*study.rows, study.rows[1])))


# ---- Markdown and the terminal


def test_markdown() -> None:
    facts = "".join(f"- {label}: {text}\n" for label, text in FACTS)
    columns = "accuracy | recall@10 | ndcg@10 | mrr@20 | difference | p | due to order"
    columns += " | lost by shuffling histories | training accuracy"
    knn, sasrec = small_study().rows
    sasrec = replace(sasrec, training={UNPROMPTED: Estimate(0.71)}, order=Estimate(0.25))
    assert markdown(replace(small_study(), rows=(knn, sasrec))) == (
        "Simulated sends: 5,967 test cases of 107 climbers, 2,844 climbs.\n"
        "\n"
        "- SASRec beats item-kNN by 0.052 recall@10 (corrected p 0.0002).\n"
        "- It took 12 seconds.\n"
        "\n"
        f"| row | {columns} | parameters | s | MiB |\n"
        f"|---|{'---:|' * 12}\n"
        f"| **Counting** |{'  |' * 12}\n"
        "| Item-kNN | 0.101 [0.090, 0.110] | 0.388 [0.366, 0.412] | – | – | −0.052 [−0.071, −0.033] "
        "| < 0.001 | – | – | – | 0 | 0.0 | 0 |\n"
        f"| **Transformers** |{'  |' * 12}\n"
        "| SASRec | 0.440 [0.400, 0.500] | 0.420 [0.400, 0.500] | 0.400 [0.400, 0.500] "
        "| 0.380 [0.400, 0.500] | – | – | 25% | – | 0.710 | 1,234,567 | 12 | 346 |\n"
        "\n"
        "In brackets: 95% bootstrap intervals over seeds and climbers. Difference: recall@10 less "
        "that of SASRec; p: paired bootstrap, Holm's correction. Due to order: share of it that is lost when "
        "a window's own sends are shuffled among themselves; with whole histories shuffled, other sends "
        "enter the window as well. Training accuracy: prompted where the row is.\n"
        "\n" + facts
    )


def test_prompted_rows_are_compared_with_a_row_of_their_own() -> None:
    knn, sasrec = small_study().rows
    given = {PROMPTED: {"accuracy": Estimate(0.3), HEADLINE: Estimate(0.7)}}
    compared = Comparison(Estimate(0.25, 0.2, 0.3), 0.0001, 0.0003)
    sasrec = replace(sasrec, prompting={**sasrec.prompting, **given}, prompted_comparison=compared)
    study = replace(small_study(), rows=(knn, sasrec), prompted_reference="item-knn")
    page = Page(render(study)).cells["results"]
    assert [heading for heading in page[0] if "against" in heading] == [
        "unprompted, against SASRec",
        "prompted, against Item-kNN",
    ]
    assert page[5][9:11] == ["▲ +0.250 [+0.200, +0.300]", "< 0.001"]
    assert page[3][9:11] == ["–", "–"]
    assert "| +0.250 [+0.200, +0.300] | < 0.001 |" in markdown(study)
    assert "less that of SASRec and that of Item-kNN (prompted);" in markdown(study)
    assert table(study).splitlines()[-4].split() == ["sasrec", "0.300", "0.700", "+0.250", "<", "0.001"]


def test_the_terminal_has_eighty_columns(big: StudySummary) -> None:
    lines = table(big).splitlines()
    assert max(map(len, lines)) <= 80
    unprompted = lines[: next(index for index, line in enumerate(lines) if line.startswith(" prompted"))]
    shown = {line.split()[0]: line.split()[1:] for line in unprompted if "[" in line}
    assert len(shown) == 65
    knn = next(row for row in big.rows if row.name == "item-knn")
    value = knn.prompting[UNPROMPTED]
    assert shown["item-knn"][0] == f"{value['accuracy'].value:.3f}"
    assert shown["item-knn"][1] == f"{value['recall@10'].value:.3f}"


def test_text_needs_no_plots() -> None:
    code = "import sys, recsys.study.report; sys.exit('matplotlib' in sys.modules or 'jinja2' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
