"""Readings sent: kept, corrected, cancelled from the newest back, refused with place and rule, handed on."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from gateway.hub.ports import Principal, Refused
from gateway.hub.ports_readings import ReadingOutcome, ReadingsTaken
from gateway.hub.readings.taking import MOST_ROWS
from gateway.hub.rejection_statistics import rejection_statistics
from gateway.hub.tables_readings import reading_finding, reading_message, reading_version
from gateway.messages.codes import Permission, Quality, Role
from gateway.messages.findings import Severity
from gateway.messages.settlement_masterdata import PointPermission
from gateway.messages.times import DAY, Interval
from tests.integration.exchange.hubs import GRID, OPERATOR, SUPPLIER_A, SUPPLIER_B, ZONE

from .meters import FIRST, GRID_COMPANY, MDR, Meters, rules_of

Y24, Y25, Y26 = FIRST, date(2025, 1, 1), date(2026, 1, 1)
ACCEPTED, CORRECTED, CANCELLED = ReadingOutcome.ACCEPTED, ReadingOutcome.CORRECTED, ReadingOutcome.CANCELLED
REJECTED = ReadingOutcome.REJECTED


def test_a_reading_reaches_the_supplier_at_once_with_the_senders_status(meters: Meters) -> None:
    # DK-5.1.2.b: within one hour; here in the very commit that took it
    point = meters.point()
    (result,) = meters.take(meters.row(point, Y24, Y25, "4000.5", status="estimated", counter="17000"))
    assert (result.outcome, result.findings) == (ACCEPTED, ())
    (reading,) = meters.feed(SUPPLIER_A).readings
    assert (reading.event, reading.quality, reading.consumption) == ("reading", Quality.ESTIMATED, 4_000_500)
    assert (reading.counter, reading.nominal) == (17_000_000, Y25)
    assert reading.registered_at == meters.bench.clock.now()
    assert meters.feed(SUPPLIER_B).readings == ()


def test_an_unchanged_period_with_another_value_is_a_correction_notice(meters: Meters) -> None:
    # DK-5.1.4.a and DK-5.1.2.b: the old stays, the newest stands, the supplier gets the notice
    point, clock = meters.point(), meters.bench.clock
    meters.take(meters.row(point, Y24, Y25, 4000), meters.row(point, Y25, Y26, 4100))
    before = clock.now()
    clock.move_to(before + 60)
    (result,) = meters.take(meters.row(point, Y24, Y25, 3900))
    assert result.outcome is CORRECTED
    assert meters.standing(point) == [(Y24, Y25, 3_900_000), (Y25, Y26, 4_100_000)]
    assert meters.standing(point, as_of=before) == [(Y24, Y25, 4_000_000), (Y25, Y26, 4_100_000)]
    assert meters.handed_to(SUPPLIER_A)[-1] == ("correction", Y25, 3_900_000)
    found = meters.of_point(point)
    assert found is not None
    assert [v.event for v in found.versions] == ["reading", "reading", "correction"]


def test_the_same_value_and_status_again_changes_nothing(meters: Meters) -> None:
    point = meters.point()
    meters.take(meters.row(point, Y24, Y25, 4000))
    (again,) = meters.take(meters.row(point, Y24, Y25, 4000))
    (estimated,) = meters.take(meters.row(point, Y24, Y25, 4000, status="estimated"))
    assert (again.outcome, estimated.outcome) == (ReadingOutcome.UNCHANGED, CORRECTED)
    assert len(meters.feed(SUPPLIER_A).readings) == 2


def test_a_changed_reading_time_is_corrected_by_cancelling_back_and_sending_anew(meters: Meters) -> None:
    # DK-5.1.4.b
    point, summer = meters.point(), date(2025, 7, 1)
    meters.take(meters.row(point, Y24, Y25), meters.row(point, Y25, summer, 2000), meters.row(point, summer, Y26, 2000))
    moved = date(2025, 1, 10)
    (refused,) = meters.take(meters.row(point, Y24, moved))
    assert (refused.outcome, rules_of(refused)) == (REJECTED, ["reading-overlaps-nothing"])
    (too_early,) = meters.cancel(point, (Y24, Y25))
    assert (too_early.outcome, rules_of(too_early)) == (REJECTED, ["cancelled-period-newest"])
    assert "2025-06-30T22:00Z to 2025-12-31T23:00Z" in too_early.findings[0].text
    cancelled = meters.cancel(point, (summer, Y26), (Y25, summer), (Y24, Y25))
    assert [one.outcome for one in cancelled] == [CANCELLED] * 3
    assert meters.standing(point) == []
    sent = meters.take(
        meters.row(point, Y24, moved, 4100),
        meters.row(point, moved, summer, 1900),
        meters.row(point, summer, Y26, 2000),
    )
    assert [one.outcome for one in sent] == [ACCEPTED] * 3
    handed = [(event, end) for event, end, _ in meters.handed_to(SUPPLIER_A)]
    assert handed[3:] == [
        ("cancellation", Y26),
        ("cancellation", summer),
        ("cancellation", Y25),
        ("reading", moved),
        ("reading", summer),
        ("reading", Y26),
    ], "the supplier sees every cancellation before the new readings"


def test_what_was_never_read_or_is_cancelled_cannot_be_cancelled(meters: Meters) -> None:
    point = meters.point()
    (never,) = meters.cancel(point, (Y24, Y25))
    meters.take(meters.row(point, Y24, Y25))
    (wrong_end,) = meters.cancel(point, (Y24, Y26))
    (first,), (again,) = meters.cancel(point, (Y24, Y25)), meters.cancel(point, (Y24, Y25))
    assert [rules_of(one) for one in (never, wrong_end, first, again)] == [
        ["cancelled-period-stands"],
        ["cancelled-period-stands"],
        [],
        ["cancelled-period-stands"],
    ]


def test_a_gap_is_refused(meters: Meters) -> None:
    # DK-5.1.4.b: a start that differs from the previous end
    point = meters.point()
    meters.take(meters.row(point, Y24, Y25))
    (gap,) = meters.take(meters.row(point, date(2025, 1, 2), Y26))
    assert (gap.outcome, rules_of(gap)) == (REJECTED, ["reading-starts-at-previous-end"])
    assert "2024-12-31T23:00Z" in gap.findings[0].text


def test_a_row_that_is_rejected_leaves_the_others_alone(meters: Meters) -> None:
    a, b = meters.point(), meters.point(SUPPLIER_B)
    results = meters.take(
        meters.row(a, Y24, Y25), meters.row(a, Y25, Y26, "-1"), meters.row(b, Y24, Y25, status="missing")
    )
    assert [one.outcome for one in results] == [ACCEPTED, REJECTED, REJECTED]
    (negative,), (status,) = results[1].findings, results[2].findings
    assert (negative.rule, negative.code, negative.path, negative.line) == (
        "reading-not-negative",
        "E86",
        "readings.csv/consumption",
        3,
    )
    # DK-5.1.1: measured or estimated, never missing
    assert (status.rule, status.code, status.line) == ("reading-quality-allowed", "D12", 4)
    with meters.hub.office.database.read() as connection:
        kept = connection.execute(sa.select(reading_finding.c.code).order_by(reading_finding.c.ordinal)).scalars().all()
        assert connection.execute(sa.select(sa.func.count()).select_from(reading_version)).scalar() == 1
    assert kept == ["E86", "D12"], "rejections stay for the statistics"


def test_a_body_that_cannot_be_read_is_refused_whole_with_its_places(meters: Meters) -> None:
    point = meters.point()
    refused = meters.send(meters.row(point, Y24, Y25), meters.row(point, "soon", Y26), meters.row("12", Y24, Y25, "x"))
    assert isinstance(refused, Refused)
    found = sorted((f.rule, f.line) for f in refused.findings)
    assert found == [("bad-value", 3), ("bad-value", 4), ("bad-value", 4)]
    for name, body in (
        ("readings.xml", b"<a/>"),
        ("readings.csv", b""),
        ("readings.csv", b"transaction,metering_point,start,end,consumption,status\n"),
        ("readings.json", b"{"),
        ("readings.json", b'[{"transaction": 1}]'),
        ("cancellations.json", b"[7]"),
    ):
        answer = meters.give(name, body)
        assert isinstance(answer, Refused), (name, body)
        assert answer.findings[0].text
    with meters.hub.office.database.read() as connection:
        for table in (reading_version, reading_message):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar() == 0


def test_a_message_holds_so_many_rows_and_no_more(meters: Meters) -> None:
    row = meters.row(meters.point(), Y24, Y25)
    refused = meters.send(*([row] * (MOST_ROWS + 1)))
    assert isinstance(refused, Refused)
    assert [finding.rule for finding in refused.findings] == ["too-many-rows"]


def test_json_says_the_same_as_csv(meters: Meters) -> None:
    point = meters.point()
    body = (
        f'[{{"transaction": "j-1", "metering_point": "{point}", "start": "2024-01-01", "end": "2024-12-31T23:00Z",'
        ' "consumption": "4000.125", "status": "measured", "occasion": "move", "nominal": "2024-12-30"}]'
    )
    taken = meters.give("readings.json", body.encode())
    assert isinstance(taken, ReadingsTaken)
    assert taken.results[0].outcome is ACCEPTED
    found = meters.of_point(point)
    assert found is not None
    (reading,) = found.periods
    assert (reading.consumption, reading.occasion, reading.nominal) == (4_000_125, "move", date(2024, 12, 30))


def test_the_same_transaction_again_is_answered_and_not_taken_twice(meters: Meters) -> None:
    point = meters.point()
    row = meters.row(point, Y24, Y25, 4000, transaction="once")
    assert [one.outcome for one in meters.take(row, row)] == [ACCEPTED, ReadingOutcome.REPEATED]
    assert meters.take(row)[0].outcome is ReadingOutcome.REPEATED
    other = meters.take(meters.row(point, Y24, Y25, 4001, transaction="once"))[0]
    assert (other.outcome, rules_of(other), other.findings[0].code) == (
        REJECTED,
        ["reading-transaction-unused"],
        "00102",
    )
    assert len(meters.feed(SUPPLIER_A).readings) == 1
    by_operator = meters.take(meters.row(point, Y24, Y25, 4002, transaction="once"), who=OPERATOR)[0]
    assert by_operator.outcome is CORRECTED, "ids are unique for each sender"


def test_a_cancellation_repeated_cancels_once(meters: Meters) -> None:
    point = meters.point()
    meters.take(meters.row(point, Y24, Y25))
    (first,) = meters.cancel(point, (Y24, Y25), transaction="c")
    meters.take(meters.row(point, Y24, Y25, 4200))
    (again,) = meters.cancel(point, (Y24, Y25), transaction="c")
    assert (first.outcome, again.outcome) == (CANCELLED, ReadingOutcome.REPEATED)
    assert meters.standing(point) == [(Y24, Y25, 4_200_000)]


@pytest.mark.sec_17
@pytest.mark.parametrize(
    "who",
    [
        SUPPLIER_A,
        Principal(GRID.party, Role.ENERGY_SUPPLIER, "x"),
        Principal(SUPPLIER_A.party, Role.GRID_OPERATOR, "x"),
        Principal(SUPPLIER_A.party, Role.DELEGATE, "x"),
    ],
)
def test_only_the_grid_operator_of_the_point_or_its_delegate_sends(meters: Meters, who: Principal) -> None:
    point = meters.point()
    (refused,) = meters.take(meters.row(point, Y24, Y25), who=who)
    assert (refused.outcome, rules_of(refused)) == (REJECTED, ["reading-sender-responsible"])
    (accepted,) = meters.take(meters.row(point, Y24, Y25), who=GRID_COMPANY)
    assert accepted.outcome is ACCEPTED
    (kept,) = meters.cancel(point, (Y24, Y25), who=who)
    assert rules_of(kept) == ["reading-sender-responsible"]


@pytest.mark.parametrize("name", ["virtual", "calculated"])
def test_readings_of_points_without_a_meter_are_refused(meters: Meters, name: str) -> None:
    # DK-6.1.2
    point = meters.bench.named(name).metering_point
    (refused,) = meters.take(meters.row(point, Y24, Y25))
    assert refused.outcome is REJECTED
    assert "reading-point-physical" in rules_of(refused)


def test_a_point_settled_otherwise_has_no_readings_to_send(meters: Meters) -> None:
    flex = meters.bench.flex_point(SUPPLIER_A).metering_point
    (refused,) = meters.take(meters.row(flex, Y24, Y25))
    assert rules_of(refused) == ["reading-point-profile-settled"]
    (unknown,) = meters.take(meters.row("571313180000000005", Y24, Y25))
    assert rules_of(unknown) == ["reading-point-known"]


def test_an_implausible_reading_is_taken_with_a_warning(meters: Meters) -> None:
    # DK-5.1.1.a: 4 000 kWh a year before; 2 400 to 6 300 are plausible
    point = meters.point()
    year = timedelta(days=365)
    first, second = Y24 + year, Y24 + 2 * year
    meters.take(meters.row(point, Y24, first, 4000))
    (high,) = meters.take(meters.row(point, first, second, "6300.001"))
    assert (high.outcome, rules_of(high)) == (ACCEPTED, ["reading-plausible"])
    assert high.findings[0].severity is Severity.WARNING
    assert "2400 to 6300 kWh" in high.findings[0].text
    (fits,) = meters.take(meters.row(point, first, second, "6300"))
    assert (fits.outcome, fits.findings) == (CORRECTED, ())


def test_a_point_above_the_mandatory_limit_is_flagged(meters: Meters) -> None:
    # DK-5.1.1.c
    a, b = meters.point(), meters.point(SUPPLIER_B)
    end = Y24 + timedelta(days=365)
    above, at = meters.take(meters.row(a, Y24, end, "100000.001"), meters.row(b, Y24, end, 100_000))
    assert (above.outcome, rules_of(above)) == (ACCEPTED, ["reading-within-mandatory-limit"])
    assert at.findings == ()


def test_master_data_let_a_point_be_above_the_mandatory_limit(meters: Meters) -> None:
    # DK-5.1.1.c: as long as they allow it, and no other point
    allowed, other, before = meters.point(), meters.point(SUPPLIER_B), meters.point(SUPPLIER_A, 1)
    end = Y24 + timedelta(days=365)
    meters.permit(PointPermission(allowed, Permission.ABOVE_MANDATORY_LIMIT, ZONE.midnight(Y24)))
    meters.permit(PointPermission(before, Permission.ABOVE_MANDATORY_LIMIT, ZONE.midnight(end)))
    rows = [meters.row(point, Y24, end, "100000.001") for point in (allowed, other, before)]
    found = [rules_of(one) for one in meters.take(*rows)]
    assert found == [[], ["reading-within-mandatory-limit"], ["reading-within-mandatory-limit"]]
    meters.permit(PointPermission(allowed, Permission.NO_REMINDERS, ZONE.midnight(Y24)))
    (again,) = meters.take(meters.row(allowed, Y24, end, "100000.002"))
    assert (again.outcome, rules_of(again)) == (CORRECTED, ["reading-within-mandatory-limit"])


def test_three_years_back_and_no_further(meters: Meters) -> None:
    # DK-5.1.4.c: readings, corrections and cancellations alike
    point, clock = meters.point(), meters.bench.clock
    meters.take(meters.row(point, Y24, Y25))
    clock.move_to(ZONE.at(Y24.replace(year=2027), 12))
    (corrected,) = meters.take(meters.row(point, Y24, Y25, 4001))
    assert corrected.outcome is CORRECTED
    clock.move_to(ZONE.at(date(2027, 1, 2), 0))
    (late,) = meters.take(meters.row(point, Y24, Y25, 4002))
    (kept,) = meters.cancel(point, (Y24, Y25))
    assert [rules_of(late), rules_of(kept)] == [["reading-not-too-old"], ["reading-not-too-old"]]
    assert late.findings[0].code == "E17"


def test_a_supplier_change_has_a_reading_of_its_own(meters: Meters) -> None:
    version = meters.version()
    change = ZONE.midnight(date(2025, 6, 1))
    meters.import_points(
        version._replace(valid_to=change),
        version._replace(valid_from=change, energy_supplier=SUPPLIER_B.party, balance_responsible=None),
    )
    point = version.metering_point
    (across,) = meters.take(meters.row(point, Y24, Y26))
    assert rules_of(across) == ["reading-of-one-supplier"]
    meters.take(
        meters.row(point, Y24, date(2025, 6, 1), occasion="supplier-change"), meters.row(point, date(2025, 6, 1), Y26)
    )
    assert [end for _, end, _ in meters.handed_to(SUPPLIER_A)] == [date(2025, 6, 1)]
    assert [end for _, end, _ in meters.handed_to(SUPPLIER_B)] == [Y26]
    seen = {who: meters.of_point(point, who) for who in (SUPPLIER_A, SUPPLIER_B, GRID_COMPANY)}
    assert {who.party: None if s is None else [ZONE.day(p.end) for p in s.periods] for who, s in seen.items()} == {
        SUPPLIER_A.party: [date(2025, 6, 1)],
        SUPPLIER_B.party: [Y26],
        GRID_COMPANY.party: [date(2025, 6, 1), Y26],
    }


def test_who_got_a_reading_gets_its_cancellation_although_the_supplier_is_another_by_now(meters: Meters) -> None:
    version = meters.version()
    point = version.metering_point
    meters.take(meters.row(point, Y24, Y25))
    meters.import_points(version._replace(energy_supplier=SUPPLIER_B.party, balance_responsible=None))
    meters.cancel(point, (Y24, Y25))
    assert [event for event, _, _ in meters.handed_to(SUPPLIER_A)] == ["reading", "cancellation"]
    assert [event for event, _, _ in meters.handed_to(SUPPLIER_B)] == ["cancellation"]


@pytest.mark.sec_17
def test_nobody_else_sees_readings(meters: Meters) -> None:
    point = meters.point()
    meters.take(meters.row(point, Y24, Y25))
    for role in (Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.BALANCE_RESPONSIBLE, Role.DELEGATE, Role.ENERGY_AGENCY):
        stranger = Principal(SUPPLIER_B.party, role, "b")
        assert meters.of_point(point, stranger) is None
        assert meters.feed(stranger).readings == ()
        assert point not in meters.awaited(stranger)
    assert meters.of_point(point, Principal(SUPPLIER_A.party, Role.BALANCE_RESPONSIBLE, "a")) is None
    assert meters.of_point("12") is None


def test_rejected_readings_are_in_the_statistics(meters: Meters) -> None:
    # DK-4.1.5.d: by day, sender and reason; what was taken with a remark is not
    point, today = meters.point(), ZONE.day(meters.bench.clock.now())
    first = Y24 + timedelta(days=365)
    meters.take(meters.row(point, Y24, first, 4000))
    meters.take(meters.row(point, first, Y26, 999_999), meters.row(point, date(2027, 1, 1), date(2028, 1, 1)))
    meters.take(meters.row(point, date(2026, 2, 1), date(2026, 3, 1), "-1"))
    start = ZONE.midnight(today)
    with meters.hub.office.database.read() as connection:
        found = rejection_statistics(meters.hub.office, connection, MDR.party, Interval(start, start + DAY))
        assert rejection_statistics(meters.hub.office, connection, SUPPLIER_A.party, Interval(start, start + DAY)) == ()
        assert rejection_statistics(meters.hub.office, connection, None, Interval(start - DAY, start)) == ()
    codes = {one.code: (one.day, one.party, one.series, one.messages, one.readings) for one in found}
    assert codes["E50"] == (today, MDR.party, 0, 0, 2), "two rows, however often it names each"
    assert codes["E86"] == (today, MDR.party, 0, 0, 1)
    assert set(codes) == {"E50", "E86"}, "E19 was a remark"
