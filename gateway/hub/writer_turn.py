"""Whose turn it is to write into an SQLite file: processes queue at a file lock beside it.

SQLite lets a waiting writer sleep for tens of milliseconds between two looks, longer than most of our commits take. At
a lock of the operating system the next writer looks every half millisecond. The lock is advice only: correctness is
SQLite's own, and another program that writes is still met as a locked database.
"""

from __future__ import annotations

import fcntl
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

_LOOK_SECONDS = 0.0005


@contextmanager
def turn_to_write(database: Path, most_seconds: float) -> Iterator[None]:
    """Wait for the turn and keep it for the block.

    After `most_seconds`, or where the lock's file cannot be, it goes on without and lets SQLite say what is wrong.
    """
    with ExitStack() as held:
        with suppress(OSError):
            file = held.enter_context(database.with_name(f"{database.name}-turn").open("ab"))
            ends = time.monotonic() + most_seconds
            while not _is_taken(file.fileno()) and time.monotonic() < ends:
                time.sleep(_LOOK_SECONDS)
        yield


def _is_taken(descriptor: int) -> bool:
    """Whether the lock is ours now; closing the file gives it back."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
