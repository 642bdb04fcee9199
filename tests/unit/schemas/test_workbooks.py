"""Workbooks of strangers: what is no workbook, too much, computed or foreign is refused before anything reads it."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping

import pytest
from openpyxl import Workbook

from gateway.schemas.workbooks import EXPANDED_LIMIT, MAX_CELLS, parse_workbook

SHEET = "xl/worksheets/sheet1.xml"


def book(*sheets: tuple[str, list[list[object]]]) -> bytes:
    made = Workbook(write_only=True)
    for name, rows in sheets:
        sheet = made.create_sheet(name)
        for row in rows:
            sheet.append(row)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


GOOD = book(("data", [["a", "b"], [1.5, "x"], [None, 2]]), ("more", [["c"]]))


def changed(parts: Mapping[str, bytes | Callable[[bytes], bytes]], data: bytes = GOOD) -> bytes:
    """The workbook with other parts."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as new:
        content = {name: old.read(name) for name in old.namelist()}
        for name, part in parts.items():
            content[name] = part(content[name]) if callable(part) else part
        for name, part in content.items():
            new.writestr(name, part)
    return file.getvalue()


def replaced(old: bytes, new: bytes) -> Callable[[bytes], bytes]:
    def change(content: bytes) -> bytes:
        assert old in content
        return content.replace(old, new, 1)

    return change


def refusals(data: bytes) -> list[tuple[str, str]]:
    outcome = parse_workbook(data)
    assert outcome.findings
    assert not outcome.sheets
    return [(finding.rule, finding.path) for finding in outcome.findings]


def test_sheets_come_with_their_names_and_cells() -> None:
    outcome = parse_workbook(GOOD)
    assert not outcome.findings
    assert [(sheet.name, sheet.rows) for sheet in outcome.sheets] == [
        ("data", [["a", "b"], [1.5, "x"], ["", 2.0]]),
        ("more", [["c"]]),
    ]


@pytest.mark.parametrize("data", [b"", b"PK", b"{}", GOOD[:-30], b"\xd0\xcf\x11\xe0" * 300])
def test_what_is_no_workbook_is_malformed(data: bytes) -> None:
    assert [rule for rule, _ in refusals(data)] == ["malformed"]


def test_an_archive_that_is_no_workbook_is_malformed() -> None:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("content.xml", "<a/>")
    assert refusals(file.getvalue()) == [("malformed", "")]


def test_a_part_that_stands_twice_is_malformed() -> None:
    file = io.BytesIO(GOOD)
    with zipfile.ZipFile(file, "a") as archive, pytest.warns(UserWarning, match="Duplicate name"):
        archive.writestr(SHEET, "<worksheet/>")
    assert refusals(file.getvalue()) == [("malformed", "")]


@pytest.mark.sec_10
def test_bombs_are_refused_unpacked_to_the_limit_only() -> None:
    bomb = changed({SHEET: replaced(b"<sheetData>", b"<sheetData>" + b" " * (EXPANDED_LIMIT + 1))})
    assert len(bomb) < 200_000
    assert refusals(bomb) == [("too-large", "")]


@pytest.mark.sec_10
def test_sizes_that_an_archive_lies_about_are_not_believed() -> None:
    bomb = bytearray(changed({SHEET: replaced(b"<sheetData>", b"<sheetData>" + b" " * 3_000_000)}))
    real = (3_000_000).to_bytes(4, "little")[2:]
    at = bytes(bomb).rindex(
        SHEET.encode()
    )  # in the directory at the end, the size stands 46 - 24 bytes before the name
    assert bomb[at - 20 : at - 18] == real
    bomb[at - 22 : at - 18] = (1000).to_bytes(4, "little")
    assert [rule for rule, _ in refusals(bytes(bomb))] == ["malformed"]


@pytest.mark.sec_10
def test_too_many_cells_are_refused() -> None:
    many = replaced(b"</sheetData>", b"<row>" + b"<c />" * MAX_CELLS + b"</row></sheetData>")
    assert refusals(changed({SHEET: many})) == [("too-large", "")]


@pytest.mark.sec_10
@pytest.mark.parametrize("reference", [b"XFD2", b"AA2", b"A100000", b"A1048576", b"aa2"])
def test_a_cell_far_away_is_refused(reference: bytes) -> None:
    far = changed({SHEET: replaced(b'r="A2"', b'r="' + reference + b'"')})
    assert refusals(far) == [("too-large", "data")]
    assert refusals(changed({SHEET: replaced(b'r="A2"', b"r = '" + reference + b"'")})) == [("too-large", "data")]


@pytest.mark.sec_10
def test_a_row_far_away_is_refused() -> None:
    assert refusals(changed({SHEET: replaced(b'<row r="2"', b'<row r="999999999"')})) == [("too-large", "data")]


@pytest.mark.sec_15
def test_formulas_are_refused_each_with_its_place() -> None:
    data = book(("data", [["a", "=1+1"], [1, "=SUM(A1:A2)"]]), ("more", [["x"], ["=A1"]]))
    outcome = parse_workbook(data)
    assert [(one.rule, one.path, one.line) for one in outcome.findings] == [
        ("formula", "data!B1", 1),
        ("formula", "data!B2", 2),
        ("formula", "more!A2", 2),
    ]


@pytest.mark.sec_15
def test_formulas_under_a_prefix_are_refused_too() -> None:
    hidden = changed({SHEET: replaced(b"<v>1.5</v>", b"<x:f>1+1</x:f><v>1.5</v>")})
    assert ("formula", "data!A2") in refusals(hidden)


@pytest.mark.sec_15
@pytest.mark.parametrize(
    "part", ["xl/vbaProject.bin", "xl/externalLinks/externalLink1.xml", "xl/embeddings/a.bin", "xl/connections.xml"]
)
def test_active_and_foreign_parts_are_refused(part: str) -> None:
    assert refusals(changed({part: b"x"})) == [("foreign-content", part)]


@pytest.mark.sec_03
def test_a_doctype_is_refused() -> None:
    doctype = b'<!DOCTYPE a [<!ENTITY b "c">]><worksheet '
    assert refusals(changed({SHEET: replaced(b"<worksheet ", doctype)})) == [("malformed", SHEET)]


def test_another_encoding_is_refused_for_marks_hide_in_it() -> None:
    def other(content: bytes) -> bytes:
        return content.decode().encode("utf-16")

    assert refusals(changed({SHEET: other})) == [("malformed", SHEET)]
    declared = changed({SHEET: lambda content: b'<?xml version="1.0" encoding="UTF-7"?>' + content})
    assert refusals(declared) == [("malformed", SHEET)]


@pytest.mark.sec_10
def test_a_long_text_that_every_cell_could_share_is_refused() -> None:
    shared = b'<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><si><t>%s</t></si></sst>'
    assert not parse_workbook(changed({"xl/sharedStrings.xml": shared % b"x"})).findings
    assert refusals(changed({"xl/sharedStrings.xml": shared % (b"x" * 2000)})) == [("malformed", "")]


def test_a_workbook_over_the_limit_is_refused_unread() -> None:
    assert [one.rule for one in parse_workbook(GOOD, limit=len(GOOD) - 1).findings] == ["too-large"]


@pytest.mark.parametrize("seed", range(40))
def test_damaged_workbooks_get_an_answer(seed: int) -> None:
    at = len(GOOD) * seed // 40
    parse_workbook(GOOD[:at] + bytes([GOOD[at] ^ 0x55]) + GOOD[at + 1 :])
    content = zipfile.ZipFile(io.BytesIO(GOOD)).read(SHEET)
    cut = len(content) * seed // 40
    parse_workbook(changed({SHEET: content[:cut] + b"<" + content[cut:]}))
