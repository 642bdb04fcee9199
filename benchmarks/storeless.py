"""The hub's server with a hub that answers without looking: what HTTP alone costs, for `benchmarks.http`.

It logs what `gridpost serve` logs: the audit line of a call is part of answering it.
"""

from __future__ import annotations

import logging

import uvicorn

from gateway.app import application
from gateway.config import Settings
from gateway.hub.exchange import Hub
from gateway.hub.ports import Accepted, Principal, Refused, Submission
from gateway.transport.server import ServerSettings, server_config
from gateway.wiring import open_hub


class StorelessHub(Hub):
    """Accepts everything and keeps nothing."""

    async def submit(self, sender: Principal, submission: Submission) -> Accepted | Refused:
        """Accept."""
        return Accepted("")


def main() -> None:
    """Serve by the same settings as the real one."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    settings = Settings()
    hub = StorelessHub(open_hub(settings).office)
    uvicorn.Server(server_config(application(settings, hub), ServerSettings(port=settings.port))).run()


if __name__ == "__main__":
    main()
