"""How the threads of a hub share one interpreter: set once, when the process has loaded what it lives on."""

from __future__ import annotations

import gc
import sys

SWITCH_INTERVAL = 0.0005
"""Seconds a busy thread keeps the interpreter while another waits for it.

A message passes from the event loop to packing, reading and storing; at Python's 5 ms each of these steps may wait as
long as the whole message takes to read.
"""


def settle_interpreter() -> None:
    """Leave what the start built out of every later garbage collection, and let waiting threads on early."""
    gc.collect()
    gc.freeze()  # it lives as long as the process; the collector need not look at it again
    sys.setswitchinterval(SWITCH_INTERVAL)
