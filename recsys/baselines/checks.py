"""Checks of a method's settings, shared by all of them."""

from __future__ import annotations

from recsys.errors import UsageError


def at_least(method: object, **least: float) -> None:
    """Refuse settings of a method that lie below their least value; None is a setting that is off."""
    for name, lowest in least.items():
        value = getattr(method, name)
        if value is not None and not value >= lowest:
            raise UsageError(f"{type(method).__name__}: {name} must be at least {lowest}, not {value}")


def at_most(method: object, **most: float) -> None:
    """Refuse settings of a method that lie above their largest value; None is a setting that is off."""
    for name, highest in most.items():
        value = getattr(method, name)
        if value is not None and not value <= highest:
            raise UsageError(f"{type(method).__name__}: {name} must be at most {highest:g}, not {value}")
