"""Every link leads to a file that is there and to a heading that it has; every path in backticks exists."""

from __future__ import annotations

import re

import pytest

from tests.documentation.pages import PAGES, ROOT, name_of, prose

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_PATH = re.compile(r"`((?:recsys|workflows|tests|docs|docker|schemas|benchmarks|examples)/[\w./-]*[\w/])`")


def headings(page):
    """The anchors of a page, as MkDocs and GitHub make them of its headings."""
    found = re.findall(r"^#+ (.+)$", prose(page), re.MULTILINE)
    return {re.sub(r"[\s-]+", "-", re.sub(r"[^\w\s-]", "", each.lower()).strip()) for each in found}


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_links_resolve(page):
    for link in _LINK.findall(prose(page)):
        if re.match(r"https?:", link):
            continue
        target, _, anchor = link.partition("#")
        path = (page.parent / target).resolve() if target else page
        assert path.exists(), link
        generated = "recsys-" if path.name == "commands.md" else ""
        if anchor and not (generated and anchor.startswith(generated)):
            assert anchor in headings(path), link


@pytest.mark.parametrize("page", PAGES, ids=name_of)
def test_paths_of_the_repository_exist(page):
    made = {"docs/results/files", "tests/formats"}
    missing = {each for each in _PATH.findall(prose(page)) if not list(ROOT.glob(each))}
    assert missing - made == set()


def test_pages_of_the_site_lead_to_pages_of_the_site():
    """A link out of docs/ would be broken in the site."""
    for page in (ROOT / "docs").rglob("*.md"):
        for link in _LINK.findall(prose(page)):
            if not re.match(r"https?:|#", link):
                assert (ROOT / "docs") in (page.parent / link).resolve().parents, f"{name_of(page)}: {link}"
