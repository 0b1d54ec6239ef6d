"""Options from the configuration classes: a setting is declared once, name, type, range, default and help.

    @with_settings(RunConfig, ModelConfig, TrainingConfig)
    def train(given: dict[str, Any], output: ...) -> None: ...

The command's own parameters stay; `given` is replaced by an option for every setting, and gets those that
were typed. What they may be is checked where the configuration is made (`recsys.config.settings`).
"""

from __future__ import annotations

import functools
import inspect
import typing
from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import Annotated, Any, Final, Literal, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from recsys.config.settings import fields

Command = Callable[..., None]
# What `recsys.training.resolve.configured` leaves to the data, other than the class does.
LEFT_TO_DATA: Final = MappingProxyType({"positions": "auto, of another body or masking learned"})


def with_settings(
    *models: type[BaseModel],
    without: Collection[str] = (),
    defaults: Mapping[str, Any] = MappingProxyType({}),
) -> Callable[[Command], Command]:
    """Give a command an option for every setting of the models.

    Parameters
    ----------
    models:
        Configuration classes; their sections are models of their own.
    without:
        Settings that get no option.
    defaults:
        What the help tells instead of a class's default, where the command has another.
    """
    known = {name: field for name, field in fields(*models).items() if name not in without}

    def wrap(command: Command) -> Command:
        hints = typing.get_type_hints(command, include_extras=True)
        own = [
            each.replace(annotation=hints[each.name])
            for each in inspect.signature(command).parameters.values()
            if each.name != "given"
        ]

        @functools.wraps(command)
        def called(**values: Any) -> None:
            given = {name: values.pop(name) for name in known}
            command(given={name: value for name, value in given.items() if value is not None}, **values)

        options = [
            _parameter(name, field, defaults.get(name, field.default)) for name, field in known.items()
        ]
        parameters = [each.replace(kind=inspect.Parameter.KEYWORD_ONLY) for each in (*own, *options)]
        called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
        called.__annotations__ = {each.name: each.annotation for each in parameters}
        return called

    return wrap


def _parameter(name: str, field: FieldInfo, default: Any) -> inspect.Parameter:
    """An option that is None unless it is typed; its help tells choices, range and default."""
    kind, choices = _kind(field.annotation)
    words = [field.description or "", *([" | ".join(choices)] if choices else [])]
    help_text = ": ".join(reversed(words)) + _range(field) + _default(default)
    flag = name.replace("_", "-")
    extra: Any = field.json_schema_extra or {}
    declared = [f"--{flag}/{extra.get('off', f'--no-{flag}')}"] if kind is bool else []
    option = typer.Option(*declared, help=help_text, show_default=False, rich_help_panel=field.title)
    return inspect.Parameter(
        name, inspect.Parameter.KEYWORD_ONLY, default=None, annotation=Annotated[kind | None, option]
    )


def _kind(annotation: Any) -> tuple[Any, tuple[str, ...]]:
    """The type that is typed, and the choices where there are some."""
    inner = [each for each in get_args(annotation) if each is not NoneType]
    if NoneType in get_args(annotation) and len(inner) == 1:
        annotation = inner[0]
    if get_origin(annotation) is Literal:
        return str, get_args(annotation)
    if annotation in (int, float, bool, str, Path):
        return annotation, ()
    return str, ()  # a list, its parts parted by commas


def _range(field: FieldInfo) -> str:
    """Its bounds, as `` (0 to 1)`` or `` (from 1)``."""
    bounds = {
        name: getattr(each, name)
        for each in field.metadata
        for name in ("ge", "gt", "le", "lt")
        if getattr(each, name, None) is not None
    }
    low, high = bounds.get("ge", bounds.get("gt")), bounds.get("le", bounds.get("lt"))
    if low is None and high is None:
        return ""
    low, high = (each if each is None else _number(each) for each in (low, high))
    open_low = "above " if "gt" in bounds else ""
    open_high = "below " if "lt" in bounds else ""
    if high is None:
        return f" ({open_low or 'from '}{low})"
    return f" ({open_low}{low} to {open_high}{high})"


def _number(bound: float) -> str:
    """A bound in full: of 2^32 no digit is left out."""
    return str(bound) if isinstance(bound, int) else f"{bound:g}"


def _default(default: Any) -> str:
    if default is PydanticUndefined or default is None:
        return ""
    if isinstance(default, tuple):
        default = ",".join(map(str, default))
    if isinstance(default, bool):
        default = "yes" if default else "no"
    return f" (default: {default})"
