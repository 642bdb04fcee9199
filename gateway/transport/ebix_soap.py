"""The SOAP 1.1 container of ebIX: envelope, operations, MessageContainer and faults (dk-messages §4).

An operation comes as the one element in the envelope's body: sendMessage {MessageContainer}, peekMessage,
dequeueMessage {MessageId}, getMessage {MessageId}, getMessageIds {UtcFrom, UtcTo}, queryData. Names are taken with or
without the ending Request and with either case of the first letter; the answer is named like the request.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lxml import etree

from gateway.hub.ports import PeekedDocument
from gateway.messages.codes import DocumentKind
from gateway.messages.findings import Finding
from gateway.schemas.faults import MALFORMED, fault
from gateway.schemas.parsers import BODY_LIMIT, parse_xml
from gateway.transport.error_bodies import append_fault, clean_text

ENVELOPE = "http://schemas.xmlsoap.org/soap/envelope/"
B2B = "urn:www:datahub:dk:b2b:v01"
LONGEST_REFERENCE = 35
LONGEST_DOCUMENT_TYPE = 200

DOCUMENT_TYPES: dict[DocumentKind, str] = {
    DocumentKind.MEASURE_DATA: "MeteredDataTimeSeries",
    DocumentKind.MEASURE_DATA_REQUEST: "RequestMeteredDataValidated",
    DocumentKind.MEASURE_DATA_REQUEST_REJECT: "RejectRequestMeteredDataValidated",
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST: "RequestMeteredDataAggregated",
    DocumentKind.AGGREGATED_MEASURE_DATA_REQUEST_REJECT: "RejectRequestMeteredDataAggregated",
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST: "RequestAggregatedBillingInformation",
    DocumentKind.WHOLESALE_SETTLEMENT_REQUEST_REJECT: "RejectAggregatedBillingInformation",
    DocumentKind.ACKNOWLEDGEMENT: "Acknowledgement",
}
"""The container's DocumentType of the documents that are taken at all, to be refused by their content if need be.

It is the document's root without `DK_`. The requests for results have names but no form in version 3: the hub refuses
whatever comes under them (B2B-007).
"""


@dataclass(frozen=True, slots=True)
class Container:
    """A MessageContainer: the sender's reference, what it says it carries, and the document's own bytes."""

    reference: str
    document_type: str
    payload: bytes


@dataclass(frozen=True, slots=True)
class Operation:
    """What a SOAP request asks for.

    Attributes:
        name: sendMessage, peekMessage, dequeueMessage, getMessage, getMessageIds, queryData, or an unknown one.
        answer_name: name of the element that answers it.
        message_id: the MessageId it names, empty without.
        start, end: bounds of getMessageIds as text, empty without.
        container: the container it carries, None without.
    """

    name: str
    answer_name: str
    message_id: str = ""
    start: str = ""
    end: str = ""
    container: Container | None = None


def read_operation(body: bytes, limit: int = BODY_LIMIT) -> Operation | Finding:
    """The operation in a SOAP envelope, or the finding that refuses the envelope (`malformed`, `too-large`)."""
    outcome = parse_xml(body, limit)
    if outcome.root is None:
        return outcome.finding or fault(MALFORMED, "not readable")
    root = outcome.root
    if root.tag != f"{{{ENVELOPE}}}Envelope":
        return fault(MALFORMED, "the document is not a SOAP 1.1 envelope", line=1)
    parts = root.findall(f"{{{ENVELOPE}}}Body")
    if len(parts) != 1 or len(parts[0]) != 1:
        return fault(MALFORMED, "the envelope must hold one body with one operation", line=1)
    return _operation(parts[0][0])


def _operation(element: etree._Element) -> Operation | Finding:
    tag = etree.QName(element)
    if tag.namespace != B2B:
        return fault(MALFORMED, f"the operation must be of the namespace {B2B}", line=_line(element))
    stem = tag.localname.removesuffix("Request")
    container = element.find(f"{{{B2B}}}MessageContainer")
    carried = None if container is None else _container(container)
    if isinstance(carried, Finding):
        return carried
    return Operation(
        name=stem[:1].lower() + stem[1:],
        answer_name=f"{stem}Response",
        message_id=_text(element, "MessageId"),
        start=_text(element, "UtcFrom"),
        end=_text(element, "UtcTo"),
        container=carried,
    )


def _line(element: etree._Element) -> int:
    line: Any = element.sourceline
    return line if isinstance(line, int) else 0


def _text(element: etree._Element, name: str) -> str:
    return (element.findtext(f"{{{B2B}}}{name}") or "").strip()


def _container(element: etree._Element) -> Container | Finding:
    line = _line(element)
    reference, document_type = _text(element, "MessageReference"), _text(element, "DocumentType")
    if len(reference) > LONGEST_REFERENCE:
        return fault(MALFORMED, f"MessageReference is longer than {LONGEST_REFERENCE}", line=line)
    if not document_type or len(document_type) > LONGEST_DOCUMENT_TYPE:
        return fault(MALFORMED, "DocumentType is missing or too long", line=line)
    if _text(element, "MessageType") != "XML":
        return fault(MALFORMED, "MessageType must be XML", line=line)
    payload = element.find(f"{{{B2B}}}Payload")
    if payload is None or len(payload) != 1 or (payload.text or "").strip():
        return fault(MALFORMED, "Payload must hold one document", line=line)
    return Container(reference, document_type, _own_bytes(payload[0]))


def _own_bytes(element: etree._Element) -> bytes:
    """A payload as a document of its own: the same element, free of the namespaces of the envelope around it."""
    parent = element.getparent()
    if parent is not None:
        element.tail = None
        parent.remove(element)
    etree.cleanup_namespaces(element)
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)


def container_of(document: PeekedDocument, root: etree._Element) -> etree._Element:
    """A MessageContainer around a document of the hub, given its parsed root: its name without `DK_` is the type."""
    container = etree.Element(f"{{{B2B}}}MessageContainer")
    for name, value in (
        ("MessageReference", document.message_id),
        ("DocumentType", etree.QName(root).localname.removeprefix("DK_")),
        ("MessageType", "XML"),
    ):
        etree.SubElement(container, f"{{{B2B}}}{name}").text = value
    etree.SubElement(container, f"{{{B2B}}}Payload").append(root)
    return container


def answer(operation: Operation, content: Sequence[etree._Element] = (), message_ids: Sequence[str] = ()) -> bytes:
    """The envelope that answers an operation, with a container or message ids."""
    element = etree.Element(f"{{{B2B}}}{operation.answer_name}", nsmap={"b2b": B2B})
    for message_id in message_ids:
        etree.SubElement(element, f"{{{B2B}}}MessageId").text = clean_text(message_id)
    for child in content:
        element.append(child)
    return _envelope(element)


def soap_fault(finding: Finding, of_sender: bool) -> bytes:
    """A SOAP 1.1 fault with the B2B code; `of_sender` tells whose fault it is."""
    element = etree.Element(f"{{{ENVELOPE}}}Fault", nsmap={"soap": ENVELOPE})
    append_fault(element, finding, "soap:Client" if of_sender else "soap:Server")
    return _envelope(element)


def _envelope(content: etree._Element) -> bytes:
    envelope = etree.Element(f"{{{ENVELOPE}}}Envelope", nsmap={"soap": ENVELOPE})
    etree.SubElement(envelope, f"{{{ENVELOPE}}}Body").append(content)
    return etree.tostring(envelope, encoding="utf-8", xml_declaration=True)
