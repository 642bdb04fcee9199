"""Workbooks of strangers (`.xlsx`): a zip archive of XML, looked through before a reader of spreadsheets sees it.

The archive's own words about itself are not believed. The parts that matter are unpacked here, within limits, checked,
and put into an archive of their own, unpacked: what was looked at is what is read.
"""

from __future__ import annotations

import io
import re
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice
from typing import TypeAlias

from python_calamine import CalamineError, CalamineWorkbook, SheetTypeEnum

from gateway.messages.findings import Finding
from gateway.schemas.check_xml import MAX_FINDINGS
from gateway.schemas.faults import MALFORMED, TOO_LARGE, fault
from gateway.schemas.parsers import BODY_LIMIT, parse_xml

FORMULA = "formula"
"""A cell that is computed: what it shows is not what it is."""
FOREIGN_CONTENT = "foreign-content"
"""Macros, links to other files, embedded objects, sheets that are none."""

EXPANDED_LIMIT = 64 * 1024 * 1024
"""Greatest size of all parts together, unpacked; a year of quarters of one metering point takes 16 MB."""
MAX_CELLS = 1_000_000
"""Most cells of a workbook."""
_MAX_PARTS = 500
_LONGEST_TEXT = 512
"""Most bytes of one shared text: each of a million cells may refer to it."""

Cell: TypeAlias = "str | float | int | bool | date | datetime | time | timedelta"


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: its rows from the first on, each from the first column on; a cell without a value is an empty text."""

    name: str
    rows: list[list[Cell]]


@dataclass(frozen=True, slots=True)
class WorkbookOutcome:
    """The sheets of a workbook in their order, or the findings that refuse it."""

    sheets: tuple[Sheet, ...]
    findings: tuple[Finding, ...] = ()


def parse_workbook(data: bytes, limit: int = BODY_LIMIT) -> WorkbookOutcome:
    """Read a workbook from a stranger.

    Args:
        data: the file as received.
        limit: greatest size in bytes, packed.

    Returns:
        Its sheets; or findings: `too-large` over the limits packed, unpacked or in cells, and for cells beyond column
        Z or row 99999; `malformed` for what is no workbook, is encrypted or damaged, has a DOCTYPE, another encoding
        than UTF-8 or a text of more than 512 bytes; `formula` with the place of each; `foreign-content`.
    """
    if len(data) > limit:
        return WorkbookOutcome((), (fault(TOO_LARGE, f"the workbook is larger than {limit} bytes"),))
    parts = _unpacked(data)
    if isinstance(parts, Finding):
        return WorkbookOutcome((), (parts,))
    if findings := tuple(islice(_objections(parts), MAX_FINDINGS)):
        return WorkbookOutcome((), findings)
    return _read(parts)


# --------------------------------------------------------------------------------------------------------------- parts


_NEEDED = re.compile(
    r"\[Content_Types\]\.xml|_rels/\.rels"
    r"|xl/(?:workbook|sharedStrings|styles)\.xml|xl/_rels/workbook\.xml\.rels|xl/worksheets/[A-Za-z0-9_.-]{1,80}\.xml",
    re.ASCII,
)
_ACTIVE = re.compile(
    r"(?:^|/)(?:vbaProject|externalLinks|embeddings|activeX|ctrlProps|queryTables|macrosheets|dialogsheets|chartsheets"
    r"|connections\.xml|externalReferences)",
    re.ASCII | re.IGNORECASE,
)
_ENCRYPTED = 0x1

Parts = dict[str, bytes]


def _unpacked(data: bytes) -> Parts | Finding:
    """The parts that say what is in the sheets, unpacked; a finding where the archive is not sound."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            return _parts(archive)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, EOFError, OSError, RuntimeError, ValueError):
        return fault(MALFORMED, "no workbook, or a damaged one: its archive cannot be read")


def _parts(archive: zipfile.ZipFile) -> Parts | Finding:
    entries = archive.infolist()
    names = [entry.filename for entry in entries]
    if len(entries) > _MAX_PARTS or len(set(names)) != len(names):
        return fault(MALFORMED, "the workbook's archive has too many parts, or one of them twice")
    if active := next((name for name in names if _ACTIVE.search(name)), None):
        return fault(
            FOREIGN_CONTENT, "the workbook holds macros, links, objects or sheets of another kind", path=active
        )
    parts: Parts = {}
    left = EXPANDED_LIMIT
    for entry in entries:
        if not _NEEDED.fullmatch(entry.filename):
            continue
        if entry.flag_bits & _ENCRYPTED:
            return fault(MALFORMED, "the workbook is encrypted", path=entry.filename)
        with archive.open(entry) as part:
            content = part.read(left + 1)
        left -= len(content)
        if left < 0:
            return fault(TOO_LARGE, f"the workbook is larger than {EXPANDED_LIMIT} bytes, unpacked")
        parts[entry.filename] = content
    return parts if "xl/workbook.xml" in parts else fault(MALFORMED, "no workbook: the list of its sheets is not there")


# ---------------------------------------------------------------------------------------------------------- objections


_DECLARED = re.compile(rb"""<\?xml[^>]*?encoding\s*=\s*["']([^"']*)["']""")
_PROLOG = re.compile(rb"(?:\xef\xbb\xbf|\s|<\?.*?\?>|<!--.*?-->)*+", re.DOTALL)
_BEYOND = re.compile(rb"""r\s*=\s*["'](?:[A-Za-z]{2}|[A-Za-z]?[0-9]{6})""")
_FORMULA = re.compile(rb"<(?:[A-Za-z0-9_.-]+:)?f[\s/>]")
_REFERENCE = re.compile(rb"""<(?:[A-Za-z0-9_.-]+:)?c\s[^>]*?\br\s*=\s*["']([A-Z][0-9]{1,5})["']""")
_BACK = 4096


def _objections(parts: Parts) -> Iterator[Finding]:
    """What speaks against the parts."""
    for name, content in parts.items():
        if (words := _malformed(content)) is not None:
            yield fault(MALFORMED, words, path=name)
            return
    shared = parts.get("xl/sharedStrings.xml", b"")
    if max(map(len, shared.split(b"</si>"))) > _LONGEST_TEXT + _FIRST_TEXT:
        yield fault(MALFORMED, f"a text of the workbook has more than {_LONGEST_TEXT} bytes")
    sheets = {name: content for name, content in parts.items() if name.startswith("xl/worksheets/")}
    if sum(content.count(b"<c ") + content.count(b":c ") for content in sheets.values()) > MAX_CELLS:
        yield fault(TOO_LARGE, f"the workbook has more than {MAX_CELLS} cells")
    titles = _titles(parts)
    for name, content in sheets.items():
        if _reaches_too_far(content):
            yield fault(TOO_LARGE, "a sheet has cells beyond column Z or row 99999", path=titles.get(name, name))
        yield from _formulas(titles.get(name, name), content)


_SPACE = ord(" ")
_FIRST_TEXT = 512
"""Bytes before the first shared text: the declaration and the opening of the list."""


def _malformed(content: bytes) -> str | None:
    """Why a part is not read; None where it is. A NUL byte means another encoding, in which marks stand hidden."""
    declared = _DECLARED.match(content.lstrip(b"\xef\xbb\xbf"))
    if b"\0" in content or (declared is not None and declared[1].lower() not in (b"utf-8", b"us-ascii")):
        return "the workbook is not written in UTF-8"
    prolog = _PROLOG.match(content)
    return "the workbook has a DOCTYPE" if prolog is not None and content.startswith(b"<!", prolog.end()) else None


def _reaches_too_far(content: bytes) -> bool:
    """Whether a sheet has a cell or row beyond column Z or row 99999: a reader holds all cells up to the last."""
    return any(content[found.start() - 1] <= _SPACE for found in _BEYOND.finditer(content))


def _formulas(title: str, content: bytes) -> Iterator[Finding]:
    """Every cell of a sheet that is computed."""
    if b"<f" not in content and b":f" not in content:
        return
    for found in _FORMULA.finditer(content):
        before = _REFERENCE.findall(content, max(0, found.start() - _BACK), found.start())
        cell = before[-1].decode() if before else ""
        line = int(cell[1:]) if cell else 0
        yield fault(FORMULA, f"{title}!{cell}: a cell is computed by a formula", path=f"{title}!{cell}", line=line)


def _titles(parts: Parts) -> dict[str, str]:
    """What the sheets are called, by the parts they stand in."""
    book = parse_xml(parts["xl/workbook.xml"]).root
    relations = parse_xml(parts.get("xl/_rels/workbook.xml.rels", b"")).root
    if book is None or relations is None:
        return {}
    targets = {str(one.get("Id")): str(one.get("Target", "")).removeprefix("/xl/") for one in relations}
    names: dict[str, str] = {}
    for sheet in book.iterfind(".//{*}sheet"):
        relation = next((str(value) for key, value in sheet.items() if str(key).endswith("}id")), "")
        names[f"xl/{targets.get(relation, '')}"] = str(sheet.get("name", ""))
    return names


# ------------------------------------------------------------------------------------------------------------- reading


def _read(parts: Parts) -> WorkbookOutcome:
    """The sheets of parts that nothing speaks against."""
    stored = io.BytesIO()
    with zipfile.ZipFile(stored, "w") as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    try:
        stored.seek(0)
        book = CalamineWorkbook.from_filelike(stored)
        strange = next((one.name for one in book.sheets_metadata if one.typ != SheetTypeEnum.WorkSheet), None)
        if strange is not None:
            return WorkbookOutcome((), (fault(FOREIGN_CONTENT, "a sheet is none of cells", path=strange),))
        sheets = [book.get_sheet_by_index(place) for place in range(len(book.sheet_names))]
        return WorkbookOutcome(tuple(Sheet(one.name, one.to_python(skip_empty_area=False)) for one in sheets))
    except CalamineError as error:
        return WorkbookOutcome((), (fault(MALFORMED, f"the workbook cannot be read: {error}"),))
    except BaseException as error:
        if type(error).__name__ != "PanicException":  # what the reader raises when it gives up, no Exception
            raise
        return WorkbookOutcome((), (fault(MALFORMED, "the workbook cannot be read"),))
