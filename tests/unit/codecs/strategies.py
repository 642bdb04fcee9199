"""Hypothesis strategies of documents: everything the neutral model can hold and CIM can say."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
from hypothesis import strategies as st

from gateway.messages.codes import (
    ChargeType,
    DocumentKind,
    MeteringPointType,
    ProcessType,
    Product,
    Quality,
    Resolution,
    Role,
    SettlementMethod,
    SettlementVersion,
    Unit,
)
from gateway.messages.documents import (
    Acknowledgement,
    AggregatedMeasureDataRequest,
    Document,
    Header,
    MeasureData,
    MeasureDataRequest,
    PartyRef,
    Reason,
    RejectedRequest,
    RejectedTransaction,
    RequestedAggregation,
    RequestedCharge,
    RequestedSeries,
    RequestedSettlement,
    RequestReject,
    WholesaleSettlementRequest,
)
from gateway.messages.identifiers import Scheme
from gateway.messages.quantities import MOST_INTEGER_DIGITS, NO_QUANTITY, parse_quantity
from gateway.messages.series import AreaId, Period, Series, SeriesTable
from gateway.messages.times import WrittenInstant, to_datetime

_CHARACTERS = st.characters(codec="utf-8", exclude_categories=["Cs", "Cc"], exclude_characters="\ufffe\uffff")
_LINES = st.sampled_from("\t\n\r ")


def texts(longest: int, shortest: int = 1) -> st.SearchStrategy[str]:
    """Text that XML can hold, white space and line ends included."""
    return st.text(st.one_of(_CHARACTERS, _LINES), min_size=shortest, max_size=longest)


MINUTES = st.integers(0, 2**32 // 60).map(lambda minute: minute * 60)
SECONDS = st.integers(0, 2**32)
MOMENTS = SECONDS.map(lambda second: datetime.fromtimestamp(second, tz=UTC))
POINT_TYPES = st.sampled_from([kind for kind in MeteringPointType if kind is not MeteringPointType.AGGREGATION])
PARTY_SCHEMES = st.sampled_from([Scheme.GS1, Scheme.EIC])
ROLES = st.sampled_from([role for role in Role if role not in (Role.DELEGATE, Role.CUSTOMER, Role.THIRD_PARTY)])
EBIX_ROLES = st.sampled_from(
    [
        *(Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.METERED_DATA_RESPONSIBLE),
        *(Role.SYSTEM_OPERATOR, Role.ENERGY_AGENCY),
    ]
)
PROCESSES = st.sampled_from([ProcessType.PERIODIC_METERING, ProcessType.YEARLY_METERING])
REASON_CODES = st.sampled_from(["E10", "E86", "E87", "E89", "D64", "D66", "D23", "D50", "D18", "E50", "E0H", "made-up"])
REASONS = st.builds(Reason, code=REASON_CODES, text=st.none() | texts(600))


def parties(roles: st.SearchStrategy[Role]) -> st.SearchStrategy[PartyRef]:
    return st.builds(PartyRef, id=texts(16), scheme=PARTY_SCHEMES, role=roles)


@st.composite
def headers(
    draw: st.DrawFn,
    type_code: str | None,
    *,
    from_hub: bool,
    roles: st.SearchStrategy[Role] = EBIX_ROLES,
    processes: st.SearchStrategy[ProcessType | None] = PROCESSES,
) -> Header:
    hub, other = draw(parties(st.just(Role.HUB))), draw(parties(roles))
    return Header(
        message_id=draw(texts(36)),
        sender=hub if from_hub else other,
        receiver=other if from_hub else hub,
        created_at=draw(MOMENTS),
        type_code=type_code,
        process_type=draw(processes),
        business_sector=draw(st.sampled_from([None, "23"])),
    )


QUANTITIES = st.one_of(
    st.none(),
    st.integers(-(10**9), 10 ** (MOST_INTEGER_DIGITS + 3) - 1).map(lambda thousandths: (thousandths, None)),
    st.sampled_from(["1.2500", "0.0001", "12345678901", "-12345678901.5", "1.25000"]).map(
        lambda text: (getattr(parse_quantity(text), "thousandths"), text)  # noqa: B009  # each text is a number
    ),
)
QUALITIES = st.sampled_from([quality for quality in Quality if quality is not Quality.UNCERTAIN])


@st.composite
def periods(draw: st.DrawFn) -> Period:
    count = draw(st.integers(1, 6))
    amounts = [draw(QUANTITIES) for _ in range(count)]
    return Period(
        draw(st.sampled_from([*Resolution, "PT5M"])),
        draw(MINUTES),
        draw(MINUTES),
        np.array([draw(st.integers(1, 999_999)) for _ in range(count)], dtype=np.int32),
        np.array([NO_QUANTITY if amount is None else amount[0] for amount in amounts], dtype=np.int64),
        np.array([draw(QUALITIES) for _ in range(count)], dtype=np.uint8),
        draw(st.integers(0, 3)),
        {index: amount[1] for index, amount in enumerate(amounts) if amount is not None and amount[1]},
    )


_AREAS = st.none() | st.builds(AreaId, texts(18), st.just(Scheme.GRID_AREA))


def series() -> st.SearchStrategy[Series]:
    return st.builds(
        Series,
        transaction=texts(36),
        point=texts(35),
        point_type=POINT_TYPES,
        unit=st.sampled_from([Unit.KWH, Unit.KVARH, Unit.MWH, Unit.KW, Unit.MW]),
        period=periods(),
        registered_at=SECONDS,
        point_scheme=PARTY_SCHEMES,
        product=st.sampled_from([None, Product.ACTIVE_ENERGY, Product.REACTIVE_ENERGY]),
        original_transaction=st.none() | texts(36),
        in_area=_AREAS,
        out_area=_AREAS,
    )


def measure_data() -> st.SearchStrategy[MeasureData]:
    return st.builds(
        MeasureData,
        header=headers("E66", from_hub=True) | headers("E66", from_hub=False),
        series=st.lists(series(), min_size=1, max_size=4).map(SeriesTable.of),
    )


def requests() -> st.SearchStrategy[MeasureDataRequest]:
    one = st.builds(
        RequestedSeries,
        transaction=texts(36),
        point=texts(35),
        point_scheme=PARTY_SCHEMES,
        start=st.none() | SECONDS,
        end=st.none() | SECONDS,
    )
    several = st.lists(one, min_size=1, max_size=3).map(tuple)
    return st.builds(MeasureDataRequest, header=headers("E73", from_hub=False), series=several)


def acknowledgements() -> st.SearchStrategy[Acknowledgement]:
    one = st.builds(RejectedTransaction, transaction=texts(36), reasons=st.lists(REASONS, max_size=3).map(tuple))
    return st.builds(
        Acknowledgement,
        header=headers(None, from_hub=True, processes=st.none()),
        received_message_id=st.none() | texts(36),
        received_process_type=st.none() | PROCESSES,
        series=st.lists(one, max_size=3).map(tuple),
        reasons=st.lists(REASONS, max_size=2).map(tuple),
    )


def rejects() -> st.SearchStrategy[RequestReject]:
    one = st.builds(
        RejectedRequest,
        transaction=texts(36),
        original_transaction=st.none() | texts(36),
        reasons=st.lists(REASONS, max_size=3).map(tuple),
        point=st.none() | texts(35),
    )
    return st.builds(
        RequestReject,
        header=headers("ERR", from_hub=True),
        reason_code=st.sampled_from([None, "A02"]),
        series=st.lists(one, min_size=1, max_size=3).map(tuple),
    )


SETTLED = st.sampled_from([ProcessType.WHOLESALE_FIXING, ProcessType.CORRECTION_SETTLEMENT])
SUMMED = st.sampled_from(
    [ProcessType.PRELIMINARY_AGGREGATION, ProcessType.BALANCE_FIXING, ProcessType.CORRECTION_SETTLEMENT]
)
SETTLED_ROLES = st.sampled_from([Role.ENERGY_SUPPLIER, Role.GRID_OPERATOR, Role.SYSTEM_OPERATOR])
SUMMED_ROLES = st.sampled_from([Role.ENERGY_SUPPLIER, Role.METERED_DATA_RESPONSIBLE, Role.BALANCE_RESPONSIBLE])

BOUNDS = SECONDS.map(WrittenInstant) | SECONDS.map(
    lambda instant: WrittenInstant(instant, to_datetime(instant).isoformat())  # with +00:00 in place of Z
)
_NAMED_PARTIES = st.none() | st.builds(PartyRef, id=texts(16), scheme=PARTY_SCHEMES)
_RESULTS = {
    "transaction": texts(36),
    "settlement_version": st.none() | st.sampled_from([*SettlementVersion, "D10"]),
    "start": BOUNDS,
    "end": st.none() | BOUNDS,
    "grid_area": _AREAS,
    "energy_supplier": _NAMED_PARTIES,
}


def aggregation_requests() -> st.SearchStrategy[AggregatedMeasureDataRequest]:
    one = st.builds(
        RequestedAggregation,
        **_RESULTS,
        point_type=st.none() | POINT_TYPES,
        settlement_method=st.none() | st.sampled_from([*SettlementMethod, "E15"]),
        bidding_zone=st.none() | st.builds(AreaId, texts(18), st.just(Scheme.EIC)),
        balance_responsible=_NAMED_PARTIES,
    )
    header = headers("E74", from_hub=False, roles=SUMMED_ROLES, processes=SUMMED)
    return st.builds(
        AggregatedMeasureDataRequest, header=header, series=st.lists(one, min_size=1, max_size=3).map(tuple)
    )


def settlement_requests() -> st.SearchStrategy[WholesaleSettlementRequest]:
    charge = st.builds(RequestedCharge, type=st.none() | st.sampled_from(ChargeType), id=st.none() | texts(12))
    one = st.builds(
        RequestedSettlement,
        **_RESULTS,
        version=st.none() | texts(5),
        charge_owner=_NAMED_PARTIES,
        resolution=st.none() | st.sampled_from(["P1M", "PT1H", "P1D"]),
        charges=st.lists(charge, max_size=3).map(tuple),
    )
    header = headers("D21", from_hub=False, roles=SETTLED_ROLES, processes=SETTLED)
    return st.builds(WholesaleSettlementRequest, header=header, series=st.lists(one, min_size=1, max_size=3).map(tuple))


def results_rejects() -> st.SearchStrategy[RequestReject]:
    one = st.builds(
        RejectedRequest,
        transaction=texts(36),
        original_transaction=st.none() | texts(36),
        reasons=st.lists(REASONS, max_size=3).map(tuple),
    )
    several, code = st.lists(one, min_size=1, max_size=3).map(tuple), st.sampled_from([None, "A02"])
    summed = headers("ERR", from_hub=True, roles=SUMMED_ROLES, processes=SUMMED)
    settled = headers("ERR", from_hub=True, roles=SETTLED_ROLES, processes=SETTLED)
    kinds = {
        DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT: summed,
        DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT: settled,
    }
    return st.one_of(
        [
            st.builds(RequestReject, header=header, reason_code=code, series=several, kind=st.just(kind))
            for kind, header in kinds.items()
        ]
    )


def documents() -> st.SearchStrategy[Document]:
    """Any document."""
    return st.one_of(
        measure_data(),
        requests(),
        acknowledgements(),
        rejects(),
        aggregation_requests(),
        settlement_requests(),
        results_rejects(),
    )
