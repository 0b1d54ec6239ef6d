"""A study as a page, as Markdown and as a table for the terminal, all from one `StudySummary`."""

from __future__ import annotations

from recsys.study.report.text import markdown, table
from recsys.study.summary import StudySummary

__all__ = ["markdown", "render", "table"]


def render(summary: StudySummary) -> str:
    """The study as one HTML file with everything in it: tables, plots as SVG, style; no address outside.

    The same summary gives the same characters. Figures show what the tables hold, and say where sends are
    simulated.

    Raises
    ------
    DataError
        A figure of the summary is NaN or infinite, or two rows share a name.
    """
    from recsys.study.report.page import page  # matplotlib takes a second to import

    return page(summary)
