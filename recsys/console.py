"""What a person sees while the program works: lines on standard error, a bar where there is a terminal."""

from __future__ import annotations

import contextlib
import json
import re
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any, Final

from recsys.errors import TURNING, one_line
from recsys.nouns import spoken

if TYPE_CHECKING:
    from rich.text import Text

_STEERING = re.compile(rf"[\x7f-\x9f\u2028\u2029\ud800-\udfff{TURNING}]")  # that JSON leaves as they are
_WORTH_A_LINE = 2.0  # seconds
_PIPED: Final = 140  # columns where nobody's terminal says how wide it is


def duration(seconds: float) -> str:
    """A duration as a person says it: 48 s, 12 min, 3 h 05 min."""
    minutes = round(seconds / 60)
    if seconds < 90:
        return f"{seconds:.0f} s"
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"


def say(text: str) -> None:
    """A line of progress, on standard error: standard output is for results.

    Nothing in it steers the terminal: names, ids and columns of a stranger's file are in many of them.
    """
    print(one_line(spoken(text)), file=sys.stderr, flush=True)


def warn(text: str) -> None:
    """A line about something that the person should know and that stops nothing."""
    say(f"warning: {text}")


def print_json(value: Any) -> None:
    """A value as JSON on standard output, in its own script; what would steer a terminal is escaped."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    print(_STEERING.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def cell(text: str) -> Text:
    """Data as rich prints it as it is: brackets are no markup, and nothing in it steers a terminal."""
    from rich.text import Text

    return Text(printable(text))


def printable(text: str) -> str:
    """A text of one line whose other characters are told by a mark: a name may hold what moves a cursor."""
    return "".join(each if each.isprintable() else "\ufffd" for each in text)


def print_table(
    title: str,
    headings: Sequence[str],
    rows: Sequence[Sequence[object]],
    prose: Sequence[int] = (),
    whole: Sequence[str] = (),
) -> None:
    """A plain table on standard output, as wide as the terminal, or wide enough for a file.

    Whatever is in it is printed as it is (`cell`): names and ids are a stranger's, and so are the words of
    the domain, which a run or a bundle brings along.

    Parameters
    ----------
    title:
        Above it; empty for none.
    headings:
        In the words of climbing; what begins with ">" is of numbers, and stands to the right.
    rows:
        What is None or empty is shown as a dash.
    prose:
        Indices of columns whose texts are told in the words of the domain.
    whole:
        Headings of columns that no line breaks, for ids are copied; where they take most of a terminal they
        are broken all the same.
    """
    from rich.cells import cell_len
    from rich.console import Console
    from rich.table import Table

    table = Table(title=cell(title) if title else None, title_justify="left", box=None, header_style="bold")
    for heading in headings:
        name = heading.removeprefix(">")
        table.add_column(
            cell(spoken(name)),
            overflow="fold",
            no_wrap=name in whole,
            justify="right" if heading != name else "left",
        )
    for row in rows:
        texts = ["-" if each is None or each == "" else str(each) for each in row]
        table.add_row(*(cell(spoken(each) if at in prose else each) for at, each in enumerate(texts)))
    console = Console()
    columns = [each for each in table.columns if each.no_wrap]
    longest = max((cell_len(str(each)) for column in columns for each in column.cells), default=0)
    if not console.is_terminal:  # as wide as leaves the others room
        console = Console(width=_PIPED + max(0, longest - _PIPED // 2))
    for column in columns:
        column.no_wrap = longest <= console.width * 2 // 3
    console.print(table)


@contextlib.contextmanager
def progress(description: str, total: int | None = None) -> Iterator[Callable[[int], None]]:
    """A bar, or a spinner where the total is unknown; what it yields advances it.

    Without a terminal it is a line when the work is done, if it took more than two seconds.
    """
    if not sys.stderr.isatty():
        began = time.monotonic()
        yield lambda _: None
        if time.monotonic() - began > _WORTH_A_LINE:
            say(f"{description}: done in {time.monotonic() - began:.0f} s")
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn

    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    with Progress(
        *columns, *([BarColumn(), TimeRemainingColumn()] if total else []),
        console=Console(stderr=True), transient=True,
    ) as bar:  # fmt: skip
        task = bar.add_task(spoken(description), total=total)
        yield lambda done: bar.advance(task, done)
