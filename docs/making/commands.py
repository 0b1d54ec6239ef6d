"""MkDocs' hook: the page of the command line, made from the commands themselves.

`reference/commands.md` holds a title and a marker; what stands here takes the marker's place.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

ROOT: Final = Path(__file__).parents[2]
MARKER: Final = "<!-- commands -->"


def on_page_markdown(markdown: str, **_: Any) -> str:
    """The page's text, with the commands where it asks for them."""
    return markdown.replace(MARKER, "\n".join(_lines())) if MARKER in markdown else markdown


def programs() -> dict[str, Any]:
    """Every program and its command: ``recsys batch``, ``python train.py``, ``python -m workflows.sends``."""
    if str(ROOT) not in sys.path:
        sys.path.insert(0, str(ROOT))
    from typer.main import get_command

    from recsys.cli.app import build_app
    from recsys.cli.train import train
    from recsys.terminal import single
    from workflows.sends.__main__ import preprocess as workflow

    group: Any = get_command(build_app())
    found = {f"recsys {name}": command for name, command in group.commands.items()}
    found["python train.py"] = get_command(single(train))
    found["python -m workflows.sends"] = get_command(single(workflow))
    return found


def option_names(command: Any) -> set[str]:
    """Every spelling of a command's options: ``--output``, ``-o``, ``--no-unknown``."""
    spelt = {each for option in command.params for each in (*option.opts, *option.secondary_opts)}
    return {each for each in spelt if each.startswith("-")} | {"--help", "-h"}


def _lines() -> Iterator[str]:
    for name, command in programs().items():
        if name == "python train.py":
            continue  # the same as recsys train
        yield from _section(name, command)


def _section(name: str, command: Any) -> Iterator[str]:
    arguments = [each for each in command.params if not each.opts[0].startswith("-") and not each.hidden]
    options = [each for each in command.params if each.opts[0].startswith("-") and not each.hidden]
    shown = [_argument(each) for each in arguments]
    alias = ", or `python train.py`" if name == "recsys train" else ""
    yield f"## {name}\n\n`{' '.join([name, *shown])} [OPTIONS]`{alias}\n"
    yield f"{_text(command.help or '')}\n"
    for each in arguments:
        yield f"- `{_argument(each)}`: {_text(each.help or '')}"
    yield ""
    panels = dict.fromkeys(each.rich_help_panel for each in options)
    for panel in panels:
        yield f"| {panel or 'Options'} | |\n|---|---|"
        yield from (_row(each) for each in options if each.rich_help_panel == panel)
        yield ""


def _argument(argument: Any) -> str:
    return f"{argument.metavar or argument.name.upper()}{'...' if argument.nargs == -1 else ''}"


def _row(option: Any) -> str:
    spelt = ", ".join(f"`{each}`" for each in (*option.opts, *option.secondary_opts))
    default = option.default
    words = _text(option.help or "").replace("|", "\\|")
    if option.required:
        words += " (required)"
    elif not isinstance(default, bool) and default not in (None, "", ()) and "(default" not in words:
        words += f" (default: {default})"
    return f"| {spelt} | {words} |"


def _text(text: str) -> str:
    """Prose as Markdown takes it: no tags, no emphasis by accident."""
    return text.replace("<", "&lt;").replace("*", "\\*").replace("_", "\\_")
