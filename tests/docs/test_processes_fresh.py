"""The pages in docs/processes are drawn from the tables the hub runs (GW-2); `gridpost draw` writes them anew."""

from __future__ import annotations

from pathlib import Path

from gateway.processes.draw import draw_all

PAGES = Path(__file__).resolve().parents[2] / "docs" / "processes"


def test_the_drawn_processes_are_fresh() -> None:
    drawn = {path.name: path.read_text(encoding="utf-8") for path in PAGES.glob("*.md")}
    assert drawn == draw_all(), "stale: run `gridpost draw`"
