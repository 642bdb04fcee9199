"""Reports of control as CSV: one line for each body, its fields as columns; what is null is empty."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable

from gateway.transport.hub_models import Body


def csv_head(model: type[Body]) -> str:
    """The line of column names."""
    return ",".join(model.model_fields) + "\r\n"


def csv_lines(bodies: Iterable[Body]) -> str:
    """The lines of bodies of one model."""
    text = io.StringIO()
    writer = csv.writer(text)
    for body in bodies:
        writer.writerow(_cell(value) for value in body.model_dump(mode="json").values())
    return text.getvalue()


def _cell(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value
