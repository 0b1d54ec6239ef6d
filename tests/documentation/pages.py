"""The pages of the documentation as tests see them: commands, code blocks, links."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "docker" / "README.md"])
_FENCE: Final = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.DOTALL | re.MULTILINE)
_INDENTED: Final = re.compile(r"(?:^    .*\n)+", re.MULTILINE)
_SPAN: Final = re.compile(r"`([^`\n]+)`")
_PREFIXES: Final = ("light/bin/", ".venv/bin/", "/srv/recsys-climb/light/bin/", "/srv/recsys-climb/")
_ENDS: Final = ("|", "||", "&&", ">", ">>", "&", ";")


@dataclass(frozen=True)
class Block:
    """A fenced block: its language and its text."""

    language: str
    text: str


def name_of(page: Path) -> str:
    """A page's path from the root."""
    return str(page.relative_to(ROOT))


def blocks(page: Path, *languages: str) -> list[Block]:
    """A page's fenced blocks of some languages, or all of them."""
    found = [Block(kind, _dedent(text, pad)) for pad, kind, text in _FENCE.findall(page.read_text())]
    return [each for each in found if not languages or each.language in languages]


def prose(page: Path) -> str:
    """A page without its fenced blocks."""
    return _FENCE.sub("", page.read_text())


def commands(page: Path) -> Iterator[list[str]]:
    """The words of every command of ours that a page shows, in a block or between backticks."""
    text = prose(page)
    shown = [each.text for each in blocks(page, "bash", "text", "")]
    shown += [each for each in _INDENTED.findall(text) if "](" not in each] + _SPAN.findall(text)
    for part in shown:
        for line in re.sub(r"\\\n\s*", " ", part).splitlines():
            yield from _commands_of(line.strip())


def options_in_prose(page: Path) -> set[str]:
    """Every option between backticks outside of blocks: ``--min-sends``."""
    spans = [each for each in _SPAN.findall(prose(page)) if not each.startswith(("docker ", "uv "))]
    return {found for span in spans for found in re.findall(r"(?<![\w-])--[a-z][\w-]*", span)}


def _commands_of(line: str) -> Iterator[list[str]]:
    words = line.split(" #")[0]
    try:
        split = shlex.split(words, comments=True)
    except ValueError:
        split = words.split()
    if split and split[0].endswith("bandit"):
        return  # it is told our folder's name
    for start, word in enumerate(split):
        program = word.removeprefix("ExecStart=")
        for prefix in _PREFIXES:
            program = program.removeprefix(prefix)
        if program in ("recsys", "train.py", "make") or (program == "python" and start < len(split) - 1):
            rest = split[start + 1 :]
            stop = next((at for at, each in enumerate(rest) if each in _ENDS), None)
            yield [program, *rest[:stop]]
            return


def _dedent(text: str, pad: str) -> str:
    return "".join(line.removeprefix(pad) for line in text.splitlines(keepends=True))
