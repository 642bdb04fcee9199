"""Any document of settlement survives each dialect as far as the dialect can say it."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.messages.aggregates import ResultSeries
from gateway.messages.codes import Dialect, Quality
from gateway.messages.documents import AggregatedMeasureData, Document, MissingDataReminder, WholesaleServices
from gateway.messages.quantities import NO_QUANTITY
from tests.unit.codecs.documents import comparable, differences
from tests.unit.codecs.result_strategies import aggregates, reminders, results, wholesale
from tests.unit.codecs.round_trip import through

CIM = st.sampled_from([Dialect.CIM_XML, Dialect.CIM_JSON])
RELAXED = settings(max_examples=60)


@RELAXED
@given(results(), CIM)
def test_cim_keeps_everything(document: Document, dialect: Dialect) -> None:
    # GW-1, DK-4.1.5.i: every party, area, version and value of a result
    read = through(document, dialect)
    assert read.header == document.header
    for old, new in zip(document.series, read.series, strict=True):
        if not isinstance(old, ResultSeries) or not isinstance(new, ResultSeries):
            assert new == old
            continue
        # decimals are those of the text, which exactness may ask to be more
        period = replace(old.period, decimals=new.period.decimals)
        assert comparable(new) == comparable(replace(old, period=period))


@RELAXED
@given(results(), st.sampled_from(Dialect))
def test_every_dialect_reads_what_it_writes(document: Document, dialect: Dialect) -> None:
    # GW-1: what is said once is said the same way again
    read = through(document, dialect)
    assert differences(through(read, dialect), read) == []


@RELAXED
@given(results(), st.permutations(list(Dialect)))
def test_a_document_passes_through_all_dialects(document: Document, way: list[Dialect]) -> None:
    for dialect in way:
        document = through(document, dialect)
    said = through(document, Dialect.EBIX_XML)
    for dialect in way:
        assert differences(through(through(said, dialect), Dialect.EBIX_XML), said) == []


SUMS_IN_EBIX = {
    Quality.UNCERTAIN: Quality.ESTIMATED,
    Quality.INCOMPLETE: Quality.ESTIMATED,
    Quality.CALCULATED: Quality.MEASURED,
}


@RELAXED
@given(aggregates())
def test_ebix_keeps_the_sums(document: AggregatedMeasureData) -> None:
    # DK-4.1.5.i: a sum is there or missing; incomplete ones count as estimated
    read = through(document, Dialect.EBIX_XML)
    assert isinstance(read, AggregatedMeasureData)
    for old, new in zip(document.series, read.series, strict=True):
        expected = [
            (NO_QUANTITY, Quality.MISSING)
            if quantity == NO_QUANTITY or quality == Quality.MISSING
            else (quantity, SUMS_IN_EBIX.get(Quality(quality), quality))
            for quantity, quality in zip(old.period.quantity.tolist(), old.period.quality.tolist(), strict=True)
        ]
        said = list(zip(new.period.quantity.tolist(), new.period.quality.tolist(), strict=True))
        assert said == (expected or [(NO_QUANTITY, Quality.MISSING)])
        assert (new.supplier, new.balance_responsible) == (old.supplier, old.balance_responsible)
        assert (new.point_type, new.settlement_method) == (old.point_type, old.settlement_method)


@RELAXED
@given(wholesale())
def test_ebix_keeps_the_money(document: WholesaleServices) -> None:
    read = through(document, Dialect.EBIX_XML)
    assert isinstance(read, WholesaleServices)
    for old, new in zip(document.series, read.series, strict=True):
        if len(old.period.position):
            assert comparable(new.price) == comparable(old.price)
            assert comparable(new.amount) == comparable(old.amount)
        assert (new.currency, new.price_unit, new.supplier) == (old.currency, old.price_unit, old.supplier)


@RELAXED
@given(reminders(), st.sampled_from(Dialect))
def test_every_dialect_names_the_missing_points(document: MissingDataReminder, dialect: Dialect) -> None:
    # DK-4.1.5.e: which points lack data of which day
    read = through(document, dialect)
    assert isinstance(read, MissingDataReminder)
    named = [point.id for series in read.series for point in series.points]
    assert named == [point.id for series in document.series for point in series.points]
