"""Any document survives each dialect as far as the dialect can say it, and what we write is valid."""

from __future__ import annotations

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from gateway.codecs.table import Decoded, decode, is_sayable
from gateway.messages.codes import Dialect, Quality
from gateway.messages.documents import Document, MeasureData, Request
from gateway.messages.quantities import NO_QUANTITY
from tests.unit.codecs.documents import differences, table_differences
from tests.unit.codecs.round_trip import through
from tests.unit.codecs.strategies import (
    aggregation_requests,
    documents,
    measure_data,
    requests,
    settlement_requests,
)

CIM = st.sampled_from([Dialect.CIM_XML, Dialect.CIM_JSON])
RELAXED = settings(max_examples=40)


@RELAXED
@given(measure_data(), CIM)
def test_cim_keeps_measure_data(document: MeasureData, dialect: Dialect) -> None:
    # DK-4.1.3.c, DK-6.2.1.a: status, amount and text of every value
    read = through(document, dialect)
    assert isinstance(read, MeasureData)
    assert read.header == document.header
    assert set(table_differences(read.series, document.series)) <= {"decimals"}
    assert differences(through(read, dialect), read) == []


@RELAXED
@given(st.one_of(requests(), aggregation_requests(), settlement_requests()), CIM)
def test_cim_keeps_requests(document: Request, dialect: Dialect) -> None:
    # GW-1
    assert through(document, dialect) == document


@RELAXED
@given(documents(), st.sampled_from(Dialect))
def test_every_dialect_reads_what_it_writes(document: Document, dialect: Dialect) -> None:
    # GW-1: what is said once is said the same way again
    assume(is_sayable(document.kind, dialect))
    read = through(document, dialect)
    assert differences(through(read, dialect), read) == []


@RELAXED
@given(documents(), st.permutations(list(Dialect)))
def test_a_document_passes_through_all_dialects(document: Document, way: list[Dialect]) -> None:
    assume(is_sayable(document.kind, Dialect.EBIX_XML))
    for dialect in way:
        document = through(document, dialect)
    said = through(document, Dialect.EBIX_XML)
    for dialect in way:
        assert differences(through(through(said, dialect), Dialect.EBIX_XML), said) == []


@RELAXED
@given(measure_data())
def test_ebix_keeps_the_values(document: MeasureData) -> None:
    # DK-4.1.3.c: in ebIX a value is there or missing; incomplete values count as estimated
    read = through(document, Dialect.EBIX_XML)
    assert isinstance(read, MeasureData)
    for i, (old, new) in enumerate(zip(document.series, read.series, strict=True)):
        assert new.period.position.tolist() == old.period.position.tolist(), i
        for quantity, quality, amount, status in zip(
            old.period.quantity, old.period.quality, new.period.quantity, new.period.quality, strict=True
        ):
            if quantity == NO_QUANTITY or quality == Quality.MISSING:
                assert (amount, status) == (NO_QUANTITY, Quality.MISSING)
            else:
                assert amount == quantity
                assert status == (Quality.ESTIMATED if quality == Quality.INCOMPLETE else quality)


@pytest.mark.parametrize("dialect", list(Dialect))
def test_bytes_of_no_document_are_findings(dialect: Dialect) -> None:
    for data in (b"", b"{", b"<a/>", b"{}", b"[]", b"null", b"\xff\xfe", b"\x00" * 8, b'{"a": 1}', b"<!DOCTYPE a><a/>"):
        assert not isinstance(decode(data, dialect), Decoded)


@settings(max_examples=150)
@given(st.binary(max_size=200), st.sampled_from(Dialect))
def test_any_bytes_get_an_answer(data: bytes, dialect: Dialect) -> None:
    assert not isinstance(decode(data, dialect), Decoded)
