"""Error bodies of the Danish B2B protocol in its three forms (dk-messages §5).

JSON and XML carry one error, or `BadRequest` with all of them as `Details`; ebIX carries the first one only, under its
own code. Text from a sender's document may appear in a message, so what no XML or log may hold is replaced.
"""

from __future__ import annotations

import json
import re

from lxml import etree

from gateway.messages.codes import Dialect
from gateway.messages.findings import Finding

MEDIA_TYPES: dict[Dialect, str] = {
    Dialect.CIM_XML: "application/xml; charset=utf-8",
    Dialect.CIM_JSON: "application/json; charset=utf-8",
    Dialect.EBIX_XML: "application/ebix; charset=utf-8",
}

EBIX_CODES: dict[str, str] = {
    "00001": "B2B-002",
    "00002": "B2B-008",
    "00003": "B2B-010",
    "00101": "B2B-003",
    "00102": "B2B-009",
    "00201": "B2B-003",
    "00202": "B2B-009",
    "00205": "B2B-009",
    "00301": "B2B-007",
    "00302": "B2B-005",
    "00303": "B2B-011",
    "00304": "B2B-011",
    "00305": "B2B-003",
    "00401": "B2B-006",
    "00402": "B2B-002",
    "00403": "B2B-006",
}
"""CIM's synchronous codes and what ebIX calls them."""

WIRE_CODES: dict[str, str] = {
    "malformed": "00302",
    "schema-invalid": "00302",
    "unknown-namespace": "00301",
    "too-large": "ContentTooLarge",
}
"""Wire codes of what the transport itself finds while opening a container or a packed body."""

SEVERAL = "BadRequest"
SEVERAL_TEXT = "Multiple errors in details"
MOST_DETAILS = 1000
LONGEST_TEXT = 2000

_UNPRINTABLE = re.compile("[^\t\n\r -~\x85\xa0-\u2027\u202f-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")


def clean_text(text: str) -> str:
    """The text without control characters, lone surrogates and line separators, cut to a readable length."""
    return _UNPRINTABLE.sub("\N{REPLACEMENT CHARACTER}", text[:LONGEST_TEXT])


def error_body(findings: tuple[Finding, ...], dialect: Dialect) -> bytes:
    """The body that says in a dialect why a document was refused."""
    if dialect is Dialect.CIM_JSON:
        return _json_body(findings)
    if dialect is Dialect.CIM_XML:
        return _serialise(_xml_error(findings))
    return _serialise(_ebix_error(findings[0]))


def wire_code(code: str) -> str:
    """The CIM name of a code; what is a wire code already stays."""
    return clean_text(WIRE_CODES.get(code, code))


def ebix_code(code: str) -> str:
    """The ebIX name of a code; what has none keeps its own."""
    return EBIX_CODES.get(wire_code(code), wire_code(code))


def _json_body(findings: tuple[Finding, ...]) -> bytes:
    details = [
        {"Code": wire_code(f.code), "Message": clean_text(f.text), "Target": clean_text(f.target)}
        for f in findings[:MOST_DETAILS]
    ]
    error: dict[str, object] = dict(details[0])
    if len(details) > 1:
        error = {"Code": SEVERAL, "Message": SEVERAL_TEXT, "Target": "", "Details": details}
    return json.dumps({"Error": error}, ensure_ascii=False).encode()


def _xml_error(findings: tuple[Finding, ...]) -> etree._Element:
    if len(findings) == 1:
        return _one_xml_error(wire_code(findings[0].code), findings[0].text, findings[0].target)
    error = _one_xml_error(SEVERAL, SEVERAL_TEXT, "")
    details = etree.SubElement(error, "Details")
    for finding in findings[:MOST_DETAILS]:
        details.append(_one_xml_error(wire_code(finding.code), finding.text, finding.target))
    return error


def _one_xml_error(code: str, text: str, target: str) -> etree._Element:
    error = etree.Element("Error")
    for name, value in (("Code", code), ("Message", text), ("Target", target)):
        etree.SubElement(error, name).text = clean_text(value)
    return error


def _ebix_error(finding: Finding) -> etree._Element:
    error = etree.Element("Error")
    append_fault(error, finding, "soap-env:Client")
    return error


def append_fault(parent: etree._Element, finding: Finding, faultcode: str) -> None:
    """Append faultcode, faultstring and detail/fault/{ErrorCode, ErrorText}: a SOAP fault and an ebIX error alike."""
    code, text = ebix_code(finding.code), clean_text(finding.text)
    etree.SubElement(parent, "faultcode").text = faultcode
    etree.SubElement(parent, "faultstring").text = f"{code}: {text}"
    fault = etree.SubElement(etree.SubElement(parent, "detail"), "fault")
    etree.SubElement(fault, "ErrorCode").text = code
    etree.SubElement(fault, "ErrorText").text = text


def _serialise(element: etree._Element) -> bytes:
    return etree.tostring(element, encoding="utf-8", xml_declaration=True)
