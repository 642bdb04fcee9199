"""The status page: what the collector knows of itself, on loopback, for people (`/`) and programs (`/status.json`)."""

from __future__ import annotations

import asyncio
import contextlib
import html
import json
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

LOOPBACK = "127.0.0.1"
_HEADS = ("Meter", "Serial", "Last read", "Age", "Clock", "Errors", "Last error")
_STYLE = "body{font-family:sans-serif}td,th{padding:.2em .8em;text-align:left}.bad{color:#b00}"


def status_application(status: Callable[[], dict[str, Any]]) -> Starlette:
    """The pages over a function that tells the state."""

    async def as_json(_request: Request) -> Response:
        return Response(json.dumps(await asyncio.to_thread(status), indent=1), media_type="application/json")

    async def as_page(_request: Request) -> Response:
        return HTMLResponse(page_of(await asyncio.to_thread(status)))

    return Starlette(routes=[Route("/", as_page), Route("/status.json", as_json)])


def page_of(status: Mapping[str, Any]) -> str:
    """The state as a page."""
    disk = status["disk"]
    lines = [
        f"<!doctype html><title>{_text(status['collector'])}</title><style>{_STYLE}</style>",
        f"<h1>Collector {_text(status['collector'])}</h1><p>{_text(status['at'])}</p>",
        f"<p>Hub: {_text(status['hub'])}. Disk: {disk['used_percent']} %{' ALARM' if disk['alarm'] else ''}.</p>",
        "<table><tr><th>Waiting</th><th>Rows</th><th>Oldest</th></tr>",
        *(_row(one["lane"], one["rows"], _age(one["age_seconds"])) for one in status["backlog"]),
        "</table>",
    ]
    for bus, found in status["buses"].items():
        lines.append(f"<h2>Bus {_text(bus)}</h2><p>{found['errors']} errors, {found['stale']} stale</p><table><tr>")
        lines += [f"<th>{head}</th>" for head in _HEADS]
        lines.append("</tr>")
        for meter in found["meters"]:
            clock = meter["clock_ahead_seconds"]
            lines.append(
                _row(
                    *(meter["name"], meter["meter"], meter["last_read"] or "never", _age(meter["age_seconds"])),
                    *("" if clock is None else f"{clock:+} s", meter["errors"], meter["last_error"]),
                    is_bad=meter["stale"] or meter["locked"],
                )
            )
        lines.append("</table>")
    return "\n".join(lines)


def _row(*cells: object, is_bad: bool = False) -> str:
    return f"<tr{' class=bad' if is_bad else ''}>{''.join(f'<td>{_text(cell)}</td>' for cell in cells)}</tr>"


def _text(value: object) -> str:
    return html.escape(str(value))


def _age(seconds: int | None) -> str:
    return "" if seconds is None else f"{seconds // 3600}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"


class _Server(uvicorn.Server):
    """Signals are the collector's own affair."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave them alone."""
        yield


async def serve_status(application: Starlette, port: int, stop: asyncio.Event) -> None:
    """Serve the pages on loopback until told to stop."""
    server = _Server(uvicorn.Config(application, LOOPBACK, port, log_level="warning", access_log=False))
    serving = asyncio.create_task(server.serve())
    waiting = asyncio.create_task(stop.wait())
    await asyncio.wait({serving, waiting}, return_when=asyncio.FIRST_COMPLETED)
    server.should_exit = True
    waiting.cancel()
    await serving
