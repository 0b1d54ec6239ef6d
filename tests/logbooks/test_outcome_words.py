"""What the words of one's own spreadsheet say of a climb: a send, an attempt, or nothing that is sure."""

from __future__ import annotations

import pytest

from recsys.logbooks.importing.outcome_words import outcome_of_words

SENDS = [
    "sent", "Send", "redpoint", "red point", "Red-point", "RP", "o/s", "on sight", "à vue", "a vista",
    "flash", "lead", "solo", "repeat", "top", "topped", "AF 2. Versuch", "RP 3rd attempt",
    "redpoint after 5 attempts", "send go 3", "enchaîné au 2e essai", "Encadenado al 2º intento",
    "sent the project", "project done", "Projekt geschafft", "proyecto encadenado", "sent, 3 attempts",
    "no falls", "no hangs", "with no rest", "ohne Sturz", "sans chute", "lead, no falls",
    "did not fall", "didn’t fall", "2nd try send", "RP in 3 tries", "lead clean", "TR clean",
    "toprope geschafft", "first ascent", "sent on attempt 4", "sent (2 burns)", "flash, first go",
    "durchgestiegen", "réussi", "sent - never again", "not pumped, sent", "no beta, onsight",
    "après travail", "lots of tries, sent",
]  # fmt: skip
ATTEMPTS = [
    "Not sent", "not clean", "didn't send", "didn’t send", "Rotpunkt nicht geschafft", "non enchaîné",
    "never sent", "almost sent", "not yet done", "lead (took)", "Lead - rest", "Send (not clean)",
    "pas enchaîné", "no encadenado", "attempt", "fell", "one hang", "dogged", "hangdog", "project",
    "flash attempt", "onsight attempt", "failed flash", "redpoint burn", "top rope fell",
    "lead with falls", "lead 1 hang", "dnf", "did not finish", "unsent", "no", "never", "not yet",
    "nearly", "3 attempts", "noch nicht geschafft", "couldn't finish", "ej klarad", "tried",
    "fast geschafft", "presque réussi", "incomplete", "gescheitert", "point of failure",
]  # fmt: skip
UNSURE = [
    "on hold", "top half only", "tick for later", "on it", "red", "all but the top", "one off",
    "first try", "second", "second go", "2nd try", "want to send", "maybe sent", "TR", "toprope", "",
    "?", "2/3", "sent, not clean", "nachgestiegen",
]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        (text, what)
        for what, texts in (("send", SENDS), ("attempt", ATTEMPTS), ("unknown", UNSURE))
        for text in texts
    ],
)
def test_words_tell_the_outcome(text: str, outcome: str) -> None:
    assert outcome_of_words(text) == outcome
    assert outcome_of_words(text.upper()) == outcome
