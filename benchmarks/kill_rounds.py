"""`kill -9` of a served hub at random instants under load, many rounds on SQLite and on PostgreSQL.

    python -m benchmarks.kill_rounds [rounds=50] > benchmarks/results/kill_rounds.txt

Four senders and three readers work over HTTP while the server is killed and started again on the same data; in the
end every message answered 2xx must be accounted for exactly once and every series delivered once. The test run does
the same with fewer rounds (`tests/integration/reliability`). Ends with 1 when anything was lost, doubled or changed.
"""

from __future__ import annotations

import secrets
import sys
import tempfile
from contextlib import nullcontext
from pathlib import Path

from benchmarks.exchange import temporary_postgresql
from tests.integration.reliability.rounds import kill_rounds
from tests.integration.reliability.served import new_site


def main(rounds: int = 50) -> int:
    """Run the rounds on both databases and print what they showed; how many faults there were."""
    faults = 0
    for name, database in (("SQLite", nullcontext(None)), ("PostgreSQL", temporary_postgresql())):
        seed = secrets.randbelow(10**6)
        with tempfile.TemporaryDirectory(prefix="gridpost-kill-") as directory, database as url:
            result = kill_rounds(new_site(Path(directory) / "data", url), Path(directory) / "log", rounds, seed)
        print(f"{name}, seed {seed}")
        for line in (*result.lines(), *result.account.faults[:20]):
            print(f"  {line}", flush=True)
        faults += len(result.account.faults)
    return faults


if __name__ == "__main__":
    sys.exit(bool(main(*(int(argument) for argument in sys.argv[1:]))))
