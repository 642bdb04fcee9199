"""Forms with files as browsers and programs send them (RFC 7578), read from strangers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from python_multipart.exceptions import FormParserError
from python_multipart.multipart import MultipartParser, parse_options_header

from gateway.messages.findings import Finding
from gateway.schemas.faults import MALFORMED, fault

MAX_PARTS = 20
"""Most parts of a form with files; those of the market have two."""

_LONGEST_PART_NAME = 200


@dataclass(frozen=True, slots=True)
class FormOutcome:
    """The parts of a form by name, or the finding that refuses it."""

    parts: dict[str, bytes]
    finding: Finding | None = None


def parse_form(data: bytes, content_type: str) -> FormOutcome:
    """Read a `multipart/form-data` body from a stranger: each part's bytes by its name, files and texts alike.

    Names of files are left unread: nothing is stored under a name that a stranger chose.

    Returns:
        The parts, or a finding: `malformed` for a body that is no such form, is cut short, names a part twice or not
        at all, or has more than `MAX_PARTS`.
    """
    kind, options = parse_options_header(content_type)
    boundary = options.get(b"boundary", b"")
    if kind != b"multipart/form-data" or not 0 < len(boundary) <= 70:
        return FormOutcome({}, fault(MALFORMED, "not a form of multipart/form-data with a boundary"))
    reading = _FormReading()
    try:
        parser = MultipartParser(boundary, reading.callbacks)  # type: ignore[arg-type]  # its own type is private
        parser.write(data)
        parser.finalize()
    except (FormParserError, _NoFormError) as error:
        return FormOutcome({}, fault(MALFORMED, f"not a well-formed form: {error}"))
    if not reading.is_over:
        return FormOutcome({}, fault(MALFORMED, "not a well-formed form: it is cut short"))
    return FormOutcome(reading.parts)


class _NoFormError(ValueError):
    """Raised where the form is none; the text says why."""


class _FormReading:
    """Collects the parts of a form while the parser goes through it."""

    def __init__(self) -> None:
        self.parts: dict[str, bytes] = {}
        self.is_over = False
        self._pieces: list[bytes] = []
        self._field, self._value, self._disposition = b"", b"", b""
        self.callbacks: dict[str, Callable[..., None]] = {
            "on_part_begin": self._begin,
            "on_header_field": self._add_field,
            "on_header_value": self._add_value,
            "on_header_end": self._end_header,
            "on_part_data": self._add_data,
            "on_part_end": self._end,
            "on_end": self._finish,
        }

    def _begin(self) -> None:
        self._pieces, self._disposition = [], b""
        if len(self.parts) >= MAX_PARTS:
            raise _NoFormError(f"it has more than {MAX_PARTS} parts")

    def _add_field(self, data: bytes, start: int, end: int) -> None:
        self._field += data[start:end]

    def _add_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _end_header(self) -> None:
        if self._field.lower() == b"content-disposition":
            self._disposition = self._value
        self._field, self._value = b"", b""

    def _add_data(self, data: bytes, start: int, end: int) -> None:
        self._pieces.append(data[start:end])

    def _end(self) -> None:
        kind, options = parse_options_header(self._disposition)
        name = options.get(b"name", b"").decode("latin-1")
        if kind != b"form-data" or not 0 < len(name) <= _LONGEST_PART_NAME or name in self.parts:
            raise _NoFormError("a part has no name of its own")
        self.parts[name] = b"".join(self._pieces)

    def _finish(self) -> None:
        self.is_over = True
