"""What became of a climb, told by the words of a spreadsheet of one's own, in several languages.

"Sent", "geschafft" and "enchaîné" say that it was climbed; "flash", "RP" or "lead" do where nothing else is
said, for there are flash attempts. A negation before such a word makes an attempt of it. How often it was
tried ("3rd attempt", "au 2e essai", "after five goes") and that nobody fell ("no falls", "ohne Sturz") are no
failures. What is both, or neither, is unknown.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from recsys.logbooks.importing.spelling import folded
from recsys.logbooks.styles import ATTEMPT, SEND, UNKNOWN

# It was climbed.
_DONE: Final = (
    "sent done yes ticked topped completed complete finished finish success successful succeeded flashed "
    "onsighted redpointed pinkpointed climbed ja oui sí si sì geschafft durchstiegen durchgestiegen "
    "gepunktet réussi réussie réussite enchaîné enchaînée enchainé enchainée encadenado encadenada encadené "
    "libera liberata liberato chiuso chiusa conseguido gelukt klart klarad klarte udało přelezeno vylezeno"
)
# How it was climbed, or was to be.
_STYLE: Final = (
    "send sends onsight os flash fl redpoint rp rotpunkt redpunkt pinkpoint pp solo fa lead vorstieg "
    "travail travaillé af top greenpoint headpoint clean ascent repeat repeated rpt tick durchstieg "
    "begehung salita"
)
_TRIED: Final = (
    "attempt", "project", "working", "tried", "burn", "projekt", "projet", "proyecto", "progetto",
    "versuch", "essai", "intento", "tentativ",
)  # fmt: skip
_FAILED: Final = (
    "fell", "fall", "hung", "hang", "dog", "fail", "dnf", "bail", "retreat", "took", "take", "rest",
    "unsent", "unfinish", "unsucces", "incomplete", "gestürzt", "sturz", "häng", "gescheitert",
    "abgebrochen", "chute", "tombé", "échec", "caíd", "caid", "cadut", "fallit", "fallé",
)  # fmt: skip
_NEGATIONS: Final = (
    "not no non never almost nearly nicht nein nie noch kein keine beinahe pas jamais presque nunca casi "
    "não nao quase quasi mai niet nooit bijna inte ej ikke ikkje aldri aldrig nästan nesten næsten ei "
    "melkein ne skoro не почти cannot cant couldnt didnt hasnt wont"
)
_NOT_SURE: Final = (
    "later half halfway hold todo wish wishlist planned plan maybe partly partial partially mostly someday "
    "want until except später halb"
)
_COUNTED: Final = (
    r"attempts?|tries|try|go|goes|gos|shots?|burns?|versuche?n?|essais?|intentos?|pegues?|tentativ\w+|"
    r"sessions?"
)
_ORDINALS: Final = (
    r"first|second|third|fourth|fifth|sixth|seventh|eighth|ninth|tenth|last|next|two|three|four|five|six|seven|"
    r"eight|nine|ten|several|many|few|multiple|some|couple|lots|erste[nrm]?|zweite[nrm]?|dritte[nrm]?|"
    r"vierte[nrm]?|fünfte[nrm]?|letzte[nrm]?|premier|deuxième|troisième|quatrième|primer|segundo|tercer|cuarto|"
    r"primo|secondo|terzo"
)
_TIMES: Final = re.compile(
    r"(?:\b\d+\s*(?:st|nd|rd|th|er|ère|e|è|ème|eme|[º°ª.])?"
    rf"|\b(?:{_ORDINALS}))\s*(?:of\s+)?(?:{_COUNTED})\b"
)
_COUNTS: Final = re.compile(
    rf"\b(?:{_COUNTED})\W*\d+|"
    r"\b(?:attempts|tries|goes|shots|burns|versuche|essais|intentos|pegues|tentativ(?:es|as|i|e)|sessions)\b"
)
"""A count behind its word, or a word for several: "attempt 3", "countless attempts"."""
_NO_FALLS: Final = re.compile(
    r"\b(?:no|not|never|didn't|without|zero|0|sans|ohne|nicht|pas|sin|senza|sem|utan|uten|uden|zonder|bez)\s+"
    r"(?:any\s+|a\s+|one\s+)?(?:falls?|falling|hangs?|hanging|rests?|resting|takes?|taking|chutes?|tomber|"
    r"tombé|pauses?|repos|st[uü]rze?n?|gestürzt|gefallen|hänger|pausen?|caídas?|caidas?|reposos?|cadute|cadere|"
    r"vallen)\b"
)
_CLAUSES: Final = re.compile(r"[,;:()\[\]!?]|\s[-–—]\s|\.\s")
_HYPHENS: Final = re.compile(r"(?<=\w)[-_](?=\w)")
_WORDS: Final = re.compile(r"[\w']+")
_ONE: Final = (
    ("o/s", "onsight"), ("w/o", "without"), ("à vue", "onsight"), ("a vue", "onsight"),
    ("a vista", "onsight"), ("on sight", "onsight"), ("red point", "redpoint"), ("pink point", "pinkpoint"),
    ("first ascent", "fa"), ("ground up", "redpoint"), ("all but", "except"), ("to do", "todo"),
    ("plus tard", "later"), ("más tarde", "later"), ("fast geschafft", "almost geschafft"),
)  # fmt: skip
_LONGEST: Final = 200
_REACH: Final = 3
"""Words from a negation to what it negates: "not yet been done"."""
_SENDS: Final = frozenset(_DONE.split())
_STYLES: Final = frozenset(_STYLE.split())
_NOT: Final = frozenset(_NEGATIONS.split())
_DOUBTS: Final = frozenset(_NOT_SURE.split())
_PLAIN_NO: Final = _NOT | {"yet", "quite", "encore", "been", "ganz"}


@lru_cache(maxsize=4096)
def outcome_of_words(text: str) -> str:
    """Send, attempt or unknown, as the words of an outcome or a style say."""
    clauses = _clauses(text)
    words = {word for clause in clauses for word in clause}
    if any(word.startswith(_FAILED) or word.endswith("dog") for word in words):
        return ATTEMPT
    if words & _DOUBTS:
        return UNKNOWN
    told, denied = _told(clauses)
    if denied:
        return UNKNOWN if told & _SENDS else ATTEMPT
    if told & _SENDS:
        return SEND
    if any(word.startswith(_TRIED) for word in words):
        return ATTEMPT
    if told:
        return SEND
    return ATTEMPT if words and words <= _PLAIN_NO else UNKNOWN


def outcome_of_tries(text: str) -> str:
    """The same of what stands where the tries are counted: a mere count, in words too, tells nothing."""
    return outcome_of_words(_COUNTS.sub(" ", _TIMES.sub(" ", folded(text[:_LONGEST]))))


def _told(clauses: list[list[str]]) -> tuple[set[str], set[str]]:
    """The words for a send that stand as they are, and those behind a negation."""
    told: set[str] = set()
    denied: set[str] = set()
    for words in clauses:
        for at, word in enumerate(words):
            if word in _SENDS or word in _STYLES:
                (denied if any(map(_is_not, words[max(at - _REACH, 0) : at])) else told).add(word)
    return told, denied


def _clauses(text: str) -> list[list[str]]:
    """The words of each part, without what is said of how often it was tried, or that nobody fell."""
    text = _HYPHENS.sub(" ", folded(text[:_LONGEST]))
    for several, one in _ONE:
        text = text.replace(several, one)
    told = _TIMES.sub(" ", _NO_FALLS.sub(" clean ", text))
    if not _WORDS.search(told):  # nothing but a count: it was tried
        told = text
    parts = map(_WORDS.findall, _CLAUSES.split(told))
    return [words for words in parts if words]


def _is_not(word: str) -> bool:
    return word in _NOT or word.endswith("n't")
