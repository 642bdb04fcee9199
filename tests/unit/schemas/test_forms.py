"""Forms with files: parts by name, and every way in which a body is none."""

from __future__ import annotations

import httpx
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.schemas.forms import MAX_PARTS, parse_form

KIND = "multipart/form-data; boundary=line"


def form(*parts: tuple[str, bytes]) -> bytes:
    head = b'--line\r\nContent-Disposition: form-data; name="%b"\r\n\r\n%b\r\n'
    return b"".join(head % (name.encode(), content) for name, content in parts) + b"--line--\r\n"


@settings(max_examples=50)
@given(st.binary(max_size=2000), st.text(st.characters(codec="ascii", exclude_characters='"\\\r\n\0'), max_size=20))
def test_what_a_well_known_library_sends_is_read(content: bytes, text: str) -> None:
    files: list[tuple[str, tuple[str | None, bytes, str]]] = [
        ("file", ("../a.xlsx", content, "application/octet-stream")),
        ("context", (None, text.encode(), "application/json")),
    ]
    request = httpx.Request("POST", "http://hub", files=files)
    outcome = parse_form(request.read(), request.headers["Content-Type"])
    assert outcome.finding is None
    assert outcome.parts == {"file": content, "context": text.encode()}


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (b"", KIND),
        (b"no form", KIND),
        (form(("a", b"1"))[:-6], KIND),
        (form(("a", b"1"), ("a", b"2")), KIND),
        (form(("", b"1")), KIND),
        (form(("x" * 300, b"1")), KIND),
        (form(*((str(number), b"") for number in range(MAX_PARTS + 1))), KIND),
        (b"--line\r\n\r\nno name\r\n--line--\r\n", KIND),
        (form(("a", b"1")), "multipart/form-data"),
        (form(("a", b"1")), "multipart/form-data; boundary=" + "b" * 71),
        (form(("a", b"1")), "application/json; boundary=line"),
        (form(("a", b"1")), ""),
    ],
)
def test_a_body_that_is_no_form_is_refused(body: bytes, kind: str) -> None:
    outcome = parse_form(body, kind)
    assert outcome.parts == {}
    assert outcome.finding is not None
    assert outcome.finding.rule == "malformed"


@settings(max_examples=200)
@given(st.binary(max_size=300), st.integers(0, 300))
def test_no_bytes_are_too_strange(noise: bytes, at: int) -> None:
    whole = form(("file", b"content"), ("context", b"{}"))
    outcome = parse_form(whole[:at] + noise + whole[at:], KIND)
    assert (outcome.finding is None) or not outcome.parts
