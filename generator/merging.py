"""Three versions of a rendered file → one, as `git merge-driver` wants it: a clean merge, or our side without markers.

Git merges file by file and in any order, before the work tree holds the merged `org.yaml`; so a driver cannot render
what the merge will be. What it can do: merge lines that do not touch each other, as git itself would, and otherwise
leave a manifest that is whole and say that it must be rendered again. The merge then stops, and no stale manifest is
committed unseen.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from difflib import SequenceMatcher

from generator.rendering.tree import HEADER

MOST_LINES = 3_000
"""Where more lines than these differ, nothing is compared: rendering again is quicker than finding what fits."""

Lines = Sequence[bytes]


def merge(base: bytes, ours: bytes, theirs: bytes) -> tuple[bytes, bool]:
    """What the file becomes, and whether that is a clean merge."""
    header = HEADER.encode()
    merged = _merge_lines(
        base.splitlines(keepends=True), ours.splitlines(keepends=True), theirs.splitlines(keepends=True)
    )
    if merged is not None:
        return merged, True
    if ours.startswith(header) and theirs.startswith(header):
        return ours, False
    return _with_markers(ours, theirs), False  # not ours to decide: nobody renders this file again


def _with_markers(ours: bytes, theirs: bytes) -> bytes:
    ours, theirs = (side if side.endswith(b"\n") or not side else side + b"\n" for side in (ours, theirs))
    return b"<<<<<<< ours\n" + ours + b"=======\n" + theirs + b">>>>>>> theirs\n"


def _merge_lines(base: Lines, ours: Lines, theirs: Lines) -> bytes | None:
    """All changes of both sides; None where they touch each other."""
    start = _common(base, ours, theirs)
    end = _common(base[start:][::-1], ours[start:][::-1], theirs[start:][::-1])
    middles = [lines[start : len(lines) - end] for lines in (base, ours, theirs)]
    if middles[1] == middles[2] or middles[0] == middles[2]:
        chosen = middles[1]
    elif middles[0] == middles[1]:
        chosen = middles[2]
    else:
        if max(map(len, middles)) > MOST_LINES or (found := _merge_middles(*middles)) is None:
            return None
        chosen = found
    return b"".join([*base[:start], *chosen, *base[len(base) - end :]])


def _merge_middles(base: Lines, ours: Lines, theirs: Lines) -> Lines | None:
    merged: list[bytes] = []
    done = (0, 0, 0)
    for at, mine, yours, size in _unchanged(base, ours, theirs):
        before, left, right = base[done[0] : at], ours[done[1] : mine], theirs[done[2] : yours]
        if left == right or right == before:
            merged += left
        elif left == before:
            merged += right
        else:
            return None
        merged += base[at : at + size]
        done = (at + size, mine + size, yours + size)
    return merged


def _unchanged(base: Lines, ours: Lines, theirs: Lines) -> Iterator[tuple[int, int, int, int]]:
    """Stretches that are the same in all three: where they begin in each, and how long; the last is empty."""
    mine = SequenceMatcher(None, base, ours, autojunk=False).get_matching_blocks()
    yours = SequenceMatcher(None, base, theirs, autojunk=False).get_matching_blocks()
    i = j = 0
    while i < len(mine) - 1 and j < len(yours) - 1:
        (a, b, length), (c, d, other) = mine[i], yours[j]
        first, last = max(a, c), min(a + length, c + other)
        if first < last:
            yield first, b + first - a, d + first - c, last - first
        if a + length < c + other:
            i += 1
        else:
            j += 1
    yield len(base), len(ours), len(theirs), 0


def _common(*sides: Lines) -> int:
    """How many lines the sides begin with in common."""
    count = 0
    for lines in zip(*sides, strict=False):
        if any(line != lines[0] for line in lines):
            break
        count += 1
    return count
