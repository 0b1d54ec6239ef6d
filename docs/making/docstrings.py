"""Griffe's extension: a section `Example` of a docstring is read as numpydoc's `Examples`."""

from __future__ import annotations

from typing import Any

from griffe import Extension, Object


class Example(Extension):
    """Renames the section before docstrings are parsed."""

    def on_object(self, *, obj: Object, **_: Any) -> None:
        """Of every module, class, function and attribute."""
        if obj.docstring is not None:
            text = obj.docstring.value
            obj.docstring.value = text.replace("Example\n-------\n", "Examples\n--------\n")
