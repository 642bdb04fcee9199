"""Whatever bytes come, the hub accepts or refuses: nothing raises, and of what is refused nothing is kept but why.

The same over HTTP stands with the tests of the transport; here every example passes through journal, codec, rules and
commit on both databases.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.codecs.table import encode, is_sayable
from gateway.demo import market as sample
from gateway.hub.ports import Accepted, Principal, Refused
from gateway.messages.codes import Dialect, DocumentKind, ProcessType, Role
from gateway.messages.documents import (
    AggregatedMeasureDataRequest,
    PartyRef,
    RequestedAggregation,
    RequestedCharge,
    RequestedSeries,
    RequestedSettlement,
    WholesaleSettlementRequest,
)
from gateway.messages.series import AreaId
from gateway.messages.times import WrittenInstant
from tests.integration.databases import PostgresqlServer
from tests.integration.exchange.hubs import DAY, GRID, SUPPLIER_A, ZONE, Bench, start_bench

BOUNDED = settings(max_examples=150, derandomize=True)
GOLDEN = Path(__file__).parents[2] / "golden"
GOOD = [
    DocumentKind.MEASURE_DATA,
    DocumentKind.MEASURE_DATA_REQUEST,
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST,
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST,
]
FORMS = [(kind, dialect) for kind in GOOD for dialect in Dialect if is_sayable(kind, dialect)]
KINDS = [*GOOD, DocumentKind.ACKNOWLEDGEMENT]
SENDERS = [
    GRID,
    SUPPLIER_A,
    Principal(sample.NEIGHBOUR, Role.METERED_DATA_RESPONSIBLE, "neighbour"),
    Principal(sample.SYSTEM_OPERATOR, Role.SYSTEM_OPERATOR, "system-operator"),
]
KEPT = ("segment", "outgoing", "message_id", "transaction_id", "step", "bundle")
"""Tables in which a refused message leaves nothing."""

WORDS = (
    *(b"", b" ", b"\x00", b"\xff\xfe", b"\xc3\xa6", b"\xed\xa0\x80", b"&#0;", b"&#xD800;", b"&amp;", b"&x;", b"]]>"),
    *(b"\\u0000", b"\\ud800", b"\\udc00\\ud83d", b"\\", b'"', b"null", b"{}", b"[]", b"true", b"-0", b"1e999", b"NaN"),
    *(b"Infinity", b"9" * 40, b"-" + b"9" * 19, b"0.0000000000000001", b"1.", b".5", b"0x10", b"A" * 37, b"A" * 5000),
    *(b"9999-12-31T23:59:59Z", b"0001-01-01T00:00Z", b"2026-02-30T00:00Z", b"2026-03-09T23:00Z", b"PT15M", b"P1M"),
    *(b"E66", b"E17", b"A10", b"A03", b"KWH", b"<!DOCTYPE a>", b"<!-- -->", b"<?x?>", b"571313180000000005"),
)
"""What comes to stand where something else stood."""

_VALUE = re.compile(rb'(?<=>)[^<>]+(?=<)|(?<=")[^"]*(?=")|(?<=: )[-0-9.]+')


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def trial(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Trial]:
    """One running hub for all examples on each of the two databases."""
    address: str | None = None
    if request.param == "postgresql":
        server: PostgresqlServer = request.getfixturevalue("postgresql")
        address = server.make("gridpost_bad_input")
    started = start_bench(tmp_path_factory.mktemp("bad-input"), address)
    yield Trial(started)
    started.hub.stop()


@dataclass(frozen=True, slots=True)
class Arrival:
    """What comes in: as what, in which form, from whom."""

    body: bytes
    kind: DocumentKind
    dialect: Dialect
    sender: Principal


class Trial:
    """A running hub, and what it is held to whatever comes in."""

    def __init__(self, bench: Bench) -> None:
        self.bench = bench

    def contents(self) -> dict[str, int]:
        """How many rows there are in every table a message can leave something in."""
        with self.bench.hub.office.database.read() as connection:
            return {
                table: connection.exec_driver_sql(f"select count(*) from {table}").scalar_one()
                for table in (*KEPT, "journal", "outcome", "finding")
            }

    def arrives(self, arrival: Arrival) -> Accepted | Refused:
        """Submit bytes and hold the hub to what it may do with them."""
        before = self.contents()
        answer = self.bench.send(arrival.kind, arrival.dialect, arrival.body, arrival.sender)
        after = self.contents()
        assert (after["journal"], after["outcome"]) == (before["journal"] + 1, before["outcome"] + 1)
        if isinstance(answer, Refused):
            assert {table: after[table] for table in KEPT} == {table: before[table] for table in KEPT}
            assert answer.findings
            assert all(found.code and found.text for found in answer.findings), answer.findings
            assert after["finding"] == before["finding"] + len(answer.findings)
        with self.bench.hub.office.database.read() as connection:
            failed = connection.exec_driver_sql("select count(*) from outcome where state = 'failed'").scalar_one()
        assert failed == 0, "our own code failed on it"
        return answer

    def good(self, kind: DocumentKind, dialect: Dialect) -> Arrival:
        """A good document with ids of its own."""
        bench, point = self.bench, self.bench.named("hourly-values")
        if kind is DocumentKind.MEASURE_DATA:
            document = bench.measure_data(bench.series(point), bench.series(bench.named("production")))
            return Arrival(encode(document, dialect), kind, dialect, GRID)
        span, transaction = ZONE.day_interval(DAY), f"request-{next(bench.numbers)}"
        if kind is not DocumentKind.MEASURE_DATA_REQUEST:
            return Arrival(encode(self._results(kind, transaction), dialect), kind, dialect, SUPPLIER_A)
        wanted = RequestedSeries(transaction=transaction, point=point.metering_point, start=span.start, end=span.end)
        asked = bench.request(wanted, sender=SUPPLIER_A, process=ProcessType.PERIODIC_METERING)
        return Arrival(encode(asked, dialect), kind, dialect, SUPPLIER_A)

    def _results(
        self, kind: DocumentKind, transaction: str
    ) -> AggregatedMeasureDataRequest | WholesaleSettlementRequest:
        """A request for the results of a month."""
        month = [WrittenInstant(ZONE.midnight(date(2026, first, 1))) for first in (2, 3)]
        named: dict[str, Any] = {
            "transaction": transaction,
            "start": month[0],
            "end": month[1],
            "energy_supplier": PartyRef(id=SUPPLIER_A.party),
            "grid_area": AreaId(sample.GRID_AREA),
        }
        if kind is DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST:
            return self.bench.request_sums(RequestedAggregation(**named), sender=SUPPLIER_A)
        charge = (RequestedCharge(id="EA-001"),)
        return self.bench.request_charges(RequestedSettlement(**named, charges=charge), sender=SUPPLIER_A)


def _replace_value(body: bytes, chance: random.Random) -> bytes:
    places = [found.span() for found in _VALUE.finditer(body)]
    if not places:
        return body
    first, last = chance.choice(places)
    return body[:first] + chance.choice(WORDS) + body[last:]


def _put_in(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    return body[:place] + chance.choice(WORDS) + body[place:]


def _flip(body: bytes, chance: random.Random) -> bytes:
    changed = bytearray(body)
    if changed:
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(body: bytes, chance: random.Random) -> bytes:
    first, last = sorted(chance.randrange(len(body) + 1) for _ in range(2))
    return chance.choice((body[:first], body[:first] + body[last:], body[:last] + body[first:last] + body[last:]))


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (_replace_value, _replace_value, _put_in, _flip, _cut)


def changed(body: bytes, chance: random.Random) -> bytes:
    """Bytes with one to three changes."""
    for _ in range(chance.randint(1, 3)):
        body = chance.choice(_CHANGES)(body, chance)
    return body


@pytest.mark.parametrize(("kind", "dialect"), FORMS)
def test_unchanged_they_are_taken(trial: Trial, kind: DocumentKind, dialect: Dialect) -> None:
    """GW-1: what the examples start from is good, so that a change is what makes it bad."""
    assert isinstance(trial.arrives(trial.good(kind, dialect)), Accepted)


@BOUNDED
@given(
    body=st.binary(max_size=400),
    kind=st.sampled_from(KINDS),
    dialect=st.sampled_from(list(Dialect)),
    sender=st.sampled_from(SENDERS),
)
def test_random_bytes_are_refused(
    trial: Trial, body: bytes, kind: DocumentKind, dialect: Dialect, sender: Principal
) -> None:
    """GW-3, DK-4.1.5.d: bytes that are no document."""
    assert isinstance(trial.arrives(Arrival(body, kind, dialect, sender)), Refused)


@BOUNDED
@given(seed=st.integers(0, 2**32), form=st.sampled_from(FORMS))
def test_changed_documents_are_accepted_or_refused(trial: Trial, seed: int, form: tuple[DocumentKind, Dialect]) -> None:
    """GW-3, DK-4.1.5.d: good documents with something wrong in them, and what is still good after the change."""
    kind, dialect = form
    chance = random.Random(seed)
    base = trial.good(kind, dialect)
    body = changed(base.body, chance)
    said_kind = kind if chance.random() < 0.9 else chance.choice(KINDS)
    said_dialect = dialect if chance.random() < 0.9 else chance.choice(list(Dialect))
    sender = base.sender if chance.random() < 0.9 else chance.choice(SENDERS)
    trial.arrives(Arrival(body, said_kind, said_dialect, sender))


GOLDEN_FILES = sorted(path for path in GOLDEN.rglob("*") if path.suffix in {".xml", ".json"})


@BOUNDED
@given(seed=st.integers(0, 2**32), path=st.sampled_from(GOLDEN_FILES), changes=st.booleans())
def test_documents_of_every_kind_are_accepted_or_refused(trial: Trial, seed: int, path: Path, changes: bool) -> None:
    """GW-3: every document we know of, also those no party may send, as it is and changed, said to be anything."""
    chance = random.Random(seed)
    body = path.read_bytes()
    dialect = Dialect.CIM_JSON if path.suffix == ".json" else chance.choice([Dialect.CIM_XML, Dialect.EBIX_XML])
    body = changed(body, chance) if changes else body
    trial.arrives(Arrival(body, chance.choice(KINDS), dialect, chance.choice(SENDERS)))
