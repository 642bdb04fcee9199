"""Full documents of every kind and dialect, and a listener that must stay unvisited."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.messages.codes import Dialect, DocumentKind
from tests.golden import full_documents

from .listener import Listener, Trap

FullDocument = Callable[[DocumentKind, Dialect], bytes]


@pytest.fixture
def full_document() -> FullDocument:
    """A document with every field the schema knows."""
    return full_documents.full_document


@pytest.fixture
def measure_data(full_document: FullDocument) -> bytes:
    """RSM-012 in CIM XML."""
    return full_document(DocumentKind.MEASURE_DATA, Dialect.CIM_XML)


@pytest.fixture
def listener() -> Iterator[Listener]:
    """A server that has seen no visitor when the test is over."""
    server = Listener()
    yield server
    assert server.close() == 0


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    """A file whose text must appear nowhere."""
    file = tmp_path / "canary.txt"
    file.write_text("CANARY-4711")
    return file


@pytest.fixture
def trap(tmp_path: Path) -> Iterator[Trap]:
    """A file that has not been opened when the test is over."""
    file = Trap(tmp_path / "trap")
    yield file
    assert file.close() == 0
