"""Files of agreements and permissions: what is read, and every reason to refuse it."""

from __future__ import annotations

from collections.abc import Set

import pytest

from gateway.hub.masterdata.cells import Manner
from gateway.hub.masterdata.files import MasterDataReading, csv_files, read_files
from gateway.messages.agreements import AccessPermission, Agreement, AgreementFacts, Agreements
from gateway.messages.codes import AgreementKind, Commodity, CustomerType, Role, Standing
from gateway.messages.identifiers import Scheme
from gateway.messages.masterdata import FOREVER
from gateway.messages.times import MarketZone, parse_instant
from tests.eic_codes import eic
from tests.unit.hub.only_finding import only

# EE-3.1

MANNER = Manner(MarketZone("Europe/Tallinn"), strict=True, point_scheme=Scheme.EIC)


GRID, SUPPLIER, OTHER, NOBODY = (eic("X", number) for number in (1, 2, 3, 99))
HOUSE, LATE, NOWHERE = (eic("Z", number) for number in (1, 2, 99))

MARKET = {
    "parties": f"party,role\n{GRID},closed-distribution-network\n{SUPPLIER},energy-supplier\n{OTHER},energy-supplier\n",
    "grid-areas": f"grid_area,grid_operator\nNET,{GRID}\n",
    "metering-points": "metering_point,kind,grid_area,resolution,valid_from\n"
    f"{HOUSE},consumption,NET,PT15M,2024-01-01\n{LATE},consumption,NET,PT15M,2025-01-01\n",
}
AGREEMENTS = (
    "agreement,kind,party,counterparty,metering_point,customers,customer_type,commodity,standing,valid_from,valid_to\n"
)
PERMISSIONS = (
    "permission,metering_point,holder,holder_type,role,purpose,owner,owner_type,data_from,data_to,standing,"
    "valid_from,valid_to\n"
)
JANUARY, JULY = map(parse_instant, ("2023-12-31T22:00Z", "2024-06-30T21:00Z"))


def row(
    name: str, kind: str = "supply", party: str = SUPPLIER, since: str = "2024-01-01", until: str = "", **rest: str
) -> str:
    """A row of agreements.csv."""
    stated = {"counterparty": "", "metering_point": HOUSE, "customers": "", "customer_type": "", **rest}
    middle = ",".join(stated[key] for key in ("counterparty", "metering_point", "customers", "customer_type"))
    return f"{name},{kind},{party},{middle},{rest.get('commodity', '')},{rest.get('standing', '')},{since},{until}\n"


def permitted(name: str = "P", point: str = HOUSE, holder: str = SUPPLIER, **rest: str) -> str:
    """A row of permissions.csv."""
    data_from, data_to = rest.get("data_from", "2024-01-01"), rest.get("data_to", "2024-07-01")
    standing = rest.get("standing", "")
    who = f"{holder},legal,energy-supplier,OFFER,ann,private"
    return f"{name},{point},{who},{data_from},{data_to},{standing},2024-07-01,\n"


def portfolio(name: str, party: str, of: str, since: str = "2024-01-01", until: str = "") -> str:
    return row(name, "portfolio", party, since, until, counterparty=of, metering_point="")


def read(
    agreements: str = "", permissions: str = "", known: AgreementFacts | None = None, **changed: str
) -> MasterDataReading:
    """Read the market with these rows; `known` is what was agreed before."""
    texts = MARKET | changed
    if agreements:
        texts["agreements"] = AGREEMENTS + agreements
    if permissions:
        texts["permissions"] = PERMISSIONS + permissions
    files = {f"{name.replace('_', '-')}.csv": text.encode() for name, text in texts.items()}

    def about(points: Set[str]) -> AgreementFacts:
        return known or AgreementFacts()

    return read_files(files, MANNER, agreements_about=about)


def test_all_columns_are_read_exactly_and_written_back() -> None:
    reading = read(
        row("A", until="2024-07-01", customers="bo ann bo", customer_type="legal", commodity="natural-gas")
        + row("A", since="2024-07-01", standing="withdrawn")
        + portfolio("B", OTHER, SUPPLIER),
        permitted(),
    )
    assert not reading.findings
    supply, facts = AgreementKind.SUPPLY, reading.dataset.agreements
    assert facts.agreements == [
        Agreement(
            "A", supply, SUPPLIER, JANUARY, JULY, None, HOUSE, ("ann", "bo"), CustomerType.LEGAL, Commodity.NATURAL_GAS
        ),
        Agreement("A", supply, SUPPLIER, JULY, metering_point=HOUSE, standing=Standing.WITHDRAWN),
        Agreement("B", AgreementKind.PORTFOLIO, OTHER, JANUARY, counterparty=SUPPLIER),
    ]
    private, legal = CustomerType.PRIVATE, CustomerType.LEGAL
    role = Role.ENERGY_SUPPLIER
    assert facts.permissions == [
        AccessPermission("P", HOUSE, SUPPLIER, role, JULY, JANUARY, JULY, FOREVER, "ann", private, legal, "OFFER")
    ]
    assert read_files(csv_files(reading.dataset), MANNER).dataset == reading.dataset
    view = Agreements.build(reading.dataset.agreements)
    assert len(view.columns.point) == 2  # what is withdrawn counts no more


@pytest.mark.parametrize(
    ("agreements", "permissions", "rule", "column"),
    [
        (row("A", metering_point=""), "", "agreement-without-point", "metering_point"),
        (row("A", "portfolio", metering_point=""), "", "agreement-without-counterparty", "counterparty"),
        (row("A", "border-grid"), "", "agreement-without-counterparty", "counterparty"),
        (row("A", party=NOBODY), "", "unknown-party", "party"),
        (row("A", counterparty=NOBODY), "", "unknown-party", "counterparty"),
        (row("A", metering_point=NOWHERE), "", "unknown-point", "metering_point"),
        (row("A", metering_point=LATE), "", "unknown-point", "metering_point"),
        (row("A", customers="ann,"), "", "wrong-cell-count", ""),
        (row("A", customers="ann ö"), "", "bad-value", "customers"),
        (row("A" * 65), "", "bad-value", "agreement"),
        (row("A", "lease"), "", "bad-value", "kind"),
        (row("A", party="38X-SOMEBODY---1"), "", "bad-value", "party"),
        (row("A", since="2024-07-01", until="2024-07-01"), "", "valid-from-after-to", "valid_to"),
        (row("A") + row("A", since="2024-07-01"), "", "overlapping-versions", "valid_from"),
        (row("A") + row("B", party=OTHER, since="2025-01-01"), "", "overlapping-agreements", "valid_from"),
        (row("A") + row("B", "general-service", GRID), "", "overlapping-agreements", "valid_from"),
        (portfolio("A", OTHER, SUPPLIER) + portfolio("B", GRID, SUPPLIER), "", "overlapping-agreements", "valid_from"),
        (portfolio("A", OTHER, SUPPLIER) + portfolio("B", SUPPLIER, OTHER), "", "portfolio-cycle", "party"),
        ("", permitted(holder=NOBODY), "unknown-party", "holder"),
        ("", permitted(point=LATE), "unknown-point", "metering_point"),
        ("", permitted(data_from="2024-07-01"), "data-from-after-to", "data_to"),
    ],
)
def test_what_is_wrong_is_said_once_with_its_place(agreements: str, permissions: str, rule: str, column: str) -> None:
    reading = read(agreements, permissions)
    found = only(reading)
    assert found.rule == rule
    assert found.line in {2, 3}
    assert not column or found.text.startswith(f"column {column}:")
    assert not reading.dataset.agreements.agreements


@pytest.mark.parametrize(
    "agreements",
    [
        row("A", until="2024-07-01") + row("B", party=OTHER, since="2024-07-01"),
        row("A") + row("B", "grid", GRID),
        row("A") + row("B", commodity="natural-gas"),
        row("A") + row("B", party=OTHER, standing="withdrawn"),
        row("A", metering_point=NOWHERE, standing="withdrawn"),
        portfolio("A", OTHER, SUPPLIER, until="2024-07-01") + portfolio("B", SUPPLIER, OTHER, since="2024-07-01"),
        portfolio("A", OTHER, SUPPLIER) + portfolio("B", GRID, OTHER),
        row("A", "joint-invoice", metering_point=""),
    ],
)
def test_what_does_not_meet_is_good(agreements: str) -> None:
    assert not read(agreements).findings


def test_what_was_agreed_before_counts_unless_it_is_stated_anew() -> None:
    before = AgreementFacts([Agreement("OLD", AgreementKind.SUPPLY, OTHER, JANUARY, metering_point=HOUSE)])
    assert only(read(row("NEW"), known=before)).rule == "overlapping-agreements"
    assert not read(row("OLD"), known=before).findings
    assert not read(row("OLD", party=OTHER, until="2024-07-01") + row("NEW", since="2024-07-01"), known=before).findings
    above = AgreementFacts([Agreement("UP", AgreementKind.PORTFOLIO, SUPPLIER, JANUARY, counterparty=OTHER)])
    assert only(read(portfolio("B", OTHER, SUPPLIER), known=above)).rule == "portfolio-cycle"


def test_a_point_stated_anew_still_carries_what_is_agreed_on_it() -> None:
    later = MARKET["metering-points"].replace("2024-01-01", "2024-07-01")
    supply = Agreement("OLD", AgreementKind.SUPPLY, OTHER, JANUARY, metering_point=HOUSE)
    held = AccessPermission("P", HOUSE, SUPPLIER, Role.ENERGY_SUPPLIER, JANUARY, JANUARY, JULY)
    for known in (AgreementFacts([supply]), AgreementFacts([], [held])):
        found = only(read(known=known, **{"metering-points": later}))
        assert (found.rule, found.line) == ("still-in-use", 2)


def test_an_area_may_be_run_by_any_manager_of_points_but_by_no_supplier() -> None:
    assert not read().findings
    parties = MARKET["parties"].replace("closed-distribution-network", "energy-service-provider")
    assert only(read(parties=parties)).rule == "party-role"
