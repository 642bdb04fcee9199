"""Which dialect a request speaks: by Content-Type, also on a peek; `Accept` helps only where that is absent."""

from __future__ import annotations

from http import HTTPStatus

from starlette.datastructures import Headers

from gateway.messages.codes import Dialect
from gateway.transport.refusals import refusal

CSV = "text/csv"
WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

DIALECTS: dict[str, Dialect] = {
    "application/xml": Dialect.CIM_XML,
    "application/json": Dialect.CIM_JSON,
    "application/ebix": Dialect.EBIX_XML,
}


def media_type(value: str) -> str:
    """The bare type of a header value: lower case, without parameters such as the charset."""
    return value.partition(";")[0].strip().lower()


def stated_dialect(headers: Headers) -> Dialect | None:
    """The dialect the request names; None where it names none or one unknown."""
    stated = {media_type(value) for value in headers.getlist("content-type")}
    if stated:
        return DIALECTS.get(stated.pop()) if len(stated) == 1 else None
    return next((DIALECTS[name] for name in accepted_types(headers) if name in DIALECTS), None)


def required_dialect(headers: Headers) -> Dialect:
    """The dialect the request names, or 415."""
    dialect = stated_dialect(headers)
    if dialect is None:
        known = ", ".join(DIALECTS)
        raise refusal(HTTPStatus.UNSUPPORTED_MEDIA_TYPE, f"Content-Type must be one of {known}", "Content-Type")
    return dialect


def accepted_types(headers: Headers) -> list[str]:
    """Types of the Accept header, best first; a type with q=0 is refused and left out."""
    ranked: list[tuple[float, str]] = []
    for item in ",".join(headers.getlist("accept")).split(","):
        weight = _weight(item)
        if weight > 0:
            ranked.append((-weight, media_type(item)))
    return [name for _, name in sorted(ranked, key=lambda pair: pair[0])]


def _weight(item: str) -> float:
    for parameter in item.split(";")[1:]:
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "q":
            try:
                return min(max(float(value), 0.0), 1.0)
            except ValueError:
                return 0.0
    return 1.0
