"""Speed and memory of the codecs, against bare lxml parse + XSD of the same content.

    python -m benchmarks.codecs [--memory]

The floor of XML is lxml parsing and validating the very bytes; that of JSON is the floor of CIM XML with the same
series. A tree of lxml leaves the allocator many small free pieces, which it sorts when next asked for a large one: up
to a fifth of the floor. So that no case pays for another's tree, that work is done, and shown, by cases of its own.
With `--memory` the extra peak memory of messages of about 60 MB (fast) and 50 MB (stream) is measured too.
"""

from __future__ import annotations

import multiprocessing
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from lxml import etree

from benchmarks.floor import forget_resident_peak, interleave, machine_note, report, resident_peak
from benchmarks.messages import rsm012_ebix, rsm012_json, rsm012_xml
from gateway.codecs.table import Decoded, How, decode, decode_by, encode
from gateway.messages.codes import Dialect, DocumentKind
from gateway.schemas.registry import shipped

COUNT = 96
GENERATE = {Dialect.CIM_XML: rsm012_xml, Dialect.CIM_JSON: rsm012_json, Dialect.EBIX_XML: rsm012_ebix}
ROUNDS = {1: 200, 50: 40, 1000: 7}
GIANT = {Dialect.CIM_XML: 4800, Dialect.CIM_JSON: 7600, Dialect.EBIX_XML: 2700}
"""Series of a message of about 60 MB."""


def bare(data: bytes, dialect: Dialect) -> Callable[[], object]:
    """Bare lxml: parse and validate."""
    schema = shipped().entry(DocumentKind.MEASURE_DATA, dialect).xml_schemas[0]
    return lambda: schema.assertValid(etree.fromstring(data))


def decode_path(how: How, data: bytes, dialect: Dialect) -> Callable[[], object]:
    """Decoding by one path; fails when the path does not take the message."""
    taken = decode_by(how, data, dialect, None, shipped())
    assert isinstance(taken, Decoded), (how, dialect, taken)
    return lambda: decode_by(how, data, dialect, None, shipped())


def settle() -> None:
    """Let the allocator sort what a freed tree left behind."""
    bytearray(100_000)


def cases(n_series: int, dialect: Dialect) -> dict[str, Callable[[], object]]:
    """Every way of one dialect's message, the floor first."""
    data = GENERATE[dialect](n_series)
    floor = rsm012_xml(n_series) if dialect is Dialect.CIM_JSON else data
    taken = decode(data, dialect)
    assert isinstance(taken, Decoded)
    found: dict[str, Callable[[], object]] = {
        "lxml parse + XSD": bare(floor, Dialect.CIM_XML if dialect is Dialect.CIM_JSON else dialect),
        "(the floor's tree, freed)": settle,
        "decode (fast path)": lambda: decode(data, dialect),
        "encode": lambda: encode(taken.document, dialect),
    }
    for how in (How.GENERAL, How.STREAM):
        found[f"decode ({how})"] = decode_path(how, data, dialect)
        found[f"({how}'s tree, freed)"] = settle
    return found


def main() -> None:
    print(machine_note())
    for dialect in Dialect:
        for n_series, rounds in ROUNDS.items():
            timings = interleave(cases(n_series, dialect), rounds, budget=60)
            print(report(f"{dialect}, {n_series} series x {COUNT}", timings, "lxml parse + XSD", n_series * COUNT))
    if "--memory" in sys.argv:
        print("## extra peak memory, each in a process of its own")
        for dialect, n_series in GIANT.items():
            for how, series in ((How.FAST, n_series), (How.STREAM, n_series * 5 // 6)):
                print(memory(how, dialect, series))


def memory(how: How, dialect: Dialect, n_series: int) -> str:
    """A line about the memory that decoding takes beside the message."""
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "message"
        path.write_bytes(GENERATE[dialect](n_series))
        megabytes = path.stat().st_size / 1e6
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            extra = pool.apply(peak, (how, dialect, path))
    size, ratio = f"{megabytes:6.1f} MB message", f"{extra / megabytes:6.2f} x message"
    return f"{dialect:9s} {how:7s} {size} {extra:7.1f} MB extra {ratio}"


def peak(how: How, dialect: Dialect, path: Path) -> float:
    """Extra peak memory of decoding the file's message once, in MB; schemas and grammars are there already."""
    decode_path(how, GENERATE[dialect](1), dialect)()
    data = path.read_bytes()
    forget_resident_peak()
    before = resident_peak()
    taken = decode_by(how, data, dialect, None, shipped())
    assert isinstance(taken, Decoded)
    return resident_peak() - before


if __name__ == "__main__":
    main()
