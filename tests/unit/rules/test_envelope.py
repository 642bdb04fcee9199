"""The synchronous checks of a document's envelope, 00001 to 00403 (dk-messages §5)."""

from __future__ import annotations

from typing import Any

import pytest

from gateway.markets.registry import changed_profile
from gateway.messages.codes import Dialect, ProcessType, Role
from gateway.messages.documents import Header, MeasureData, MeasureDataRequest, PartyRef, RequestedSeries
from gateway.messages.identifiers import Scheme
from gateway.messages.masterdata import Delegation, MasterData
from gateway.messages.series import SeriesTable
from gateway.messages.times import to_datetime
from gateway.rules.batch import Sender
from tests.gs1_codes import gsrn

from .village import AGENT, AREA, DK, NEIGHBOUR, NOW, OPERATOR, POINT, SUPPLIER, master_of, series, version

GRID = Sender(OPERATOR, Role.GRID_OPERATOR)


def header(**changes: Any) -> Header:
    fields: dict[str, Any] = {
        "message_id": "m-1",
        "sender": PartyRef(id=OPERATOR, role=Role.METERED_DATA_RESPONSIBLE),
        "receiver": PartyRef(id=DK.hub, role=Role.HUB),
        "created_at": to_datetime(NOW),
        "type_code": "E66",
        "process_type": ProcessType.PERIODIC_METERING,
        "business_sector": "23",
    }
    return Header(**{**fields, **changes})


def check(
    changes: dict[str, Any] | None = None,
    transactions: tuple[str, ...] = ("t-1",),
    caller: Sender = GRID,
    dialect: Dialect = Dialect.CIM_XML,
    market: Any = DK,
) -> list[tuple[str, str, str]]:
    """(code, target, path) of everything wrong with an envelope of measure data."""
    rows = SeriesTable.of(series(transaction=transaction) for transaction in transactions)
    document = MeasureData(header=header(**(changes or {})), series=rows)
    given = market.check_envelope(document, dialect, caller, master_of(version()), NOW)
    return [(f.code, f.target, f.path) for f in given]


def test_a_good_envelope() -> None:
    assert check() == []
    assert check(caller=Sender(OPERATOR, Role.METERED_DATA_RESPONSIBLE)) == []
    assert check(transactions=()) == []


ONE_FAULT: list[tuple[dict[str, Any], tuple[str, str, str]]] = [
    ({"message_id": ""}, ("00201", "MessageId", "message_id")),
    ({"message_id": "  "}, ("00201", "MessageId", "message_id")),
    ({"message_id": "m" * 37}, ("00305", "MessageId", "message_id")),
    ({"receiver": PartyRef(id=NEIGHBOUR, role=Role.HUB)}, ("00303", "ReceiverId", "receiver/id")),
    (
        {"receiver": PartyRef(id=DK.hub, role=Role.GRID_OPERATOR)},
        ("00304", "marketRole.type", "receiver/role"),
    ),
    ({"type_code": "E73"}, ("00401", "Type", "type_code")),
    ({"process_type": ProcessType.BALANCE_FIXING}, ("00402", "ProcessType", "process_type")),
    ({"process_type": None}, ("00402", "ProcessType", "process_type")),
    ({"process_type": "A99"}, ("00402", "ProcessType", "process_type")),
    ({"business_sector": "24"}, ("00403", "BusinessType", "business_sector")),
    (
        {"sender": PartyRef(id=NEIGHBOUR, role=Role.METERED_DATA_RESPONSIBLE)},
        ("00002", "SenderId", "sender/id"),
    ),
    ({"sender": PartyRef(id=OPERATOR, role=Role.GRID_OPERATOR)}, ("00003", "SenderRole", "sender/role")),
]


@pytest.mark.parametrize(("changes", "expected"), ONE_FAULT)
def test_one_fault_one_code(changes: dict[str, Any], expected: tuple[str, str, str]) -> None:
    assert check(changes) == [expected]


def test_what_is_just_allowed() -> None:
    assert check({"message_id": "m" * 36, "business_sector": None, "type_code": None}, ("t" * 36,)) == []
    assert check({"receiver": PartyRef(id=DK.hub)}, dialect=Dialect.EBIX_XML) == []


def test_all_faults_are_collected() -> None:
    everything = {
        "message_id": "",
        "sender": PartyRef(id=NEIGHBOUR, role=Role.ENERGY_SUPPLIER),
        "receiver": PartyRef(id=NEIGHBOUR, role=Role.GRID_OPERATOR),
        "type_code": "E31",
        "process_type": "D03",
        "business_sector": "27",
    }
    codes = {code for code, _, _ in check(everything, ("", "", "t" * 37, "x", "x"))}
    assert codes == {
        "00001", "00002", "00003", "00102", "00201", "00202", "00205", "00303", "00304", "00401", "00402", "00403",
    }  # fmt: skip


def test_transactions_are_named_by_their_row() -> None:
    assert check(transactions=("a", "", " ")) == [
        ("00202", "TransactionId", "Series/1/transaction"),
        ("00202", "TransactionId", "Series/2/transaction"),
    ]
    assert check(transactions=("a", "t" * 37)) == [("00205", "TransactionId", "Series/1/transaction")]
    assert check(transactions=("a", "b", "a", "a")) == [
        ("00102", "TransactionId", "Series/2/transaction"),
        ("00102", "TransactionId", "Series/3/transaction"),
    ]


def test_a_long_list_closes_with_a_count() -> None:
    given = check(transactions=("a",) * 300)
    assert len(given) == 101
    assert given[-1] == ("00102", "TransactionId", "Series")


def test_the_flex_process_exists_in_ebix_only() -> None:
    flex = {"process_type": ProcessType.PERIODIC_FLEX_METERING}
    assert check(flex, dialect=Dialect.EBIX_XML) == []
    assert check(flex, dialect=Dialect.CIM_JSON) == [("00402", "ProcessType", "process_type")]


@pytest.mark.parametrize(
    ("role", "codes"),
    [
        (Role.METERED_DATA_RESPONSIBLE, []),
        (Role.GRID_OPERATOR, []),
        (Role.DELEGATE, []),
        (Role.ENERGY_SUPPLIER, ["00001"]),
        (Role.BALANCE_RESPONSIBLE, ["00001"]),
    ],
)
def test_who_may_speak_as_metered_data_responsible(role: Role, codes: list[str]) -> None:
    # DK-3.2.1: a grid operator's token may act as MDR; a delegate's right is decided per grid area.
    assert [code for code, _, _ in check(caller=Sender(OPERATOR, role))] == codes


def test_a_supplier_s_own_role_may_not_send_measure_data() -> None:
    # DK-3.2.1
    sender = PartyRef(id=SUPPLIER, role=Role.ENERGY_SUPPLIER)
    assert check({"sender": sender}, caller=Sender(SUPPLIER, Role.ENERGY_SUPPLIER)) == [
        ("00003", "SenderRole", "sender/role")
    ]


@pytest.mark.parametrize(
    ("party", "scheme", "is_right"),
    [
        (OPERATOR, Scheme.GS1, True),
        (OPERATOR[:-1] + str((int(OPERATOR[-1]) + 1) % 10), Scheme.GS1, False),
        ("44X-00000000004B", Scheme.EIC, True),
        ("44X-00000000004C", Scheme.EIC, False),
    ],
)
def test_check_digits_of_parties_are_a_setting(party: str, scheme: Scheme, is_right: bool) -> None:
    # DK-1.17
    strict = changed_profile("dk", {"identifiers": {"strictness": "check-digit"}}, {})
    sender = {"sender": PartyRef(id=party, scheme=scheme, role=Role.METERED_DATA_RESPONSIBLE)}
    caller = Sender(party, Role.GRID_OPERATOR)
    assert check(sender, caller=caller) == []
    assert check(sender, caller=caller, market=strict) == ([] if is_right else [("00002", "SenderId", "sender/id")])


GIVEN = Delegation("measure-data-request", AREA, SUPPLIER, Role.ENERGY_SUPPLIER, AGENT, Role.DELEGATE)


def ask(role: Role, caller: Sender, master: MasterData, points: tuple[str, ...] = (POINT,)) -> list[str]:
    """Codes of everything wrong with the envelope of a request."""
    stated = header(sender=PartyRef(id=caller.party, role=role), type_code="E73")
    rows = tuple(RequestedSeries(transaction=f"t-{i}", point=point) for i, point in enumerate(points))
    request = MeasureDataRequest(header=stated, series=rows)
    return [f.code for f in DK.check_envelope(request, Dialect.CIM_JSON, caller, master, NOW)]


def test_roles_that_may_request() -> None:
    master = master_of(version())
    for role in (Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.SYSTEM_OPERATOR, Role.ENERGY_AGENCY, Role.DELEGATE):
        assert ask(role, Sender(AGENT, role), master) == []
    assert ask(Role.METERED_DATA_RESPONSIBLE, Sender(AGENT, Role.GRID_OPERATOR), master) == []
    assert ask(Role.BALANCE_RESPONSIBLE, Sender(AGENT, Role.BALANCE_RESPONSIBLE), master) == ["00003"]
    assert ask(Role.ENERGY_SUPPLIER, Sender(AGENT, Role.GRID_OPERATOR), master) == ["00001"]


def test_where_every_series_is_delegated_roles_are_not_asked() -> None:
    # DK-3.4.c
    delegate = Sender(AGENT, Role.DELEGATE)
    master = master_of(version(), version(gsrn(2), grid_area="544"), delegations=[GIVEN])
    assert ask(Role.ENERGY_SUPPLIER, delegate, master) == []
    assert ask(Role.ENERGY_SUPPLIER, delegate, master, (POINT, gsrn(2))) == ["00001"]
    assert ask(Role.ENERGY_SUPPLIER, delegate, master, (POINT, gsrn(9))) == ["00001"]
    assert ask(Role.ENERGY_SUPPLIER, delegate, master, ()) == ["00001"]
    assert ask(Role.ENERGY_SUPPLIER, delegate, master_of(version())) == ["00001"]
    assert ask(Role.GRID_OPERATOR, delegate, master) == ["00001"]
    assert ask(Role.ENERGY_SUPPLIER, Sender(NEIGHBOUR, Role.DELEGATE), master) == ["00001"]


@pytest.mark.parametrize(
    ("rule", "words", "code", "target"),
    [
        ("message-id-used", {"id": "m-1"}, "00101", "MessageId"),
        ("transaction-id-used", {"id": "t-1"}, "00102", "TransactionId"),
        ("unknown-namespace", {"detail": "urn:x"}, "00301", ""),
        ("schema-invalid", {"detail": "line 3"}, "00302", ""),
        ("malformed", {"detail": "no document"}, "00302", ""),
    ],
)
def test_what_others_find_is_worded_from_the_same_table(
    rule: str, words: dict[str, object], code: str, target: str
) -> None:
    finding = DK.finding(rule, "message_id", **words)
    assert (finding.code, finding.target, finding.rule, finding.path) == (code, target, rule, "message_id")
    assert all(str(word) in finding.text for word in words.values())
