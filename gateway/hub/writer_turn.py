"""Whose turn it is to write into an SQLite file: processes queue at a file lock beside it.

SQLite lets a waiting writer sleep for tens of milliseconds between two looks, longer than most of our commits take. At
a lock of the operating system the next writer looks every half millisecond. The lock is advice only: correctness is
SQLite's own, and another program that writes is still met as a locked database.
"""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager

_LOOK_SECONDS = 0.0005
_NONE = -1


@contextmanager
def turn_to_write(lock_file: str, most_seconds: float) -> Iterator[None]:
    """Wait for the turn and keep it for the block.

    After `most_seconds`, or where the lock's file cannot be, it goes on without and lets SQLite say what is wrong.
    """
    try:
        descriptor = os.open(lock_file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
    except OSError:
        descriptor = _NONE
    try:
        ends = time.monotonic() + most_seconds
        while descriptor != _NONE and not _is_taken(descriptor) and time.monotonic() < ends:
            time.sleep(_LOOK_SECONDS)
        yield
    finally:
        if descriptor != _NONE:
            os.close(descriptor)  # gives the lock back


def _is_taken(descriptor: int) -> bool:
    """Whether the lock is ours now, or can be nobody's."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:  # a file system without locks
        return True
    return True
