"""Words → the one that differs in a single letter; found in one look, however many words there are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

_SHORTEST = 4
"""Shorter words are near each other by chance."""


class Neighbours:
    """Words that were remembered under themselves and under every spelling with one letter left out."""

    def __init__(self, words: Iterable[str]) -> None:
        self._words: dict[str, str] = {}
        for word in words:
            if len(word) >= _SHORTEST:
                for spelling in _spellings(word):
                    self._words.setdefault(spelling, word)

    def of(self, word: str) -> str:
        """A remembered word that is not this one but reads the same with one letter changed, added, lost or swapped."""
        if len(word) < _SHORTEST:
            return ""
        found = (self._words.get(spelling, "") for spelling in _spellings(word))
        return next((near for near in found if near and near != word), "")


def _spellings(word: str) -> Iterator[str]:
    yield word
    for position in range(len(word)):
        yield word[:position] + word[position + 1 :]
