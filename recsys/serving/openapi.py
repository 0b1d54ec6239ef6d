"""The description of the API: who may ask, and in which words it is introduced."""

from __future__ import annotations

from typing import Any, Final

from fastapi import FastAPI

from recsys.serving.domain_words import DomainWords
from recsys.serving.middleware import GUARDED_PATHS

DESCRIPTION: Final = (
    "The next climb for a climber, from the last ones and a prompt. Every error has one body: "
    '`{"error": {"message", "request_id"}}`. Bodies may come packed, with `Content-Encoding: gzip`. GET '
    "routes answer HEAD as well."
)
TAGS: Final = [
    {
        "name": "climbing",
        "description": "Answers about a logbook: a stored or a posted one.",
    },
    {"name": "look-ups", "description": "What the bundle holds."},
    {"name": "service", "description": "For whoever runs the service."},
]
_SCHEMES: Final = {
    "key": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer"},
}
_WAYS: Final[list[dict[str, list[str]]]] = [{"key": []}, {"bearer": []}]


class Described(FastAPI):
    """FastAPI, whose description names the keys that the routes ask for.

    Attributes
    ----------
    needs_key:
        Whether the service is closed to whoever has no key.
    words:
        Those of the bundle's domain, where it is another one than climbing.
    """

    needs_key: bool = False
    words: DomainWords | None = None

    def openapi(self) -> dict[str, Any]:
        """The description; FastAPI keeps it."""
        if self.openapi_schema is None:
            schema = super().openapi()
            schema.setdefault("components", {})["securitySchemes"] = _SCHEMES
            ways = _WAYS if self.needs_key else [*_WAYS, {}]  # {}: nobody needs one
            for path, item in schema["paths"].items():
                for operation in item.values():
                    operation["security"] = ways if path.startswith(GUARDED_PATHS) else []
            if self.words is not None:
                self.words.speak(schema)
        return self.openapi_schema or {}
