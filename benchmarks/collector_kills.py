"""`kill -9` of the collector at random instants, many rounds, while it reads simulated meters and sends to a hub.

    python -m benchmarks.collector_kills [rounds=200] > benchmarks/results/collector_kills.txt

In the end the hub holds every row of every meter once, and after no round did the outbox hold half a transaction. The
test run does the same with fewer rounds (`tests/integration/meters/collector`). Ends with 1 on any fault.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from pathlib import Path

from benchmarks.floor import machine_note
from tests.integration.meters.collector.killing import kill_rounds


def main(rounds: int = 200) -> int:
    """Run the rounds and print what they showed; how many faults there were."""
    seed = secrets.randbelow(10**6)
    with tempfile.TemporaryDirectory(prefix="gridpost-kill-", dir=Path.cwd()) as directory:
        result = kill_rounds(Path(directory), rounds, seed, meters=24, days=50)
    print(machine_note())
    print(f"seed {seed}")
    print(f"  kill -9 under load            {result.rounds}")
    print(f"  outbox found torn             {result.torn}")
    print(f"  batches acknowledged          {result.acknowledged}")
    print(f"  restart to first row, s       {result.slowest_start:.1f}")
    print(f"  columns that differ           {len(result.faults)}")
    for fault in result.faults[:20]:
        print(f"    {fault}")
    return len(result.faults) + result.torn


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:]))))
