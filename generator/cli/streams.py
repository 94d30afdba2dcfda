"""Standard output and error as every command may use them: whole or not at all, on any terminal, or none."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import sys

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO, errno.EBADF)


def prepare() -> None:
    """Make both streams such that what is written is written whole, and that no character is a reason to fail."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # closed by who called us
            setattr(sys, name, open(os.devnull, "w"))  # noqa: SIM115  # for the life of the program
        elif isinstance(stream, io.TextIOWrapper):
            if isinstance(stream.buffer, io.RawIOBase):  # PYTHONUNBUFFERED; it loses what one write could not take
                stream = open(stream.fileno(), "w", encoding=stream.encoding, closefd=False)  # noqa: SIM115  # as above
                setattr(sys, name, stream)
            stream.reconfigure(errors="backslashreplace")


def is_refused(error: OSError) -> bool:
    """Whether an error is that of a stream that takes no more; those of files have the name of the file."""
    return error.filename is None and error.errno in _FULL


def discard() -> None:
    """Let what is still to be written to standard output go nowhere, so that the end of the program is quiet."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
