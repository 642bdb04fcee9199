"""What the collector knows of itself: last reading, age, backlog and errors by bus; for the status page and command."""

from __future__ import annotations

from dataclasses import dataclass, field

from gateway.messages.times import format_second
from meter_adapters.outbox.batches import Batches
from meter_adapters.outbox.documents import Documents
from meter_adapters.outbox.notebook import Notebook
from meter_adapters.outbox.store import Outbox
from meter_adapters.readings import Refusal

STALE_PERIODS = 3
"""A meter that was not read for so many of its periods is stale: its last values are no present ones."""


@dataclass(slots=True)
class MeterReport:
    """One meter, since the collector was started."""

    name: str
    bus: str
    period: int
    meter: str = ""
    last_read: int | None = None
    last_error: str = ""
    errors: int = 0
    deviation: float | None = None
    is_locked: bool = False

    def is_stale(self, now: int) -> bool:
        """Whether its newest values are older than three of its periods."""
        return self.last_read is None or now - self.last_read > STALE_PERIODS * self.period


@dataclass(slots=True)
class CollectorReport:
    """Everything, by meter; the rest is looked up in the outbox when asked.

    Attributes:
        collector: its name.
        meters: by name in the configuration.
        hub: what the hub last said; empty while all is well.
    """

    collector: str
    meters: dict[str, MeterReport] = field(default_factory=dict)
    hub: str = ""

    def note_read(self, name: str, meter: str, at: int, deviation: float | None) -> None:
        """A visit went well."""
        report = self.meters[name]
        report.meter, report.last_read, report.deviation, report.last_error = meter, at, deviation, ""

    def note_refusal(self, name: str, refusal: Refusal) -> None:
        """A visit was refused something."""
        report = self.meters[name]
        report.errors += 1
        report.last_error = f"{refusal.reason}: {refusal.text}"

    def as_value(self, outbox: Outbox, now: int) -> dict[str, object]:
        """All of it as JSON."""
        batches = Batches(outbox, self.collector)
        share = outbox.used_share()
        return {
            "collector": self.collector,
            "at": format_second(now),
            "hub": self.hub or "well",
            "disk": {"used_percent": round(100 * share, 1), "alarm": outbox.is_alarming()},
            "backlog": [
                {
                    "lane": backlog.lane.name.lower(),
                    "rows": backlog.rows,
                    "age_seconds": None if backlog.oldest is None else now - backlog.oldest,
                }
                for backlog in batches.backlog()
            ],
            "refused_batches": len(batches.refused()),
            "documents": {"frozen": 0, "accepted": 0, "refused": 0} | Documents(outbox).counts(),
            "buses": {bus: self._bus_value(bus, now) for bus in sorted({m.bus for m in self.meters.values()})},
            "refusals": [
                {"at": format_second(at), "bus": bus, "meter": meter, "reason": reason, "text": text}
                for at, bus, meter, reason, text in Notebook(outbox).refusals(20)
            ],
        }

    def _bus_value(self, bus: str, now: int) -> dict[str, object]:
        meters = [meter for meter in self.meters.values() if meter.bus == bus]
        return {
            "errors": sum(meter.errors for meter in meters),
            "stale": sum(meter.is_stale(now) for meter in meters),
            "meters": [
                {
                    "name": meter.name,
                    "meter": meter.meter,
                    "last_read": None if meter.last_read is None else format_second(meter.last_read),
                    "age_seconds": None if meter.last_read is None else now - meter.last_read,
                    "stale": meter.is_stale(now),
                    "clock_ahead_seconds": None if meter.deviation is None else round(meter.deviation, 1),
                    "locked": meter.is_locked,
                    "errors": meter.errors,
                    "last_error": meter.last_error,
                }
                for meter in meters
            ],
        }
