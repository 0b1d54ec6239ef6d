"""What stands around a grade in its text and is no difficulty: protection, aid, starts, doubts, seriousness.

"V5 (soft)", "6A sit", "5.10c PG-13", "6a+ (5c obl.)" and "TD 6a" are V5, 6A, 5.10c, 6a+ and 6a. Adjectives
that are spelled out become the letters that a table has ("Hard Severe" is HS), and a system that is named
behind a grade comes before it ("7A Fb").
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Final

CACHED: Final = 16_384
"""Texts that are remembered as they were read: more than a request has, so that it reads none twice."""
# Protection, aid, starts and how the grade felt say nothing about difficulty.
_NOISE: Final = re.compile(
    r"(?i)^(G|PG|PG-?13|R|X|[AC][0-5][+-]?|SS|SDS|SD|sit|sitting|sitstart|start|stand|assis|debout|sitzstart|"
    r"soft|hard|stiff|tough|low|mid|high|slash|for|the|grade|traverse|trav|tr|dur|dure|mou|molle|leicht|hart|schwer|duro|blando|bloc|boulder|flash|obl|"
    r"oblig\w*)$"
)
_EASY: Final = re.compile(r"(?i)^easy\s+(?!5(?:th)?\b)|\s+easy$")  # "Easy 5th" is a grade
_LOOKALIKES: Final = str.maketrans("АВСЕМХасех", "ABCEMXacex")  # Cyrillic
_PARENTHESES: Final = re.compile(r"\s*[(\[]([^()\[\]]*)[)\]]\s*")
# How serious a climb is as a whole ("IV 5.9", "5.9 Grade III", "TD+ 6a") says nothing of its hardest move.
_COMMITMENT: Final = re.compile(r"(?i)^(grade|[IV]{1,4}[+-]?)$")
_ALPINE: Final = re.compile(
    r"^(?:PD|AD|TD|ED\d?|ABO|F|D(?=[+-]|\s+[5-9][abc]))[+-]?\s+(?=[1-9][abc]?\+?\b|[IVX]+[+-]?$|5\.)"
)
# "7 +" is "7+", "5.10 a" 5.10a, and "V3 - V4" a pair; doubts and stars at its ends ("7+?") are taken off too.
_APART: Final = re.compile(
    r"(?<=[\dIVX])\s+(?=[+-](?:$|/|\s(?!\s*[vVfF]?\d|\s*[IVX])))|(?<=5\.1\d)\s+(?=[a-d]\b)"
)
_BEHIND: Final = re.compile(r"(?i)^(\S+)\s+(uiaa|ewbank|yds|font|fb|fr|french)\.?$")
_OBLIGED: Final = re.compile(r"(?i)(?:\s*>\s*|\s*/\s*(?=[AC]\d))\S+$")  # "7a>6b", "6b/A0"
_CLASS: Final = re.compile(r"(?i)^(?:class\s*([1-5])|([1-5])(?:st|nd|rd|th)\s+class)$")
_CLASSES: Final = ("1st", "2nd", "3rd", "4th", "5th")
_HALF: Final = re.compile(r"(?i)^(V\d{1,2})[.,]5$")
_FLOAT: Final = re.compile(r"^([1-46-9]|\d\d)[.,]0$")  # 23.0 of a table's floats; 5.0 is a grade
_BRITISH: Final = {  # what begins with another comes before it
    "hard very severe": "HVS", "mild very severe": "MVS", "very severe": "VS", "hard severe": "HS",
    "mild severe": "MS", "hard very difficult": "HVD", "very difficult": "VD", "hard difficult": "HD",
    "moderate": "M", "difficult": "D", "severe": "S", "hard vs": "HVS", "mild vs": "MVS",
    "hard v diff": "HVD", "v diff": "VD", "sev": "S",
}  # fmt: skip
_WORDY: Final = re.compile(rf"(?i)^({'|'.join(_BRITISH)})\b\.?")


def plain(text: str) -> str:
    """A text in Latin letters and plain digits, where it has letters that look like them or wide ones."""
    return text if text.isascii() else unicodedata.normalize("NFKC", text).translate(_LOOKALIKES)


@lru_cache(maxsize=CACHED)
def normalised(text: str) -> str:
    """One space between words, plain hyphens, no marks that are not about difficulty."""
    text = re.sub("[‐‑‒–—−]", "-", plain(text)).strip("?~*! ")
    text = text[1:-1] if text[:1] + text[-1:] == "()" else text
    text = _PARENTHESES.sub(_inside, text)
    text = _spelled(_APART.sub("", text).strip())
    text = re.sub(r"\s*/\s*|\s+-\s+|\s+to\s+", "/", text)
    words = text.split()
    if len(words) > 1:
        words = [word for word in words if not _NOISE.match(word.strip(",;."))] or words
    if len(words) > 1 and any(word.startswith("5.") for word in words):
        words = [
            word for word in (each.strip(",;()") for each in words) if word and not _COMMITMENT.match(word)
        ]
    return _ALPINE.sub("", " ".join(words))


def _inside(found: re.Match[str]) -> str:
    """What stands in parentheses: a grade stays beside the other, all else goes."""
    inside = found[1].strip()
    return f" {inside} " if re.fullmatch(r"(?i)(v|f|fb|font)?\s*\d\S{0,5}", inside) else " "


def _spelled(text: str) -> str:
    """The text in the letters and figures that tables have."""
    text = _WORDY.sub(lambda found: _BRITISH[found[1].casefold()], _EASY.sub("", text))
    text = _HALF.sub(lambda found: f"{found[1]}-{int(found[1][1:]) + 1}", text)
    text = _CLASS.sub(lambda found: _CLASSES[int(found[1] or found[2]) - 1], _FLOAT.sub(r"\1", text))
    return _BEHIND.sub(r"\2 \1", _OBLIGED.sub("", text))
