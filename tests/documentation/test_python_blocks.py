"""Every Python block of the README runs as it stands; those of docs/ are run in a test of their own."""

from __future__ import annotations

import pytest

from tests.documentation.pages import PAGES, ROOT, blocks, name_of

ELSEWHERE = {
    "docs/how-to/merlin.md": "tests/workflows/test_merlin.py",
    "docs/explanation/architecture.md": "tests/documentation/test_one_file.py",
}


def test_the_readmes_python_runs(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    code = blocks(ROOT / "README.md", "python")
    assert code
    for each in code:
        exec(compile(each.text, "README.md", "exec"), {"__name__": "readme"})
    assert "rank" in capsys.readouterr().out
    assert (tmp_path / "runs" / "small" / "MODEL_CARD.md").is_file()


@pytest.mark.parametrize("page", [each for each in PAGES if blocks(each, "python")], ids=name_of)
def test_no_python_block_is_left_unrun(page):
    assert page.name == "README.md" or (ROOT / ELSEWHERE[name_of(page)]).is_file()
