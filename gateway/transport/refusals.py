"""A request turned away at the edge: the HTTP status, and the findings its body will name in the caller's own form."""

from __future__ import annotations

from http import HTTPStatus

from gateway.messages.findings import Finding


class HttpRefusal(Exception):
    """Ends a request with a status. Raised and answered inside the transport only; the hub speaks in findings."""

    def __init__(
        self, status: HTTPStatus, findings: tuple[Finding, ...], headers: dict[str, str] | None = None
    ) -> None:
        super().__init__(findings[0].text)
        self.status = status
        self.findings = findings
        self.headers = headers or {}


_NAMES = {413: "ContentTooLarge"}
"""Names that differ between versions of Python."""


def refusal(status: HTTPStatus, text: str, target: str = "", headers: dict[str, str] | None = None) -> HttpRefusal:
    """A refusal the market has no code for; it goes by the name of its status (`NotFound`)."""
    code = _NAMES.get(status) or "".join(word.capitalize() for word in status.name.split("_"))
    return HttpRefusal(status, (Finding(code=code, text=text, target=target),), headers)
