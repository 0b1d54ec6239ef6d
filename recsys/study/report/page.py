"""The page: the template filled with tables, figures and the few sentences that explain them."""

from __future__ import annotations

from collections.abc import Iterable
from importlib.resources import files
from typing import Final

from jinja2 import Environment, FunctionLoader, StrictUndefined

from recsys.evaluation.beyond import MEASURES
from recsys.study.report import figures, tables, words
from recsys.study.report.climbs import shades
from recsys.study.report.details import details
from recsys.study.report.rows import check, prompted, reference
from recsys.study.report.text import header
from recsys.study.summary import HEADLINE, StudySummary

_TEMPLATES: Final = files("recsys.study.report") / "template"


def page(summary: StudySummary) -> str:
    """`recsys.study.report.render`."""
    check(summary)
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=FunctionLoader(_read),
    )
    filled = environment.get_template("report.html").render(
        study=summary,
        title=words.plain(summary.name) or "study",
        header=header(summary),
        headline=HEADLINE,
        reference=reference(summary),
        prompted=bool(prompted(summary.rows)),
        paper=tables.paper(summary) if summary.paper else None,
        results=tables.main(summary) if summary.rows else None,
        lists=tables.listed(summary),
        measures=MEASURES,
        settings=tables.described(summary) if summary.rows else None,
        scores=list(figures.scores(summary)),
        details=list(details(summary)),
        unfinished=cells(summary.unfinished),
        shades={"light": shades(dark=False), "dark": shades(dark=True)},
    )
    return filled.encode("utf-8", "replace").decode()


def cells(unfinished: Iterable[tuple[str, int]]) -> dict[str, str]:
    """{row: its seeds that are still to be run, in words}."""
    left: dict[str, list[int]] = {}
    for row, seed in unfinished:
        left.setdefault(row, []).append(seed)
    return {
        row: f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, sorted(seeds)))}"
        for row, seeds in left.items()
    }


def _read(name: str) -> str:
    return (_TEMPLATES / name).read_text(encoding="utf-8")
