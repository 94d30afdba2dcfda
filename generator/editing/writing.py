"""Edits → files, each whole or not at all, and only over the very bytes that were read."""

from __future__ import annotations

import os
from collections.abc import Sequence

from generator.editing.drafting import Edit
from generator.files import read_file, replace_file
from generator.problems import Stop

_LARGEST = 64 * 1024 * 1024 + 1


def write(edits: Sequence[Edit]) -> None:
    """Write all files, or none. Raises Stop where one is another than was read, or where the disk refuses."""
    for edit in edits:
        _require_unchanged(edit)
    done: list[Edit] = []
    try:
        for edit in edits:
            _require_unchanged(edit)
            replace_file(os.path.realpath(edit.file), edit.after)
            done.append(edit)
    except Stop:
        for edit in done:
            replace_file(os.path.realpath(edit.file), edit.before)
        raise


def _require_unchanged(edit: Edit) -> None:
    """Raises Stop where a file is another than was read, or is not to be written."""
    if not os.access(edit.file, os.W_OK):  # the folder's rights alone would let it be replaced
        raise Stop(f"{edit.file}: is write-protected; nothing was written")
    if read_file(edit.file, _LARGEST) != edit.before:
        raise Stop(f"{edit.file}: was changed by somebody else in the meantime; nothing was written, run again")
