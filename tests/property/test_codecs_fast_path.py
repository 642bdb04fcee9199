"""What the fast path accepts, parser and schemas accept too, with equal values; and nothing ever raises."""

from __future__ import annotations

import random

import pytest

from gateway.codecs.table import decode, encode, is_sayable
from gateway.messages.codes import Dialect, DocumentKind
from tests.unit.codecs.documents import GOLDEN
from tests.unit.codecs.mutations import accepted_fast, mutated

ROUNDS = 1000


def written(kind: str, dialect: Dialect) -> list[bytes]:
    found = [encode(document, dialect) for document in GOLDEN[kind].values()]
    return found + [respelled(data, dialect) for data in found]


def respelled(data: bytes, dialect: Dialect) -> bytes:
    """The message in another machine's spelling: indented, quoted and prefixed otherwise."""
    if dialect is Dialect.CIM_JSON:
        return data.replace(b": ", b" :").replace(b", ", b",\r\n\t")
    prefix = {Dialect.CIM_XML: b"cim:", Dialect.EBIX_XML: b"ns0:"}[dialect]
    data = data.replace(prefix, b"AP.9-b:").replace(b"xmlns:" + prefix[:-1], b"xmlns:AP.9-b")
    return data.replace(b"><", b">\r\n\t<").replace(b'"', b"'")


@pytest.mark.parametrize("dialect", list(Dialect))
def test_what_is_accepted_fast_is_accepted_by_all(dialect: Dialect) -> None:
    # GW-1
    chance = random.Random(f"fast {dialect}")
    messages = written("measure-data", dialect)
    accepted = sum(
        accepted_fast(mutated(chance.choice(messages), messages, dialect, chance), dialect) for _ in range(ROUNDS)
    )
    assert accepted > ROUNDS // 10  # the test looks at something


@pytest.mark.parametrize(
    ("kind", "dialect"),
    [(kind, dialect) for kind in GOLDEN for dialect in Dialect if is_sayable(DocumentKind(kind), dialect)],
)
def test_mutated_documents_get_an_answer(kind: str, dialect: Dialect) -> None:
    chance = random.Random(f"{kind} {dialect}")
    messages = written(kind, dialect)
    for _ in range(150):
        decode(mutated(chance.choice(messages), messages, dialect, chance), dialect)
