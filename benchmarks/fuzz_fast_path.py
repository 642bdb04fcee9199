"""Differential fuzzing: what the fast path accepts, parser and schemas accept too, with equal values.

    python -m benchmarks.fuzz_fast_path [rounds]

Each round mutates a message of each dialect. A disagreement ends the run with the message that shows it. Exit 0 when
there was none.
"""

from __future__ import annotations

import random
import sys
import time

from benchmarks.messages import rsm012_ebix, rsm012_json, rsm012_xml
from gateway.codecs.table import encode
from gateway.messages.codes import Dialect
from tests.unit.codecs.documents import GOLDEN
from tests.unit.codecs.mutations import accepted_fast, mutated


def originals(dialect: Dialect) -> list[bytes]:
    """Messages to start from: generated ones in several spellings, and the golden ones."""
    generate = {Dialect.CIM_XML: rsm012_xml, Dialect.CIM_JSON: rsm012_json, Dialect.EBIX_XML: rsm012_ebix}[dialect]
    found = [generate(2, count=4), generate(1, count=2, indent=False), generate(3, count=1, resolution="PT1H")]
    if dialect is not Dialect.CIM_JSON:
        found += [generate(2, count=2, prefix=""), generate(1, count=3, prefix="Pa0.A-b")]
        found += [generate(1, count=1, prefix="xml"), generate(1, count=1).replace(b'"', b"'")]
    return found + [encode(document, dialect) for document in GOLDEN["measure-data"].values()]


def run(rounds: int, seed: int = 7) -> dict[Dialect, int]:
    """How many mutated messages of each dialect the fast path took; all of them agreed."""
    accepted = dict.fromkeys(Dialect, 0)
    chance = random.Random(seed)
    messages = {dialect: originals(dialect) for dialect in Dialect}
    for _ in range(rounds):
        for dialect, known in messages.items():
            accepted[dialect] += accepted_fast(mutated(chance.choice(known), known, dialect, chance), dialect)
    return accepted


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 100_000
    began = time.perf_counter()
    accepted = run(rounds)
    print(f"{rounds} mutations of each dialect in {time.perf_counter() - began:.0f} s, seed 7")
    for dialect, count in accepted.items():
        print(f"{dialect:9s} {rounds:8d} mutated messages, {count:7d} taken by the fast path, 0 disagreements")


if __name__ == "__main__":
    main()
