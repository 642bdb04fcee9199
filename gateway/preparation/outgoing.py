"""The completed draft as documents (RSM-012) that a hub takes: checked by every rule that needs no state of the hub."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from itertools import groupby
from typing import NamedTuple

import numpy as np

from gateway.codecs.table import Undecodable, decode, encode
from gateway.markets.policies import Bundling
from gateway.markets.profile import MarketProfile
from gateway.messages.codes import Dialect, DocumentKind, MeteringPointType, ProcessType, Product, Role, Unit
from gateway.messages.documents import Header, MeasureData, PartyRef
from gateway.messages.findings import Finding
from gateway.messages.identifiers import Scheme, is_gln, point_id
from gateway.messages.masterdata import KINDS, METHODS, NONE, RESOLUTIONS, UNITS, Rows
from gateway.messages.series import AreaId, SeriesTable
from gateway.messages.times import format_minute, to_datetime
from gateway.preparation.draft import Draft
from gateway.preparation.due_series import Assignment
from gateway.rules.batch import KIND_CODES
from gateway.rules.runner import Verdict

_EXCHANGE = KIND_CODES[MeteringPointType.EXCHANGE]


class Message(NamedTuple):
    """A document ready to be sent, or what its own checks found in it."""

    content: bytes
    series: int
    findings: tuple[Finding, ...] = ()


@dataclass(frozen=True)
class Desk:
    """From where messages are sent.

    Attributes:
        profile: the market.
        assignment: who sends, and when.
        dialect: the form.
        new_id: where ids come from.
    """

    profile: MarketProfile
    assignment: Assignment
    dialect: Dialect
    new_id: Callable[[], str]


def refusals(draft: Draft, profile: MarketProfile, assignment: Assignment) -> tuple[Rows, list[Finding]]:
    """The series that the hub is going to take, and the findings of its rules in the others, one for each rule.

    Args:
        draft: the completed draft.
        profile: the market.
        assignment: who sends, and when.

    Returns:
        Rows of the good series, and findings with the path `POINT/FIRST/LAST` of the steps concerned.
    """
    rows = np.arange(len(draft.due))
    series = series_of(draft, rows, assignment.now, [""] * len(rows))
    batch = profile.batch(series, assignment.master, assignment.sender, assignment.now)
    verdict = profile.check(batch)
    good = rows[~np.isin(rows, list(verdict.refused))]
    return good, list(_placed(draft, verdict))


def _placed(draft: Draft, verdict: Verdict) -> Iterator[Finding]:
    """The findings of each series, those of one rule as one, from its first value to its last."""
    due = draft.due
    for row in sorted(verdict.rows):
        for _, group in groupby(verdict.rows[row], key=lambda finding: finding.rule):
            found = list(group)
            steps = [finding.position - 1 for finding in found if finding.position] or [0, int(due.counts[row]) - 1]
            bounds = [format_minute(int(due.step_start[due.offsets[row] + step])) for step in (steps[0], steps[-1])]
            path = "/".join([point_id(int(due.point[row])), *bounds])
            yield replace(found[0], path=path, position=0)


def messages(draft: Draft, rows: Rows, desk: Desk) -> Iterator[Message]:
    """Some series of a draft as messages of at most so many series and values as the market bundles.

    Each message is read again by its own schema and its envelope checked before it is given out.
    """
    for part in _bundles(rows, draft.due.counts[rows], desk.profile.bundling):
        transactions = [desk.new_id() for _ in range(len(part))]
        series = series_of(draft, part, desk.assignment.now, transactions)
        document = MeasureData(header=_header(desk), series=series)
        content = encode(document, desk.dialect)
        again = decode(content, desk.dialect, DocumentKind.MEASURE_DATA)
        if isinstance(again, Undecodable):
            yield Message(content, len(part), again.findings)
            continue
        master, _, sender, _, now = desk.assignment
        found = desk.profile.check_envelope(document, desk.dialect, sender, master, now)
        yield Message(content, len(part), found)


def _bundles(rows: Rows, counts: Rows, bundling: Bundling) -> Iterator[Rows]:
    """Rows in their order, as many at a time as a bundle holds of series and of values."""
    first = size = 0
    for place, count in enumerate(counts.tolist()):
        if place > first and (place - first == bundling.transactions or size + count > bundling.points):
            yield rows[first:place]
            first, size = place, 0
        size += count
    if first < len(rows):
        yield rows[first:]


def _header(desk: Desk) -> Header:
    """The header of a message, by what the market's acceptance names."""
    acceptance = desk.profile.acceptances[DocumentKind.MEASURE_DATA, desk.dialect]
    sender = desk.assignment.sender.party
    return Header(
        message_id=desk.new_id(),
        sender=PartyRef(
            id=sender, scheme=Scheme.GS1 if is_gln(sender) else Scheme.EIC, role=min(acceptance.sender_roles)
        ),
        receiver=PartyRef(id=acceptance.hub, role=Role.HUB),
        created_at=to_datetime(desk.assignment.now),
        type_code=min(acceptance.type_codes),
        process_type=ProcessType.PERIODIC_METERING,
        business_sector=min(acceptance.business_sectors),
    )


def series_of(draft: Draft, rows: Rows, now: int, transactions: list[str]) -> SeriesTable:
    """Some series of a draft as the columns of a message, registered now."""
    due, columns, areas = draft.due, draft.due.master.points, draft.due.master.areas
    version, counts = due.version[rows], due.counts[rows]
    offsets = np.append(0, np.cumsum(counts))
    place = np.arange(offsets[-1]) - np.repeat(offsets[:-1], counts)
    steps = np.repeat(due.offsets[rows], counts) + place
    kind, unit = columns.kind[version], [UNITS[code] for code in columns.unit[version].tolist()]
    ends = [
        [AreaId(areas.names[code]) if code != NONE and at_border else None for code, at_border in pairs]
        for pairs in (
            zip(column[version].tolist(), (kind == _EXCHANGE).tolist(), strict=True)
            for column in (columns.to_grid_area, columns.from_grid_area)
        )
    ]
    return SeriesTable(
        transaction=transactions,
        point=[point_id(point) for point in due.point[rows].tolist()],
        point_type=[KINDS[code] for code in kind.tolist()],
        unit=list(unit),
        resolution=[RESOLUTIONS[code] for code in columns.resolution[version].tolist()],
        start=due.start[rows],
        end=due.end[rows],
        registered_at=np.full(len(rows), now, dtype=np.int64),
        decimals=np.full(len(rows), 3, dtype=np.uint8),
        offsets=offsets,
        position=(place + 1).astype(np.int32),
        quantity=draft.quantity[steps],
        quality=draft.quality[steps],
        point_scheme=[Scheme.GS1] * len(rows),
        product=[Product.REACTIVE_ENERGY if name is Unit.KVARH else Product.ACTIVE_ENERGY for name in unit],
        original_transaction=[None] * len(rows),
        in_area=ends[0],
        out_area=ends[1],
        settlement_method=[
            None if code == NONE else METHODS[code] for code in columns.settlement_method[version].tolist()
        ],
        replaces=[False] * len(rows),
    )
